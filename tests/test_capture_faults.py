"Faults planted in a capture, one by one and many together: exactly those are named, and nothing that is right"
import json, os, shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from gha_nb.capture.capture import Capture
from gha_nb.capture.check import check_capture
from gha_nb.capture.contradictions import canonical, flipped, inverted
from gha_nb.core import CaptureError
from gha_nb.capture.layout import camera_file, params_file, picture_file, points_file, read_camera
from gha_nb.capture.writer import record_ball

frames, cameras = [f'{i:04d}' for i in range(8)], ['cam0', 'cam1', 'cam2']


@pytest.fixture(scope='module')
def good(tmp_path_factory):
    top = record_ball(tmp_path_factory.mktemp('good')/'ball', frames=8, cameras=3, size=32)
    for frame in frames:  # one camera says where it must not be judged
        Image.new('L', (32, 32), 255).save(top/picture_file('visible', frame, 'cam1'))
    return top


@pytest.fixture
def top(good, tmp_path): return Path(shutil.copytree(good, tmp_path/'ball'))


def named(problems): return {(p.frame, p.camera, p.file) for p in problems}


def rewrite(file, **arrays):
    with np.load(file) as old: arrays = dict(old) | arrays
    np.savez(file, **{k: v for k, v in arrays.items() if v is not None})


def changed(file, key, change):
    with np.load(file) as old: rewrite(file, **{key: change(old[key].copy())})


def put(array, index, value):
    array[index] = value
    return array


# A fault of a view is planted at (frame, camera), a fault of a frame at (frame, None); each function returns the file at fault

def of_picture(kind, damage, lowres=False):
    def plant(top, frame, camera):
        if kind == 'visible' and not (top/picture_file(kind, frame, camera)).exists():
            Image.new('L', (32, 32), 255).save(top/picture_file(kind, frame, camera))
        damage(top/picture_file(kind, frame, camera, lowres))
        return picture_file(kind, frame, camera, lowres)
    return plant


def of_camera(change):
    def plant(top, frame, camera):
        change(top/camera_file(frame, camera))
        return camera_file(frame, camera)
    return plant


def of_frame(file, change):
    def plant(top, frame, camera):
        change(top/file(frame))
        return file(frame)
    return plant


