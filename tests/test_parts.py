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
                    '--set', 'generator=linear', 'generator.bases=3', 'losses.small=0.1', site=site)
    assert result.returncode == 0, said(result)
    return out


def test_a_package_brings_parts(run):
    about, avatar = (json.loads((run/o).read_text()) for o in ('run.json', 'avatar.json'))
    assert about['preset']['generator'] == dict(part='linear', features=16, channels=8, bases=3)
    assert about['parts']['generator'] == 'their_avatar.parts.Linear' and about['parts']['loss.small'] == 'their_avatar.parts.small'
    assert about['init'] == 'ball' and avatar['config']['generator']['part'] == 'linear'
    lines = [json.loads(o) for o in (run/'log.jsonl').read_text().splitlines()]
    assert all(o['small'] > 0 for o in lines)


def test_its_avatar_is_loaded_where_the_package_is(run, ball, site):
    result = gha_nb('evaluate', run, ball, '--json', site=site)
    assert result.returncode == 0, said(result)
    result = gha_nb('train', ball, '--out', run, '--preset', 'tiny', '--steps', '14', '--init', 'ball', '--resume',
                    '--set', 'generator=linear', 'generator.bases=3', 'losses.small=0.1', site=site)
    assert result.returncode == 0 and 'resumed at step 12' in result.stdout, said(result)


def test_and_missed_where_it_is_not(run, ball, tmp_path):
    result = gha_nb('evaluate', run, ball)
    assert result.returncode == 1 and "no generator is called 'linear'" in result.stderr, said(result)
    assert 'their_avatar.parts.Linear' in result.stderr, said(result)
    result = gha_nb('train', ball, '--out', tmp_path/'no', '--preset', 'tiny', '--steps', '2', '--set', 'generator=linear')
    assert result.returncode == 1 and "no generator is called 'linear'" in result.stderr and not (tmp_path/'no').exists(), said(result)


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
