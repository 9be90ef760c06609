"Parts of somebody else's package train, are saved, come back, and are missed where they are not installed"
import json, shutil, subprocess, sys

import pytest
from conftest import environment, root, said


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    "A folder in which the third party's package is installed"
    target = tmp_path_factory.mktemp('site')
    source = shutil.copytree(root/'tests'/'third_party', tmp_path_factory.mktemp('source')/'their_avatar')  # building leaves traces
    result = subprocess.run([sys.executable, '-m', 'pip', 'install', '--no-deps', '--no-build-isolation', '--disable-pip-version-check',
                             '--quiet',
                             '--target', target, source], capture_output=True, text=True, env=environment(), timeout=300)
    assert result.returncode == 0, said(result)
    return target


def gha_nb(*args, site=None):
    "The command line, in a process that finds what is installed in a folder"
    return subprocess.run([sys.executable, '-c', 'import sys; from gha_nb.app import main; sys.exit(main())', *map(str, args)],
                          capture_output=True,
                          text=True, timeout=300, env=environment(**({} if site is None else {'PYTHONPATH': str(site)})))


@pytest.fixture(scope='module')
def run(site, ball, tmp_path_factory):
    "A run with the third party's generator, loss term and start"
    out = tmp_path_factory.mktemp('third')/'run'
    result = gha_nb('train', ball, '--out', out, '--preset', 'tiny', '--steps', '12', '--init', 'ball',
                    '--set', 'generator=few_bases', 'generator.bases=3', 'losses.small=0.1', site=site)
    assert result.returncode == 0, said(result)
    return out


def test_a_package_brings_parts(run):
    about, avatar = (json.loads((run/o).read_text()) for o in ('run.json', 'avatar.json'))
    assert about['preset']['generator'] == dict(part='few_bases', features=16, channels=8, bases=3)
    assert about['parts']['generator'] == 'their_avatar.parts.Linear' and about['parts']['loss.small'] == 'their_avatar.parts.small'
    assert about['init'] == 'ball' and avatar['config']['generator']['part'] == 'few_bases'
    lines = [json.loads(o) for o in (run/'log.jsonl').read_text().splitlines()]
    assert all(o['small'] > 0 for o in lines)


def test_its_avatar_is_loaded_where_the_package_is(run, ball, site):
    result = gha_nb('evaluate', run, ball, '--json', site=site)
    assert result.returncode == 0, said(result)
    result = gha_nb('train', ball, '--out', run, '--preset', 'tiny', '--steps', '14', '--init', 'ball', '--resume',
                    '--set', 'generator=few_bases', 'generator.bases=3', 'losses.small=0.1', site=site)
    assert result.returncode == 0 and 'resumed at step 12' in result.stdout, said(result)


def test_and_missed_where_it_is_not(run, ball, tmp_path):
    result = gha_nb('evaluate', run, ball)
    assert result.returncode == 1 and "no generator is called 'few_bases'" in result.stderr, said(result)
    assert 'their_avatar.parts.Linear' in result.stderr, said(result)
    result = gha_nb('train', ball, '--out', tmp_path/'no', '--preset', 'tiny', '--steps', '2', '--set', 'generator=few_bases')
    assert result.returncode == 1 and "no generator is called 'few_bases'" in result.stderr and not (tmp_path/'no').exists(), said(result)


def test_a_package_that_cannot_be_imported_is_named(ball, tmp_path):
    folder = tmp_path/'site'/'broken-1.0.dist-info'
    folder.mkdir(parents=True)
    (folder/'METADATA').write_text('Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n')
    (folder/'entry_points.txt').write_text('[gha_nb.parts]\nbroken = broken_parts\n')
    (tmp_path/'site'/'broken_parts.py').write_text('import no_such_module')
    result = gha_nb('train', ball, '--out', tmp_path/'no', '--preset', 'tiny', '--steps', '2', '--set', 'generator=other',
                    site=tmp_path/'site')
    assert result.returncode == 1 and 'the package broken registers parts' in result.stderr, said(result)
    assert 'no_such_module' in result.stderr, said(result)


class StopAt:
    "Ctrl-C after a step"
    def __init__(self, step): self.step_to_stop = step
    def on_step(self, run, *rest):
        if run.step == self.step_to_stop: raise KeyboardInterrupt


@pytest.mark.parametrize('name', ['linear', 'rigged'])
def test_other_ways_of_moving_train(name, ball, tmp_path):
    "The two other generators: through both stages, saved and loaded; a rig comes through an interruption, a linear one is baked as it is"
    import torch
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.export.baking import linear_head
    from gha_nb.training.presets import find_preset
    from gha_nb.training.training import train
    from gha_nb.viewer.inspector import strongest_expressions
    capture, preset = Capture.read(ball), find_preset('tiny').changed(f'generator={name}')
    avatar = train(capture, tmp_path/'whole', preset, steps=10, callbacks=[StopAt(7)] if name == 'rigged' else ())
    if name == 'rigged': avatar = train(capture, tmp_path/'whole', preset, steps=10, resume=True)
    again, frame = HeadAvatar.load(tmp_path/'whole'), capture.frames[-1]
    for k, v in again.state_dict().items(): assert torch.equal(v, avatar.state_dict()[k].cpu()), k
    view = capture.camera(frame, capture.cameras[0]).scaled_to(*again.resolution)
    assert torch.equal(again.render(view, *capture.tracking(frame)), avatar.eval().render(view, *capture.tracking(frame)))
    assert (again.canonical(capture.expression(frame)).means - again.canonical().means).norm(dim=1).max() > .01  # the ball grows
    assert max(strongest_expressions(again, 0).values()) > 0
    if name == 'rigged': assert len(again.generator.faces) and len(again.generator.parents) == len(again)
    else:
        baked, seen = linear_head(again, capture, capture.n_expressions + 6, 40), capture.tracking(capture.split.train_frames[1])
        assert (baked.canonical(*seen).means - again.canonical(*seen).means).norm(dim=1).max() < .004


def test_a_rig_needs_a_mesh(ball, tmp_path):
    from gha_nb.capture.capture import Capture
    from gha_nb.core import GhaError
    from gha_nb.training.presets import find_preset, with_start
    from gha_nb.training.training import train
    preset = with_start(find_preset('tiny').changed('generator=rigged'), 'cloud')
    with pytest.raises(GhaError, match='needs a mesh that moves'): train(Capture.read(ball), tmp_path/'no', preset, steps=4)