def cut(part): return lambda file: file.write_bytes(file.read_bytes()[:int(len(file.read_bytes())*part)])
def remove(file): file.unlink()
def empty(file): file.write_bytes(b'')
def text(file): file.write_text('no picture, and no array')
def zeros(file): file.write_bytes(file.read_bytes()[:len(file.read_bytes())//2] + bytes(len(file.read_bytes()) - len(file.read_bytes())//2))
def size(*wh): return lambda file: Image.new('L', wh, 255).save(file)
def black(file): Image.new('L', Image.open(file).size, 0).save(file)


def folder(file):
    file.unlink()
    file.mkdir()


def archive(file):
    array = np.load(file)
    with file.open('wb') as f: np.savez(f, array=array)


def look_away(E): return np.diag([-1.0, 1, -1, 1])[:3, :3] @ E


def landmark_behind(top, frame, camera):
    seen = read_camera(top/camera_file(frame, camera), 32, 32)
    file = points_file('lmk_3d', frame)
    behind = seen.center - 0.05*seen.world_to_camera[2, :3]
    np.save(top/file, put(np.load(top/file), 7, behind.numpy()))
    return file


def whole_view(top, frame, camera):
    for file in (*(picture_file(kind, frame, camera, low) for kind in ('image', 'mask', 'visible') for low in (False, True)),
                 camera_file(frame, camera)):
        (top/file).unlink(missing_ok=True)
    return picture_file('image', frame, camera)


def lmk(frame): return points_file('lmk_3d', frame)
def vertices(frame): return points_file('vertices', frame)


of_views = {
    'image missing': of_picture('image', remove), 'image truncated': of_picture('image', cut(.6)),
    'image truncated at its end': of_picture('image', cut(.98)),
    'image header only': of_picture('image', cut(.05)), 'image empty file': of_picture('image', empty),
    'image is text': of_picture('image', text),
    'image zero tail': of_picture('image', zeros), 'image of another size': of_picture('image', size(16, 16)),
    'image is a folder': of_picture('image', folder),
    'mask missing': of_picture('mask', remove), 'mask truncated': of_picture('mask', cut(.7)),
    'mask of another size': of_picture('mask', size(32, 16)),
    'mask empty': of_picture('mask', black),
    'visible truncated': of_picture('visible', cut(.7)), 'visible of another size': of_picture('visible', size(64, 64)),
    'lowres image truncated': of_picture('image', cut(.7), True), 'lowres mask of another size': of_picture('mask', size(20, 20), True),
    'camera missing': of_camera(remove), 'camera is text': of_camera(text), 'camera truncated': of_camera(cut(.5)),
    'camera empty file': of_camera(empty),
    'camera without extrinsic': of_camera(lambda f: rewrite(f, extrinsic=None)),
    'camera sheared': of_camera(lambda f: changed(f, 'extrinsic', lambda E: put(E, (0, 1), .3))),
    'camera scaled': of_camera(lambda f: changed(f, 'extrinsic', lambda E: 1000*E)),
    'camera mirrored': of_camera(lambda f: changed(f, 'extrinsic', lambda E: np.diag([-1, 1, 1])@E)),
    'camera with NaN': of_camera(lambda f: changed(f, 'extrinsic', lambda E: put(E, (0, 3), np.nan))),
    'camera looks away': of_camera(lambda f: changed(f, 'extrinsic', look_away)),
    'camera of OpenGL': of_camera(lambda f: changed(f, 'extrinsic', lambda E: np.diag([1, -1, -1])@E)),
    'camera of the wrong shape': of_camera(lambda f: changed(f, 'extrinsic', lambda E: E[:, :3])),
    'intrinsics with NaN': of_camera(lambda f: changed(f, 'intrinsic', lambda K: put(K, (0, 0), np.nan))),
    'intrinsics of a larger picture': of_camera(lambda f: changed(f, 'intrinsic', lambda K: np.diag([4, 4, 1])@K)),
    'intrinsics of a smaller picture': of_camera(lambda f: changed(f, 'intrinsic', lambda K: np.diag([.3, .3, 1])@K)),
    'landmark behind a camera': landmark_behind, 'whole view missing': whole_view,
}
of_frames = {
    'params missing': of_frame(params_file, remove), 'params are text': of_frame(params_file, text),
    'params truncated': of_frame(params_file, cut(.6)),
    'NaN in the pose': of_frame(params_file, lambda f: changed(f, 'pose', lambda p: put(p, (0, 2), np.nan))),
    'pose of the wrong shape': of_frame(params_file, lambda f: rewrite(f, pose=np.zeros((1, 7)))),
    'no pose': of_frame(params_file, lambda f: rewrite(f, pose=None)),
    'scale zero': of_frame(params_file, lambda f: rewrite(f, scale=np.zeros(1))),
    'scale in millimetres': of_frame(params_file, lambda f: changed(f, 'scale', lambda s: s/1000)),
    'infinite expression': of_frame(params_file, lambda f: rewrite(f, exp_coeff=np.array([[np.inf, 0]]))),
    'mixed expression lengths': of_frame(params_file, lambda f: rewrite(f, exp_coeff=np.zeros((1, 5)))),
    'expression of objects': of_frame(params_file, lambda f: rewrite(f, exp_coeff=np.array([{}, None], object))),
    'expression of words': of_frame(params_file, lambda f: rewrite(f, exp_coeff=np.array(['jawOpen']))),
    'landmarks missing': of_frame(lmk, remove), 'landmarks are no array': of_frame(lmk, text),
    'landmarks truncated': of_frame(lmk, cut(.5)),
    'landmarks in 2D': of_frame(lmk, lambda f: np.save(f, np.load(f)[:, :2])),
    'landmarks with NaN': of_frame(lmk, lambda f: np.save(f, put(np.load(f), (3, 1), np.nan))),
    'fewer landmarks': of_frame(lmk, lambda f: np.save(f, np.load(f)[:51])),
    'landmarks pickled': of_frame(lmk, lambda f: np.save(f, np.array([{}], object))),
    'landmarks are an archive': of_frame(lmk, archive),
    'vertices missing': of_frame(vertices, remove), 'fewer vertices': of_frame(vertices, lambda f: np.save(f, np.load(f)[::2])),
    'vertices with infinity': of_frame(vertices, lambda f: np.save(f, put(np.load(f), 0, np.inf))),
}


def test_nothing_is_wrong_with_a_good_capture(good):
    assert check_capture(good) == []
    assert check_capture(str(good), workers=1) == []


@pytest.mark.parametrize('fault', of_views)
def test_fault_of_a_view(fault, top):
    file = of_views[fault](top, '0003', 'cam2')
    problems = check_capture(top)
    assert named(problems) == {('0003', 'cam2', file)} and len(problems) == 1, problems
    assert problems[0].problem and problems[0].fix and '\n' not in str(problems[0]) and str(top) not in str(problems[0])
    json.dumps([asdict(p) for p in problems])


@pytest.mark.parametrize('fault', of_frames)
def test_fault_of_a_frame(fault, top):
    file = of_frames[fault](top, '0005', None)
    problems = check_capture(top)
    assert named(problems) == {('0005', None, file)} and len(problems) == 1, problems
    with pytest.raises(CaptureError, match='1 problem: frame 0005'): Capture.read(top)
    assert Capture.read(top, drop=['0005']).frames == [f for f in frames if f != '0005']


@pytest.mark.parametrize('seed', range(12))
def test_many_faults_at_once(seed, top):
    "A fault in every frame but three, drawn at random: all are named in one go, and no more"
    rng = np.random.default_rng(seed)
    planted = set()
    for frame in rng.permutation(frames)[:5].tolist():
        if rng.random() < .4:
            fault = rng.choice(list(of_frames))
            planted.add((frame, None, of_frames[fault](top, frame, None)))
        else:
            fault, camera = rng.choice(list(of_views)), str(rng.choice(cameras))
            planted.add((frame, camera, of_views[fault](top, frame, camera)))
    assert named(check_capture(top)) == planted
    with pytest.raises(CaptureError) as refused: Capture.read(top)
    assert str(refused.value).startswith('ball: 5 problems: frame ') and len(refused.value.problems) == 5


@pytest.mark.parametrize('seed', range(8))
def test_random_bytes_raise_nothing(seed, top):
    "Whatever stands in a file, the check ends, and blames no other frame"
    rng = np.random.default_rng(seed)
    files = [f for f in sorted(top.rglob('*')) if f.is_file() and '0004' in f.parts]
    for file in rng.permutation(files)[:6]:
        data = bytearray(Path(file).read_bytes())
        for _ in range(int(rng.integers(1, 30))): data[rng.integers(len(data))] = rng.integers(256)
        Path(file).write_bytes(data[:rng.integers(1, len(data) + 1)])
    problems = check_capture(top)
    assert {p.frame for p in problems} <= {'0004'}, problems
    json.dumps([asdict(p) for p in problems])


# ---- folders


@pytest.mark.parametrize('folder', ['images', 'cameras', 'params'])
@pytest.mark.parametrize('way', ['missing', 'a file', 'unreadable'])
def test_folder_of_a_frame_is_one_problem(folder, way, top, monkeypatch):
    bad = top/folder/'0002'
    if way != 'unreadable': shutil.rmtree(bad)
    if way == 'a file': bad.write_text('')
    if way == 'unreadable': refuse_to_list(bad, monkeypatch)
    problems = check_capture(top)
    assert named(problems) == {('0002', None, f'{folder}/0002')} and len(problems) == 1, problems


@pytest.mark.parametrize('folder', ['images', 'cameras', 'params'])
@pytest.mark.parametrize('way', ['missing', 'a file', 'unreadable'])
def test_folder_of_all_frames_is_one_problem(folder, way, top, monkeypatch):
    if way != 'unreadable': shutil.rmtree(top/folder)
    if way == 'a file': (top/folder).write_text('')
    if way == 'unreadable': refuse_to_list(top/folder, monkeypatch)
    problems = check_capture(top)
    assert named(problems) == {(None, None, folder)} and len(problems) == 1, problems


def refuse_to_list(folder, monkeypatch):
    "What the system says to a user without the right (tests may run as root, who has every right)"
    iterdir = Path.iterdir
    def refusing(self):
        if self == folder: raise PermissionError(13, 'Permission denied', str(self))
        return iterdir(self)
    monkeypatch.setattr(Path, 'iterdir', refusing)


@pytest.mark.skipif(not hasattr(os, 'geteuid') or os.geteuid() == 0, reason='root reads everything')
def test_rights(top):
    (top/'images/0001').chmod(0)
    (top/params_file('0002')).chmod(0)
    try: assert named(check_capture(top)) == {('0001', None, 'images/0001'), ('0002', None, params_file('0002'))}
    finally: (top/'images/0001').chmod(0o755)


def test_no_capture_at_all(tmp_path, good):
    (tmp_path/'file').write_text('')
    (tmp_path/'parts/images').mkdir(parents=True), (tmp_path/'parts/cameras').mkdir(), (tmp_path/'parts/params').mkdir()
    for path in (tmp_path/'nowhere', tmp_path/'file', tmp_path, tmp_path/'parts'):
        assert [(p.frame, p.camera, p.file) for p in check_capture(path)] == [(None, None, '')]
        with pytest.raises(CaptureError, match='1 problem: the capture: '): Capture.read(path)
        with pytest.raises(CaptureError): Capture.read(path, check=False)


def test_strangers_are_no_frames(top):
    for file in ('images/Thumbs.db', 'params/notes.txt', 'images/.DS_Store', 'images/0000/.image_cam0.jpg.swp', 'README'):
        (top/file).write_text('')
    (top/'images/.ipynb_checkpoints').mkdir()
    assert check_capture(top) == []


# ---- what the layout leaves open


def test_what_may_be_missing(top):
    for pattern in ('visible_*', '*_lowres_*', 'vertices.npy'):
        for file in top.rglob(pattern): file.unlink()
    (top/'split.json').unlink()
    assert check_capture(top) == []
    capture = Capture.read(top)
    assert (capture.split.test_frames, capture.split.test_cameras) == (['0007'], ['cam1'])
    assert (capture.lowres_size, capture.vertices('0000')) == (None, None)
    assert capture.targets('0000', 'cam0', 16)[2].min() == 1


def test_shapes_that_are_as_good(top):
    for frame in frames:
        changed(top/params_file(frame), 'pose', lambda a: a[0])
        changed(top/params_file(frame), 'scale', lambda a: a[None])
        changed(top/params_file(frame), 'exp_coeff', lambda a: a[0].astype(np.float64))
        rewrite(top/params_file(frame), id_coeff=np.zeros((1, 3)), name=np.array('anything'))
        for camera in cameras: changed(top/camera_file(frame, camera), 'extrinsic', lambda E: np.concatenate([E, [[0, 0, 0, 1]]]))
    capture = Capture.read(top)
    assert (capture.pose('0001').shape, capture.scale('0001').shape, capture.expression('0001').shape) == ((6,), (), (2,))


def test_cameras_may_move(top):
    changed(top/camera_file('0003', 'cam0'), 'extrinsic', lambda E: put(E, (0, 3), E[0, 3] + .01))
    capture = Capture.read(top)
    still, moved = capture.camera('0002', 'cam0').center, capture.camera('0003', 'cam0').center
    assert abs((still - moved).norm() - .01) < 1e-5


def test_a_camera_with_pictures_but_no_file(top):
    for frame in frames: (top/camera_file(frame, 'cam1')).unlink()
    assert named(check_capture(top)) == {(f, 'cam1', camera_file(f, 'cam1')) for f in frames}


def test_landmarks_nobody_tracked(top):
    for frame in frames: (top/lmk(frame)).unlink()
    assert [(p.frame, p.file) for p in check_capture(top)] == [(None, 'params')]


# ---- the split


def split(top, **said):
    old = json.loads((top/'split.json').read_text())
    (top/'split.json').write_text(json.dumps({k: v for k, v in (old | said).items() if v is not None}))


@pytest.mark.parametrize('said, frame, camera', [
    (dict(test_frames=['0007', '0099']), '0099', None), (dict(test_cameras=['cam1', 'left']), None, 'left'),
    (dict(cameras=['cam0', 'cam1', 'cam2', 'cam9']), None, 'cam9'), (dict(cameras=['cam0', 'cam2']), None, 'cam1'),
    (dict(test_frames=['0000', '0007']), '0000', None), (dict(train_cameras=['cam0', 'cam1']), None, 'cam1'),
    (dict(val_frames=['0001']), None, None), (dict(validation=['0001']), None, None),
    (dict(train_frames=[], test_frames=['0007']), None, None),
    (dict(train_frames='0000'), None, None), (dict(test_frames=[7]), None, None), (dict(expression_names=['grow']), None, None),
    (dict(expression_names=['grow', 'grow']), None, None), (dict(resolution=512), None, None)])
def test_fault_of_the_split(said, frame, camera, top):
    split(top, **said)
    problems = check_capture(top)
    assert named(problems) == {(frame, camera, 'split.json')} and len(problems) == 1, problems
    with pytest.raises(CaptureError): Capture.read(top)


@pytest.mark.parametrize('content', [b'', b'{', b'[1, 2]', b'\xff\xfe\x00', b'null', b'{"train_frames": null}'])
def test_split_that_is_none(content, top):
    (top/'split.json').write_bytes(content)
    problems = check_capture(top)
    assert named(problems) == {(None, None, 'split.json')} and len(problems) == 1, problems


def test_split_that_says_less_or_more(top):
    split(top, train_frames=None, cameras=None, expression_names=None, resolution=32, convention='as ever', takes=[1, 2], frames=8)
    assert check_capture(top) == []
    capture = Capture.read(top)
    assert capture.split.train_frames == frames[:-1] and capture.expression_names == ['expression_000', 'expression_001']


def test_all_of_it_together_with_the_split(top):
    files = {of_views['image missing'](top, '0000', 'cam0'), of_views['mask empty'](top, '0000', 'cam1'),
             of_views['camera mirrored'](top, '0000', 'cam1'),
             of_frames['NaN in the pose'](top, '0000', None), of_frames['landmarks are no array'](top, '0000', None), 'split.json'}
    split(top, test_frames=['0007', 'x'], test_cameras=['y'])
    assert {p.file for p in check_capture(top)} == files
    assert {p.frame for p in check_capture(top)} == {'0000', 'x', None}


def test_two_faults_of_one_file_are_two_problems(top):
    rewrite(top/params_file('0001'), pose=np.full(6, np.nan), exp_coeff=np.zeros(9))
    changed(top/camera_file('0001', 'cam0'), 'intrinsic', lambda K: np.nan*K)
    changed(top/camera_file('0001', 'cam0'), 'extrinsic', lambda E: 2*E)
    assert [(p.file, p.problem.split()[0]) for p in check_capture(top)] == [
        (params_file('0001'), 'pose'), (params_file('0001'), '9'), (camera_file('0001', 'cam0'), 'intrinsic'),
        (camera_file('0001', 'cam0'), 'pose')]


def test_reading_lists_the_capture_once(top, monkeypatch):
    "Checking and opening share what was found in the folders and in split.json"
    from gha_nb.capture import capture, check
    asked = []
    for module in (capture, check):
        for name in ('list_capture', 'read_split'):
            old = getattr(module, name)
            monkeypatch.setattr(module, name, lambda *args, old=old, name=name: (asked.append(name), old(*args))[1])
    assert Capture.read(top).split.test_frames == ['0007']
    assert sorted(asked) == ['list_capture', 'read_split']
    del asked[:]
    Capture.read(top, check=False)
    assert sorted(asked) == ['list_capture', 'read_split']


# ---- files that are in order, and contradict each other


def all_of(pattern, change):
    def plant(top):
        for file in sorted(top.glob(pattern)): change(file)
    return plant


def redrawn(kind, change, camera='*'):
    def plant(file):
        picture = change(np.asarray(Image.open(file)))
        Image.fromarray(picture).save(file, quality=95)
    return all_of(f'images/*/{kind}_{camera}.jpg', plant)


def cameras_of(key, change, camera='*'): return all_of(f'cameras/*/camera_{camera}.npz', lambda f: changed(f, key, lambda m: change(m[:3])))
def all_params(key, change): return all_of('params/*/params.npz', lambda f: changed(f, key, change))


def points_of(kind, change):
    def plant(file):
        with np.load(file.parent/'params.npz') as o: pose, scale = o['pose'].reshape(6), o['scale'].item()
        np.save(file, change(np.load(file), pose, scale))
    return all_of(f'params/*/{kind}.npy', plant)


def late(top):
    files = sorted(top.glob('params/*/params.npz'))
    for file, data in zip(files[:0:-1], [f.read_bytes() for f in files[-2::-1]]): file.write_bytes(data)


def resized_picture(top):
    "What one does who is told that pictures need one size: one camera's pictures were twice as large, and K stayed"
    cameras_of('intrinsic', lambda K: np.diag([2, 2, 1])@K, 'cam2')(top)


rng = np.random.default_rng(0)
contradictions = {
    'K of another size': (cameras_of('intrinsic', lambda K: np.diag([.7, .7, 1])@K), 'cameras', 'K[:2] *= 1.4'),
    'one camera resized': (resized_picture, 'cam2', 'K[:2] *= 0.5'),
    'camera to world': (cameras_of('extrinsic', inverted), 'cameras', 'np.linalg.inv'),
    'axes of OpenGL': (cameras_of('extrinsic', flipped), 'cameras', 'E[1:3] *= -1'),
    'as transforms.json': (cameras_of('extrinsic', lambda E: inverted(flipped(E))), 'cameras', 'E[:, 1:3] *= -1'),
    'position for translation': (cameras_of('extrinsic', lambda E: np.c_[E[:, :3], -E[:, :3].T@E[:, 3]]), 'cameras', '-E[:3, :3] @'),
    'cameras in millimetres': (cameras_of('extrinsic', lambda E: np.c_[E[:, :3], 1000*E[:, 3]]), 'cameras', '/= 1000'),
    'masks inverted': (redrawn('mask', lambda m: 255 - m), 'mask', '255 - mask'),
    'masks white': (redrawn('mask', lambda m: m | 255), 'mask', 'mask the head again'),
    'masks of noise': (redrawn('mask', lambda m: rng.integers(0, 256, m.shape, np.uint8)), 'mask', 'mask the head again'),
    'masks of 0 and 128': (redrawn('mask', lambda m: m//2), 'mask', 'scale it'),
    'pictures black': (redrawn('image', lambda m: m*0), 'image', 'export it again'),
    'scale ten times too large': (all_params('scale', lambda s: 10*s), 'params.npz', 'scale /= 10'),
    'poses in degrees': (all_params('pose', lambda p: np.r_[np.degrees(p.reshape(6)[:3]), p.reshape(6)[3:]]), 'params', 'np.radians'),
    'vertices in millimetres': (points_of('vertices', lambda v, *_: 1000*v), 'vertices.npy', '/= 1000'),
    'vertices in head space': (points_of('vertices', canonical), 'vertices.npy', 'to_world'),
    'landmarks in head space': (points_of('lmk_3d', canonical), 'params.npz', 'to_world'),
    'landmarks shuffled': (points_of('lmk_3d', lambda v, *_: rng.permutation(v)), 'params', 'same order'),
    'one landmark': (points_of('lmk_3d', lambda v, *_: v[:1]), 'params', 'few points'),
    'poses a frame late': (late, 'params', 'by a frame'),
    'coefficients of 1e8': (all_params('exp_coeff', lambda e: 0*e + 1e8), 'params.npz', 'track the frame again'),
    'split.json is a circle': (lambda top: ((top/'split.json').unlink(), (top/'split.json').symlink_to('split.json')), 'split.json',
                               'default split'),
}


@pytest.fixture(scope='module')
def turning(tmp_path_factory):
    return record_ball(tmp_path_factory.mktemp('turning')/'ball', frames=8, cameras=3, size=32, turn=1.2, lowres=None)


@pytest.mark.parametrize('which', contradictions)
def test_contradiction(which, turning, tmp_path):
    "Files that are each in order, and do not belong together, are named: where, and what to type"
    top = Path(shutil.copytree(turning, tmp_path/'ball'))
    plant, where, fix = contradictions[which]
    plant(top)
    problems = check_capture(top)
    assert problems and all(where in str(p) for p in problems) and any(fix in p.fix for p in problems), problems
    if where in ('cameras', 'params', 'cam2'): assert len(problems) <= 2 or where == 'cam2', problems
    with pytest.raises(CaptureError): Capture.read(top)


def test_pictures_of_every_kind(turning, tmp_path):
    "EXIF tags, 16 bits, alpha, other endings: read as they are meant, and nothing is said against them"
    import torch
    top = Path(shutil.copytree(turning, tmp_path/'ball'))
    for number, file in enumerate(sorted(top.glob('images/*/image_cam*.jpg'))):
        picture, mask = Image.open(file), Image.open(mask_file := file.with_name(file.name.replace('image', 'mask')))
        turned = picture.transpose(Image.Transpose.ROTATE_90)
        exif = turned.getexif()
        exif[0x0112] = 6
        way = number % 4
        if way == 0: turned.save(file, exif=exif, quality=95, subsampling=0)
        if way == 1: picture.save(file.with_suffix('.PNG'))
        if way == 2: picture.save(file.with_suffix('.webp'), lossless=True)
        if way == 3:
            coloured = np.where(np.asarray(mask)[..., None] > 0, np.asarray(picture), 90)
            Image.fromarray(np.dstack([coloured, np.asarray(mask)]).astype(np.uint8)).save(file.with_suffix('.tif'))
        if way: file.unlink()
        if way == 1: Image.fromarray(np.asarray(mask).astype(np.uint16)*257).save(mask_file.with_suffix('.png'))
        if way == 2: Image.merge('LA', (Image.new('L', mask.size, 255), mask)).save(mask_file.with_suffix('.png'))
        if way in (1, 2): mask_file.unlink()
    capture, expected = Capture.read(top), Capture.read(turning, check=False)
    assert (capture.cameras, capture.width, capture.height) == (expected.cameras, 32, 32)
    for view in expected.views('all'):
        for a, b in zip(capture.targets(*view), expected.targets(*view)): assert (a - b).abs().mean() < .02, view
        torch.testing.assert_close(capture.targets(*view)[1], expected.targets(*view)[1])


def test_a_sideways_mask_is_no_mask_of_its_picture(top):
    "A picture that its tag turns, and a mask that stays: they differ in size, which is said"
    for frame in frames:
        for kind in ('image', 'mask', 'visible'):
            for file in (top/'images'/frame).glob(f'{kind}_cam1.jpg'):
                picture = Image.open(file).crop((0, 4, 32, 28)) # 32 x 24
                exif = picture.getexif()
                if kind == 'image': exif[0x0112] = 6
                picture.save(file, exif=exif)
    assert {(p.camera, p.problem) for p in check_capture(top)} >= {('cam1', 'is 24x32, expected 32x32')}


def test_a_world_in_kilometres(turning, tmp_path):
    "No unit of length is wrong: what is near is told in heads"
    top = Path(shutil.copytree(turning, tmp_path/'ball'))
    cameras_of('extrinsic', lambda E: np.c_[E[:, :3], E[:, 3]/1000])(top)
    all_params('pose', lambda p: p.reshape(6)*[1, 1, 1, .001, .001, .001])(top)
    all_params('scale', lambda s: s/1000)(top)
    for kind in ('lmk_3d', 'vertices'): points_of(kind, lambda v, *_: v/1000)(top)
    assert check_capture(top) == []
    from gha_nb.training.presets import PRESETS
    from gha_nb.training.training import train
    class Seen(Exception): pass
    class Watch:
        def on_start(self, run):
            steps = {id(g['params'][0]): g['base'] for g in run.stage.optimizer.param_groups}
            raise Seen(steps[id(run.stage.poses)]/run.avatar.neutral_scale.item())
    with pytest.raises(Seen) as seen:
        train(top, tmp_path/'run', replace(PRESETS['tiny'], points=200), steps=3, init='cloud', progress=False, device='cpu',
              callbacks=[Watch()])
    assert 0 < seen.value.args[0] < .002, 'corrections of the poses are in that unit, too'


def tag(file, orientation):
    picture = Image.open(file)
    (exif := picture.getexif())[0x0112] = orientation
    picture.save(file, exif=exif, quality=95)


@pytest.fixture(scope='module')
def faces(demo, tmp_path_factory):
    "Two frames of the demo"
    top = tmp_path_factory.mktemp('faces')/'demo'
    for folder in ('images', 'cameras', 'params'):
        for frame in ('0000', '0006'): shutil.copytree(demo/folder/frame, top/folder/frame)
    return top


@pytest.mark.parametrize('kind, plant, file, fix', [
    ('upside down', redrawn('mask', lambda m: m[::-1]), 'images', 'mask[::-1]'),
    ('one upside down', redrawn('mask', lambda m: m[::-1], '05'), 'images/0000/mask_05.jpg', 'mask[::-1]'),
    ('K for 300 pixels', cameras_of('intrinsic', lambda K: np.diag([300/384, 300/384, 1])@K), 'cameras', 'K[:2] *= 1.2'),
    ('one K for 512 pixels', cameras_of('intrinsic', lambda K: np.diag([512/384, 512/384, 1])@K, '05'), 'cameras/0000/camera_05.npz',
     'K[:2] *= 0.7'),
    ('an EXIF orientation that nobody meant', all_of('images/*/*.jpg', lambda file: tag(file, 6)), 'cameras', 'remove the orientation tag'),
    ('nothing', lambda top: None, None, None)])
def test_contradiction_of_faces(kind, plant, file, fix, faces, tmp_path):
    "What landmarks alone do not show, pictures do"
    plant(top := Path(shutil.copytree(faces, tmp_path/'demo')))
    problems = check_capture(top)
    assert [p.file for p in problems] == ([file] if file else []), problems
    assert all(p.fix.split('mask = ')[-1].startswith(fix) for p in problems), problems


@pytest.fixture(scope='module')
def few(faces, tmp_path_factory):
    "Five cameras of them"
    top = Path(shutil.copytree(faces, tmp_path_factory.mktemp('few')/'demo'))
    for file in (*top.glob('images/*/*.jpg'), *top.glob('cameras/*/*.npz')):
        if file.stem.rpartition('_')[2] not in ('00', '03', '05', '06', '11'): file.unlink()
    return top


def of_other_size(top):
    for file in top.glob('images/*/*_11.jpg'): Image.open(file).resize((192, 192)).save(file)


@pytest.mark.parametrize('kind, plant, fix', [
    ('K for 300 pixels', cameras_of('intrinsic', lambda K: np.diag([300/384, 300/384, 1])@K), 'K[:2] *= 1.2'),
    ('one K for 768 pixels', cameras_of('intrinsic', lambda K: np.diag([2, 2, 1])@K, '11'), 'K[:2] *= 0.5'),
    ('one camera in millimetres', cameras_of('extrinsic', lambda E: np.c_[E[:, :3], 1000*E[:, 3]], '11'), 'E[:3, 3] /= 1000'),
    ('poses in millimetres', all_params('pose', lambda p: p.reshape(6)*[1, 1, 1, 1000, 1000, 1000]), 'pose[3:] /= 1000'),
    ('no poses', all_params('pose', lambda p: 0*p), 'track the frame again'),
    ('pictures of another size', of_other_size, 'export it at the size of the others, and its intrinsics with it: K[:2] *= 2')])
def test_advice_does_not_mislead(kind, plant, fix, few, tmp_path):
    "Few views say less; what is to be typed is still right"
    plant(top := Path(shutil.copytree(few, tmp_path/'demo')))
    problems = check_capture(top)
    assert problems and all(p.fix.startswith(fix) for p in problems), problems


def swapped(top):
    for frame in ('0000', '0006'):
        (top/camera_file(frame, '00')).write_bytes((top/camera_file(frame, '03')).read_bytes())


def masked_to(part):
    "Masks of the outline of the landmarks, larger or smaller by a factor"
    def plant(top):
        from scipy.spatial import ConvexHull
        for file in sorted(top.glob('images/*/mask_*.jpg')):
            frame, name = file.parent.name, file.stem.partition('_')[2]
            with np.load(top/camera_file(frame, name)) as o: K, E = o['intrinsic'], o['extrinsic']
            pixels = (np.load(top/points_file('lmk_3d', frame)) @ E[:3, :3].T + E[:3, 3]) @ K.T
            pixels = pixels[:, :2]/pixels[:, 2:]
            corners = pixels.mean(0) + part*(pixels[ConvexHull(pixels).vertices] - pixels.mean(0))
            face = Image.new('L', (mask := Image.open(file)).size)
            ImageDraw.Draw(face).polygon([tuple(o) for o in corners], fill=255)
            Image.fromarray(np.minimum(np.asarray(face), np.asarray(mask))).save(file, quality=95)
    return plant


@pytest.mark.parametrize('part', [1.1, .8, .3])
def test_masks_of_the_face_alone(part, few, tmp_path):
    "No blame on cameras or frames: what is said is that hair, ears and neck are left out; a problem where it is even the landmarks"
    from gha_nb.capture.diagnostics import diagnose_agreement, diagnose_silhouettes
    masked_to(part)(top := Path(shutil.copytree(few, tmp_path/'demo')))
    problems = check_capture(top)
    if part == .3:
        assert [p.file for p in problems] == ['images'] and 'only part of the head' in problems[0].problem, problems
        assert problems[0].fix.startswith('mask all of the head')
        return
    capture = Capture.read(top)
    notes = diagnose_agreement(capture, '0000') or diagnose_silhouettes(capture, '0000')
    assert problems == [] and len(notes) == 1 and 'only part of the head' in notes[0] and 'hair, ears and neck' in notes[0], notes


@pytest.mark.parametrize('kind, plant, words', [
    ('nothing', lambda top: None, None),
    ('the calibration of a neighbour', swapped, 'Camera 00 does not see what the others see'),
    ('pictures of noise', redrawn('image', lambda m: rng.integers(0, 256, m.shape, np.uint8), '11'), 'Camera 11 does not see'),
    ('masks aside', redrawn('mask', lambda m: np.roll(m, 70, 1), '11'), 'The masks of camera 11 hold 6'),
    ('vertices elsewhere', points_of('vertices', lambda v, *_: v + .1), 'The masks hold 1'),
    ('percent', all_params('exp_coeff', lambda e: 100*e), 'if they are percentages')])
def test_doubts_are_notes(kind, plant, words, few, tmp_path):
    "Nothing contradicts the layout, and something is probably wrong"
    from gha_nb.capture.diagnostics import diagnose_agreement, diagnose_units
    plant(top := Path(shutil.copytree(few, tmp_path/'demo')))
    capture = Capture.read(top)
    notes = [o for f in (diagnose_agreement, diagnose_units) for o in f(capture, '0000')]
    assert len(notes) == (words is not None) and all(words in o for o in notes), notes


@pytest.fixture(scope='module')
def moments(demo, tmp_path_factory):
    "All frames of the demo, of three cameras, small"
    top = tmp_path_factory.mktemp('moments')/'demo'
    for file in (o for c in ('00', '05', '11') for o in (*demo.glob(f'images/*/*_{c}.jpg'), *demo.glob(f'cameras/*/*_{c}.npz'))):
        (new := top/file.relative_to(demo)).parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == '.jpg': Image.open(file).resize((128, 128), Image.Resampling.BOX).save(new, quality=95)
        else: shutil.copy(file, new)
    shutil.copytree(demo/'params', top/'params')
    cameras_of('intrinsic', lambda K: np.diag([1/3, 1/3, 1])@K)(top)
    return top


def stored_as(*moves):
    "Files of one pattern take the places of others: (those that are read, those that are written)"
    def plant(top):
        data = [(top/there, (top/here).read_bytes()) for o in moves for here, there in o(top)]
        for file, content in data: file.write_bytes(content)
    return plant


def between(kind, a, b): return lambda top: [(f'{o}/{kind}_{a}.jpg', f'{o}/{kind}_{b}.jpg') for o in sorted(top.glob('images/*'))]


def a_frame_late(*patterns):
    def moves(top):
        files = [sorted(top.glob(o)) for o in patterns]
        return [(a, b) for o in files for a, b in zip(o, o[1:]) if a.name == b.name]
    return moves


def masks_late(camera): return a_frame_late(*[f'images/*/mask_{c}.jpg' for c in ('00', '05', '11') if c in camera])


@pytest.mark.parametrize('kind, plant, files, words, fix', [
    ('nothing', (), (), '', ''),
    ('masks exchanged', (between('mask', '05', '11'), between('mask', '11', '05')), ('images/0000/mask_05.jpg', 'images/0000/mask_11.jpg'),
     'the masks of camera', 'give camera'),
    ('masks copied', (between('mask', '00', '11'),), ('images/0000/mask_11.jpg',), 'copies of those of camera 00', 'mask the pictures'),
    ('pictures copied', (between('image', '00', '11'),), ('images/0000/image_11.jpg',), 'copies of those of camera 00', 'export the'),
    ('one camera\'s masks late', (masks_late('11'),), ('images/0000/mask_11.jpg',), 'one frame late', 'shift the masks'),
    ('masks late', (masks_late('00 05 11'),), ('images',), 'one frame late', 'shift the masks'),
    ('one camera late', (masks_late('05'), a_frame_late('images/*/image_05.jpg')), ('images/0000/image_05.jpg',), 'one frame late',
     'shift its'),
    ('params.npz late', (a_frame_late('params/*/params.npz'),), ('params',), 'poses come one frame late', 'shift params.npz'),
    ('points late', (a_frame_late('params/*/lmk_3d.npy', 'params/*/vertices.npy'),), ('params',),
     'landmarks and vertices come one frame late', 'shift lmk_3d.npy'),
    ('tracking late', (a_frame_late('params/*/params.npz', 'params/*/lmk_3d.npy', 'params/*/vertices.npy'),), ('params',),
     'the tracking comes one frame late', 'shift the folders of params')])
def test_files_of_another_camera_or_moment(kind, plant, files, words, fix, moments, tmp_path):
    "Each file is in order, and stands where another belongs"
    stored_as(*plant)(top := Path(shutil.copytree(moments, tmp_path/'demo')))
    problems = check_capture(top)
    assert tuple(sorted(p.file for p in problems)) == files, problems
    assert all(words in p.problem and p.fix.startswith(fix) for p in problems), problems


def headless(mask):
    "Without the upper part of the head"
    return np.where(np.arange(len(mask))[:, None] < np.nonzero((mask > 127).any(1))[0][0] + len(mask)//4, 0, mask).astype(np.uint8)


@pytest.mark.parametrize('kind, plant, words', [
    ('nothing', lambda top: None, None),
    ('masks too large', redrawn('mask', lambda m: np.asarray(Image.fromarray(m).filter(ImageFilter.MaxFilter(41))), '11'),
     'The masks of camera 11 do not fit those of the others: 1'),
    ('masks without the hair', redrawn('mask', headless, '03'), 'The masks of camera 03 do not fit those of the others: it leaves out'),
    ('scale x 3', all_params('scale', lambda s: 3*s), 'scale /= 3 would'),
    ('scale / 3', all_params('scale', lambda s: s/3), 'scale *= 3 would')])
def test_doubts_about_silhouettes_and_scale(kind, plant, words, faces, tmp_path):
    from gha_nb.capture.diagnostics import diagnose_silhouettes, diagnose_units
    plant(top := Path(shutil.copytree(faces, tmp_path/'demo')))
    assert check_capture(top) == []
    capture = Capture.read(top, check=False)
    notes = [o for f in (diagnose_silhouettes, diagnose_units) for o in f(capture, '0000')]
    assert len(notes) == (words is not None) and all(words in o for o in notes), notes
