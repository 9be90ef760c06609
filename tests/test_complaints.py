"What users of other programs complained of, each with our answer (the list of issue 18)"
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from gha_nb.capture.capture import Capture
from gha_nb.capture.check import check_capture
from gha_nb.capture.writer import record_ball
from gha_nb.core import CaptureError, GhaError
from gha_nb.readers.layouts import read_recording
from gha_nb.readers.recording import read_pixels


@pytest.fixture(scope='module')
def ball(tmp_path_factory):
    return Capture.read(record_ball(tmp_path_factory.mktemp('ball')/'ball', frames=3, cameras=2, size=48, quality=100, mask_quality=100))


def write_plain(ball, path, name='{f}/{c}.png', image=lambda i, c: i, mask=None, mask_name=None, numbers=None, columns=2):
    "A folder of pictures with a list of cameras; the parts that are complained of are arguments"
    said = {}
    for i, f in enumerate(ball.frames):
        for c in ball.cameras:
            view, at = ball.view(f, c), dict(f=(numbers or ball.frames)[i], c=c)
            said[c] = dict(K=view.camera.K.tolist(), world_to_camera=view.camera.world_to_camera[:3].tolist())
            for kind, picture, called in (('images', image(view.image.numpy(), c), name),
                                          ('masks', None if mask is None else mask(view.mask.numpy()), mask_name or name)):
                if picture is None: continue
                file = path/(called if '/images/' in f'/{called}' else f'{kind}/{called}').format(**at)
                file.parent.mkdir(parents=True, exist_ok=True)
                (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file)
    (path/'cameras.json').write_text(json.dumps(said))
    table = [','.join(map(str, [(numbers or ball.frames)[i], *np.linspace(0, 1, columns)])) for i in range(len(ball.frames))]
    (path/'coefficients.csv').write_text('\n'.join(['frame,' + ','.join(f'c{k}' for k in range(columns)), *table]))
    return path


def first(recording): return next(iter(recording.shots.values())).read()


def test_pictures_turned_by_exif(tmp_path):
    file = tmp_path/'phone.jpg'
    image = Image.fromarray(np.repeat(np.arange(0, 240, 10, dtype=np.uint8)[None], 8, 0))
    exif = image.getexif()
    exif[0x112] = 6
    image.convert('RGB').save(file, exif=exif, quality=100)
    pixels = read_pixels(file.read_bytes(), str(file))[0]
    assert pixels.shape == (24, 8, 3) and pixels[-1].mean() > pixels[0].mean() + 200


def test_other_sizes_for_other_cameras(ball, tmp_path):
    "Each camera keeps its own; the capture over it scales, and never stretches (tests/test_readers and readers/10)"
    def cut(image, camera): return image[:, 8:] if camera == ball.cameras[0] else image
    shots = read_recording(write_plain(ball, tmp_path, image=cut)).shots
    assert {s.read()[0].shape[:2] for s in shots.values()} == {(48, 40), (48, 48)}
    assert all((s.camera.height, s.camera.width) == s.read()[0].shape[:2] for s in shots.values())


def test_colour_under_transparency(ball, tmp_path):
    "White where nothing is, whatever stands there; and transparency is the mask"
    alpha = np.r_[np.zeros((24, 48), np.uint8), np.full((24, 48), 255, np.uint8)]
    def clear(image, camera): return np.dstack([np.full_like(image, 77), alpha])
    image, mask = first(read_recording(write_plain(ball, tmp_path, image=clear)))
    assert (image[:24] == 255).all() and (image[24:] == 77).all() and (mask[:24] == 0).all() and (mask[24:] == 255).all()


def test_sixteen_bits(ball, tmp_path):
    def deep(image, camera): return Image.fromarray(image[..., 0].astype(np.uint16)*257)
    image, _ = first(read_recording(write_plain(ball, tmp_path, image=deep)))
    assert (image[..., 0] == ball.view(ball.frames[0], ball.cameras[0]).image.numpy()[..., 0]).all()


