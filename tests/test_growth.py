"Gaussians that come later, in whole trainings: stopped between two rounds, with a generator that knows single points, and on screen"
import json

import pytest
import torch

from gha_nb.capture.capture import demo_capture
from gha_nb.training.presets import PRESETS
from gha_nb.training.training import train

small = PRESETS['tiny'].changed('points=600', 'stages.gaussians.grown=0.5', 'stages.gaussians.color_steps=10', 'checkpoint_every=1000')


class Stop:
    "Ends a run after some steps, and remembers how many Gaussians there were."
    def __init__(self, step=None): self.at, self.seen = step, []
    def on_step(self, run):
        self.seen.append(len(run.avatar))
        if run.step == self.at: run.request_stop()


def test_a_stopped_run_grows_alike(tmp_path):
    capture, watch = demo_capture(), Stop()
    options = dict(preset=small, steps=40, init='cloud', progress=False)
    whole = train(capture, tmp_path/'whole', callbacks=(watch,), **options)
    assert [watch.seen[0], *dict.fromkeys(watch.seen[1:])][-5:] == [300, 375, 450, 525, 600]
    train(capture, tmp_path/'parts', callbacks=(Stop(10),), **options)
    assert len(type(whole).load(tmp_path/'parts')) == 450
    other = train(capture, tmp_path/'parts', resume=True, **options)
    assert json.loads((tmp_path/'parts'/'run.json').read_text())['n_gaussians'] == 600
    for (name, a), b in zip(whole.state_dict().items(), other.state_dict().values()): assert torch.equal(a, b), name


@pytest.mark.parametrize('generator', ['rigged', 'linear'])
def test_generators_grow(tmp_path, generator):
    preset = small.changed(f'generator={generator}')
    if generator == 'rigged': preset = preset.changed(f'generator.features={(c := preset.generator.channels)}', f'generator.channels={c}')
    avatar = train(demo_capture(), tmp_path/'run', preset=preset, steps=30, progress=False)
    assert len(avatar) == 600 and torch.isfinite(avatar.means).all()
    capture = demo_capture()
    again = type(avatar).load(tmp_path/'run')
    camera = capture.camera(capture.frames[0], capture.cameras[0]).scaled_to(*avatar.resolution)
    pictures = [a.render(camera, *capture.tracking(capture.frames[0])) for a in (avatar, again)]
    assert torch.equal(*pictures) and pictures[0].std() > .01
