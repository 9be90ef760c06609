"Somebody else's data set, from its folder to an avatar, without copying it"
import json

import numpy as np
import pytest
from conftest import gha, said
from PIL import Image

from gha_nb.capture.capture import Capture
from gha_nb.core import CaptureError, GhaError, load_settings
from gha_nb.readers.layouts import layout_names, read_recording


@pytest.fixture(scope='module')
def detector():
    "The face detector and the parametric head, or a reason to skip"
    from gha_nb.tracking.models import find_model
    pytest.importorskip('mediapipe', reason='readers that complete a data set need mediapipe and anny')
    pytest.importorskip('anny', reason='readers that complete a data set need mediapipe and anny')
    try: return find_model('face_landmarker')
    except GhaError as error: pytest.skip(f'data sets are not completed here: {error}')


@pytest.fixture(scope='module')
def folder(demo, tmp_path_factory):
    "The demo as VHAP would export it, without what only this toolkit has"
    capture, path = Capture.read(demo, check=False), tmp_path_factory.mktemp('sets')/'Ö person 1'
    frames, cameras = capture.frames[:3], ['02', '07', '09']
    listed = []
    for kind in ('images', 'fg_masks', 'flame_param'): (path/kind).mkdir(parents=True)
    for t, f in enumerate(frames):
        expression = capture.expression(f).numpy()
        np.savez(path/'flame_param'/f'{t:05d}.npz', expr=np.r_[expression, np.zeros(48)][None], jaw_pose=np.full((1, 3), .1*t),
                 translation=np.zeros((1, 3)))
        for c in cameras:
            view, name = capture.view(f, c), f'{t:05d}_{c}.png'
            Image.fromarray(view.image.numpy()).save(path/'images'/name, compress_level=1)
            Image.fromarray(view.mask.numpy()).save(path/'fg_masks'/name, compress_level=1)
            pose = np.linalg.inv(view.camera.world_to_camera.double().numpy())
            pose[:3, 1:3] *= -1
            K = view.camera.K.double().numpy()
            listed.append(dict(file_path=f'images\\{name}', fg_mask_path=f'fg_masks/{name}', flame_param_path=f'flame_param/{t:05d}.npz',
                               timestep_index=t, camera_index=int(c), transform_matrix=pose.tolist(), fl_x=K[0, 0], fl_y=K[1, 1],
                               cx=K[0, 2], cy=K[1, 2], w=view.camera.width, h=view.camera.height))
    (path/'transforms.json').write_text(json.dumps(dict(frames=listed)))
    return path


def test_training_in_place(detector, folder, tmp_path):
    "check, train and evaluate take the folder as it is, and leave it as it was"
    before = {o: o.stat().st_mtime_ns for o in folder.rglob('*')}
    (tmp_path/'cache').mkdir()
    (tmp_path/'cache'/'kernels').symlink_to(load_settings().cache.expanduser()/'kernels')  # they are not compiled anew
    env = dict(GHA_NB_CACHE=str(tmp_path/'cache'), GHA_NB_MODELS=str(detector.parent))
    result = gha('check', folder, **env)
    assert result.returncode == 0 and 'layout vhap: 3 frames x 3 cameras' in result.stdout + result.stderr, said(result)
    result = gha('train', folder, '--out', tmp_path/'run', '--preset', 'tiny', '--init', 'cloud', '--steps', '4', **env)
    assert result.returncode == 0, said(result)
    result = gha('evaluate', tmp_path/'run', folder, '--split', 'all', **env)
    assert result.returncode == 0, said(result)
    avatar = json.loads((tmp_path/'run'/'avatar.json').read_text())
    names = json.dumps(avatar)
    assert 'expr_0' in names and 'jaw_002' in names and 'expr_099' not in names  # what never moves is no coefficient
    assert {o: o.stat().st_mtime_ns for o in folder.rglob('*')} == before
    result = gha('convert', folder, '--out', tmp_path/'converted', '--frames', '2', **env)
    assert result.returncode == 0, said(result)
    assert gha('check', tmp_path/'converted').returncode == 0 and len(Capture.read(tmp_path/'converted').frames) == 2


def test_damaged_folders(folder, tmp_path):
    "Each names the file and what to do"
    known = 'vhap insta nerfstudio imavatar flashavatar nersemble nersemble_benchmark multiface ava256 colmap plain'
    assert set(known.split()) <= set(layout_names())
    with pytest.raises(CaptureError, match='no such folder'): read_recording(tmp_path/'nowhere')
    (tmp_path/'a').mkdir()
    for text, says in (('{', 'transforms.json cannot be read'), ('{"frames": [{}]}', 'not a list of objects with a file_path'),
                       ('{"frames": [{"file_path": "x.png"}]}', 'x.png: the picture is missing')):
        (tmp_path/'a'/'transforms.json').write_text(text)
        with pytest.raises(CaptureError, match=says): read_recording(tmp_path/'a')
    recording = read_recording(folder, 'vhap')
    assert recording.frames == ['00000', '00001', '00002'] and recording.cameras == ['2', '7', '9']
    result = gha('convert', folder, '--layout', 'insta', '--out', tmp_path/'run')
    assert result.returncode == 1 and 'does not look like the layout insta' in result.stderr, said(result)