@pytest.mark.parametrize('how', ['zeros and ones', 'colours', 'alpha'])
def test_values_of_masks(how, ball, tmp_path):
    def values(mask):
        on = np.where(mask > 127, 255, 0).astype(np.uint8)
        return {'zeros and ones': on//255, 'colours': on[..., None].repeat(3, 2), 'alpha': np.dstack([0*on, 0*on, 0*on, on])}[how]
    _, mask = first(read_recording(write_plain(ball, tmp_path, mask=values)))
    assert (mask == np.where(ball.view(ball.frames[0], ball.cameras[0]).mask.numpy() > 127, 255, 0)).all()


@pytest.mark.parametrize('name', ['{f}/{c}.mask.png', '{f}/{c}_mask.png', '{f}/{c}.png.png', 'images/{f}/{c}.mask.png'])
def test_names_of_masks(name, ball, tmp_path):
    "In `masks`, or beside the pictures"
    r = read_recording(write_plain(ball, tmp_path, mask=lambda m: m, mask_name=name))
    assert len(r.shots) == 6 and all((s.read()[1] == ball.view(f, c).mask.numpy()).all() for (f, c), s in r.shots.items())


@pytest.mark.parametrize('above', ['images', 'masks/images/image', 'ein Ordner mit Leerzeichen/Größe/図', 'cameras'])
def test_folders_above(above, ball, tmp_path):
    "Names above the data set say nothing"
    r = read_recording(write_plain(ball, tmp_path/above/'cam0', mask=lambda m: m))
    assert r.layout == 'plain' and r.frames == ball.frames and r.cameras == ball.cameras and first(r)[1] is not None


@pytest.mark.parametrize('name', ['{c}/{f}.png', '{f}_{c}.png', '{f}/{c}.png'])
def test_gaps_in_the_numbering(name, ball, tmp_path):
    "A frame is called what its files are called: pictures and coefficients meet by name, whatever the numbers"
    r = read_recording(write_plain(ball, tmp_path, name=name, numbers=['7', '9', '112']))
    assert r.frames == ['7', '9', '112'] and list(r.coefficients) == r.frames


def test_pictures_from_one_and_tracking_from_zero(ball, tmp_path):
    "By name they would be a frame apart: those that have no partner are left out, and it is said"
    write_plain(ball, tmp_path, numbers=['1', '2', '3'])
    table = (tmp_path/'coefficients.csv').read_text().splitlines()
    (tmp_path/'coefficients.csv').write_text('\n'.join([table[0], *(f'{i}{row[1:]}' for i, row in enumerate(table[1:]))]))
    r = read_recording(tmp_path)
    said = ' '.join(r.notes)
    assert r.frames == ['1', '2'] and '1 of 3 frames are left out' in said and 'count from 1' in said and 'add 1' in said


@pytest.mark.parametrize('count', [16, 50, 65, 100])
def test_numbers_of_coefficients(count, ball, tmp_path):
    r = read_recording(write_plain(ball, tmp_path, columns=count))
    assert len(r.names) == count and all(len(v) == count for v in r.coefficients.values())


@pytest.mark.parametrize('count', [51, 478])
def test_numbers_of_landmarks(count, ball, tmp_path):
    "Any number will do, as long as it is the same everywhere"
    top = shutil.copytree(ball.path, tmp_path/'ball')
    points = {f: np.load(f) for f in sorted((top/'params').glob('*/lmk_3d.npy'))}
    for file, p in points.items(): np.save(file, np.resize(p, (count, 3)))
    assert check_capture(top) == [] and len(Capture.read(top).landmarks(ball.frames[0])) == count
    np.save(file, p)
    assert any(f'68 landmarks, the capture has {count}' in str(o) for o in check_capture(top))


def test_listed_and_missing(ball, tmp_path):
    frames = [dict(file_path='images\\a b.png', transform_matrix=np.eye(4).tolist(), fl_x=50.)]
    (tmp_path/'transforms.json').write_text(json.dumps(dict(frames=frames)))
    with pytest.raises(CaptureError, match='a b.png: the picture is missing'): read_recording(tmp_path)
    (tmp_path/'images').mkdir()
    Image.new('RGB', (8, 8)).save(tmp_path/'images'/'a b.png')
    assert len(read_recording(tmp_path).shots) == 1


@pytest.fixture(scope='module')
def faces(demo):
    "What the detector finds in five cameras of the demo, in two frames; in a third one there is no face"
    pytest.importorskip('mediapipe', reason='these answers come from a face detector')
    pytest.importorskip('anny', reason='these answers come from a parametric head')
    from gha_nb.capture.layout import picture_file
    from gha_nb.readers.recording import Recording, Shot
    from gha_nb.readers.triangulation import find_faces
    from gha_nb.tracking.correspondence import FaceModel
    from gha_nb.tracking.models import find_model
    try: find_model('face_landmarker')
    except GhaError as error: pytest.skip(f'no face detector here: {error}')
    capture = Capture.read(demo, check=False)
    shots = {(f, c): Shot(demo/picture_file('image', f, c), capture.camera(f, c)) for f in capture.frames[:2]
             for c in ('03', '05', '07', '10')}
    found = find_faces(Recording(demo, 'demo', shots), capture.frames[:2], size=320, show=False)
    return found, FaceModel.make()


def test_another_scale_and_another_up(faces):
    "Structure from motion knows neither: the head is found just the same, in its units and its axes"
    from dataclasses import replace

    from scipy.spatial.transform import Rotation

    from gha_nb.readers.completion import fit_points
    found, model = faces
    turned, moved, factor = Rotation.from_euler('xz', [90, 40], degrees=True).as_matrix(), np.array([300., -20, 7]), 100.
    E = found.E.copy()
    E[:, :, :3, :3] = found.E[:, :, :3, :3] @ turned.T
    E[:, :, :3, 3] = factor*found.E[:, :, :3, 3] - E[:, :, :3, :3] @ moved
    (a, unit), (b, other) = fit_points(found, model), fit_points(replace(found, E=E), model)
    assert other/unit == pytest.approx(factor, rel=1e-3)
    for p, q in zip(unit*a.landmarks(), other*b.landmarks()): assert np.abs(factor*p @ turned.T + moved - q).max() < .002*factor


def test_principal_points_off_by_half_a_pixel(faces):
    "Less than the detector is off by: landmarks move by about a millimetre at most, and nothing is refused"
    from dataclasses import replace

    from gha_nb.readers.completion import fit_points
    from gha_nb.readers.triangulation import settle_cameras
    found, model = faces
    K = found.K.copy()
    K[..., :2, 2] += .5
    settled, said = settle_cameras(shifted := replace(found, K=K))
    assert said == '' and settled is shifted
    (a, unit), (b, other) = fit_points(found, model), fit_points(shifted, model)
    assert .01 < 1000*np.linalg.norm(unit*a.landmarks() - other*b.landmarks(), axis=-1).mean() < 1.5


def test_a_frame_without_a_face(faces, demo):
    "It is left out, by its name; the others are fitted as if it were not there"
    from dataclasses import replace

    from gha_nb.readers.completion import rig_fit
    from gha_nb.readers.recording import Recording
    found, model = faces
    nothing = np.full_like(found.points[:1], np.nan)
    three = replace(found, points=np.r_[found.points[:1], nothing, found.points[1:]], K=found.K[[0, 0, 1]], E=found.E[[0, 0, 1]],
                    scores=np.r_[found.scores[:1], np.full_like(found.scores[:1], np.nan), found.scores[1:]])
    fit, _ = rig_fit(Recording(demo, 'demo', {}), ['a', 'b', 'c'], three, model, refine=False, show=False)
    assert fit.numbers.tolist() == [0, 2]
