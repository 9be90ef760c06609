"From a phone's video to a capture: what comes out, what goes wrong, and what is said about it"
import json

import numpy as np
import pytest
from conftest import gha, said

cv2 = pytest.importorskip('cv2', reason='the extra [track] is not installed')
pytest.importorskip('mediapipe', reason='the extra [track] is not installed')
pytest.importorskip('anny', reason='the extra [studio] is not installed')


@pytest.fixture(scope='module', autouse=True)
def models():
    "The model files, which make's .ready-dev fetches; without them nothing here can be tested"
    from gha_nb.core import GhaError
    from gha_nb.tracking.models import find_model, models
    try: return [find_model(o) for o in models]
    except GhaError as e: pytest.skip(f'THE TRACKER IS NOT TESTED: {e}')


@pytest.fixture(scope='module')
def film(tmp_path_factory):
    "A second and a half of a studio head: path, frames [F, H, W, 3], the middle of the mouth in each [F, 2] pixels"
    from gha_nb.studio.phone_clip import record_clip
    from gha_nb.tracking.video import read_video
    folder = tmp_path_factory.mktemp('clip')
    record_clip(folder, seed=3, frames=40, size=(240, 320), strands=800)
    frames = np.stack([image for *_, image in read_video(folder/'clip.mp4').frames()])
    with np.load(folder/'truth.npz') as o: K, E, points = o['K'], o['E'], o['lmk_3d'][:, 48:68].mean(1)
    E = np.broadcast_to(E, (len(points), 4, 4))
    seen = (np.einsum('fij,fj->fi', E[:, :3, :3], points) + E[:, :3, 3]) @ K.T
    return folder/'clip.mp4', frames, seen[:, :2]/seen[:, 2:]


def encode(path, frames, fps=25):
    "Write frames as H.264"
    from gha_nb.studio.phone_clip import write_video
    write_video(path, iter(frames), fps)
    return path


@pytest.fixture
def quick_fit(monkeypatch):
    "In the place of the fit: the detector's own points at a depth that its size tells, which is enough to see what track does with it"
    from gha_nb.tracking import tracker
    from gha_nb.tracking.fit import HeadFit
    from gha_nb.tracking.frames import axes
    from gha_nb.tracking.multiview import RigFit
    def fit_shots(shots, rows, focals, *more):
        d, n = shots[0].found.select(rows), len(rows)
        f = focals[0] or 1.3*d.width
        depth = f*.19/np.ptp(d.points, axis=1).max(-1)
        middle = np.array([d.width/2, d.height/2])
        lift = lambda p: np.concatenate([(p - middle)*depth[:, None, None]/f, np.broadcast_to(depth[:, None, None], (*p.shape[:2], 1))], -1)
        points = lift(d.points[:, :468])
        R = axes @ d.matrices[:, :3, :3]
        head = HeadFit(d.numbers, d.times, d.width, d.height, float(f), R, points.mean(1), d.scores, tuple(d.names), np.zeros(40),
                       np.zeros((468, 3)), 0., d.found, np.ones(n), .1, np.full((n, 3), .01), np.full((n, 3), .002),
                       np.full((n, 52), .05))
        count = len(shots)
        rig = RigFit(head, np.tile(np.eye(4), (count, 1, 1)), np.full(count, float(f)), np.ones((n, count)))
        return tracker.Tracked(rows, rig, np.tile(middle, (count, 1)), points[:, np.linspace(0, 467, 68).astype(int)], points,
                               np.zeros((n, 6), np.float32))
    monkeypatch.setattr(tracker, 'fit_shots', fit_shots)


def tracked(tmp_path, frames, name='film.mp4', **settings):
    "Track some frames: what track.json says"
    from gha_nb.tracking.tracker import track
    quiet = dict(consent='a test', show=False, say=lambda text: None)
    films = encode(tmp_path/name, frames) if isinstance(frames, np.ndarray) else frames
    out = track(films, tmp_path/'out', frames=12, size=240, **quiet, **settings)
    return json.loads((out/'track.json').read_text())


def test_from_a_film_to_a_capture(film, tmp_path):
    "The real fit, by the command line; a second call finds everything done"
    out = tmp_path/'me'
    args = ['track', film[0], '--out', out, '--frames', '14', '--size', '320', '--consent', 'nobody: a studio head']
    result = gha(*args)
    assert result.returncode == 0 and result.stdout.strip() == str(out/'split.json'), said(result)
    with np.load(next((out/'params').rglob('params.npz'))) as o:
        assert o['pose_sigma'].shape == (1, 6) and o['exp_coeff_sigma'].shape == (1, 52) and .001 < o['pose_sigma'][0, :3].max() < .2
    assert 'verdict: ' in result.stderr and 'Traceback' not in result.stderr, said(result)
    assert gha('check', out, '--json').stdout.strip() == '[]'
    split = json.loads((out/'split.json').read_text())
    names = split['train_frames'] + split['test_frames']
    assert len(names) == 14 and all(len(o) == 6 and int(o) < 40 for o in names) and split['cameras'] == ['phone']
    assert {int(o)//10 for o in split['test_frames']} == {2} and split['consent']['answer'] == 'nobody: a studio head'
    assert (out/'track.html').read_text().count('<img') == 3
    stamps = {o: o.stat().st_mtime_ns for o in [*(out/'params').rglob('*.npz'), *(out/'.track').iterdir()]}
    assert gha(*args).returncode == 0 and {o: o.stat().st_mtime_ns for o in stamps} == stamps
    first = out/'params'/names[0]/'params.npz'
    first.unlink()  # as if it had been interrupted
    assert gha(*args).returncode == 0 and first.is_file()
    result = gha(*args[:-2], '--focal', '26mm')
    assert result.returncode == 1 and '--overwrite' in result.stderr, said(result)


def test_a_foreign_folder_is_not_touched(film, tmp_path):
    (tmp_path/'dear.txt').write_text('diary')
    for more in ((), ('--overwrite',)):
        result = gha('track', film[0], '--out', tmp_path, *more)
        assert result.returncode == 1 and 'holds something else' in result.stderr, said(result)
    assert [o.name for o in tmp_path.iterdir()] == ['dear.txt']


@pytest.mark.parametrize('wrong, words', [('no file', 'no such file'), ('no video', 'cut off, or is none'), ('no face', 'no face in'),
                                          ('upside down', 'upside down'), ('on its side', 'on its side')])
def test_refused(film, tmp_path, wrong, words):
    "One line that says what is wrong, and no capture"
    path = tmp_path/'film.mp4'
    if wrong == 'no video': path.write_text('a letter')
    if wrong == 'no face': encode(path, np.broadcast_to(film[1][:1, :40, :40].repeat(6, 1).repeat(6, 2), (20, 240, 240, 3)))
    if wrong == 'upside down': encode(path, film[1][:, ::-1, ::-1])
    if wrong == 'on its side': encode(path, np.rot90(film[1], 1, (1, 2)))
    result = gha('track', path, '--out', tmp_path/'out', '--consent', 'a test')
    assert result.returncode == 1 and words in result.stderr, said(result)
    assert len([o for o in result.stderr.splitlines() if o.startswith('gha-nb: ')]) == 1 and 'Traceback' not in result.stderr, said(result)
    assert not (tmp_path/'out'/'split.json').exists()


def test_short_film_is_said(film, tmp_path, quick_fit):
    said = tracked(tmp_path, film[1])
    assert said['verdict'] == 'poor' and 'the film is only 2 seconds long: film 20 to 30 seconds' in said['findings']


def test_hand_before_the_mouth(film, tmp_path, quick_fit):
    frames = film[1].copy()
    for i in range(20, 26): cv2.ellipse(frames[i], (film[2][i].round().astype(int).tolist(), (64, 52), 0), (150, 105, 85), -1)
    said = tracked(tmp_path, frames)
    assert any('covers the mouth in 6 of 40' in o or 'covers the mouth in 5 of 40' in o for o in said['findings']), said['findings']
    names = {int(o.name) for o in (tmp_path/'out'/'params').iterdir()}
    assert len(names & set(range(20, 26))) <= 1, 'covered frames are left out'


def test_two_faces(film, tmp_path, quick_fit):
    said = tracked(tmp_path, np.concatenate([film[1], film[1][:, :, ::-1]], 2))
    assert any('a second face in' in o for o in said['findings']) and said['verdict'] == 'poor', said['findings']


def test_cut_in_the_middle(film, tmp_path, quick_fit):
    "The longer piece is used"
    later = np.roll(255 - film[1][:14], 40, 2)
    said = tracked(tmp_path, np.concatenate([film[1], later]))
    assert any('the film cuts' in o for o in said['findings']), said['findings']
    assert max(int(o.name) for o in (tmp_path/'out'/'params').iterdir()) < 40


def test_head_never_turns(film, tmp_path, quick_fit):
    noise = np.random.default_rng(0).normal(0, 3, (30, *film[1].shape[1:]))
    said = tracked(tmp_path, np.clip(film[1][:1] + noise, 0, 255).astype(np.uint8))
    assert any('the head hardly turns' in o for o in said['findings']), said['findings']
    assert any('turn your head further to your left' in o for o in said['film_next'])


def test_sunglasses(film, tmp_path, quick_fit):
    frames = film[1][:20].copy()
    from gha_nb.tracking.detection import detect
    from gha_nb.tracking.video import read_video
    for image, p in zip(frames, detect(read_video(film[0]), numbers=range(20), show=False).points):
        for eye in ((33, 133), (362, 263)): cv2.circle(image, p[list(eye)].mean(0).round().astype(int).tolist(), 17, (16, 16, 20), -1)
    said = tracked(tmp_path, frames)
    assert any('sunglasses' in o for o in said['findings']), said['findings']


def test_camera_that_moves(film, tmp_path, quick_fit):
    said = tracked(tmp_path, np.stack([np.roll(o, 3*i, 1) for i, o in enumerate(film[1][:24])]))
    assert any('the camera moves' in o for o in said['findings']), said['findings']


def test_body_that_moves(film, tmp_path):
    "A phone in an unsteady hand: what it does to the body is found by the real fit, and written for each frame"
    import torch
    from gha_nb.capture.capture import Capture
    from gha_nb.geometry import pose_matrix
    shift = np.float32([[9*np.sin(i/3), 6*np.cos(i/4)] for i in range(40)])
    shake = lambda o, by: cv2.warpAffine(o, np.float32([[1, 0, by[0]], [0, 1, by[1]]]), o.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    tracked(tmp_path, np.stack([shake(o, by) for o, by in zip(film[1], shift)]))
    capture = Capture.read(tmp_path/'out')
    chest = capture.pose(capture.frames[0])[3:] - torch.tensor([0, .2, 0])
    moved = [pose_matrix(capture.torso(f)) @ torch.cat([chest, torch.ones(1)]) for f in capture.frames]
    pixels = np.stack([capture.camera(f, 'phone').project(o[None, :3])[0][0] for f, o in zip(capture.frames, moved)])
    done = shift[[int(f) for f in capture.frames]]*240/320
    for k in (0, 1): assert np.corrcoef(pixels[:, k], done[:, k])[0, 1] > .75, (pixels, done)  # the film's own hand moves, too
    assert np.abs(np.log(pixels.std(0)/done.std(0))).max() < .35, (pixels.std(0), done.std(0))


def pictures(out, frame, kind, camera='phone'):
    "A picture of a capture"
    from gha_nb.capture.layout import picture_file, read_picture
    return read_picture(out/picture_file(kind, frame, camera))


def test_light_that_changes(film, tmp_path, quick_fit):
    "Exposure is evened out in what is written, and said"
    from gha_nb.tracking.exposure import relit, to_linear
    gains = 1 + .3*np.sin(np.arange(40)/5)
    said = tracked(tmp_path, np.stack([relit(o, np.full(3, g)) for o, g in zip(film[1], gains)]))
    assert any('the light changed by' in o for o in said['findings']), said['findings']
    names = [o.name for o in (tmp_path/'out'/'params').iterdir()]
    light = [to_linear(pictures(tmp_path/'out', o, 'image'))[pictures(tmp_path/'out', o, 'mask') > 240].mean() for o in names]
    assert np.std(np.log(light)) < .4*np.std(np.log([gains[int(o)] for o in names])), light


def test_photos(film, tmp_path, quick_fit):
    "Turned, of two lenses and sizes, one without a face; few, which is said"
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.check import check_capture
    from gha_nb.core import GhaError
    from PIL import ExifTags, Image
    folder = tmp_path/'photos'
    folder.mkdir()
    for i, number in enumerate(range(0, 36, 3)):
        photo, notes, mm = Image.fromarray(film[1][number]), Image.Exif(), 26
        if i % 3 == 1: photo, mm = photo.crop((30, 40, 210, 280)).resize((240, 320)), 26*320/240
        if i % 3 == 2: photo, notes[ExifTags.Base.Orientation] = photo.transpose(Image.Transpose.ROTATE_90), 6
        if i == 7: photo = Image.new('RGB', (240, 320), (90, 120, 60))
        notes.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = round(mm)
        photo.save(folder/f'{i:02d}.jpg', exif=notes, quality=95)
    said = tracked(tmp_path, folder)
    for words in ('there are only 12 photos', 'no face in 1 of 12 photos'): assert words in str(said['findings']), said['findings']
    capture = Capture.read(tmp_path/'out')
    assert len(capture.frames) == 11 and check_capture(tmp_path/'out') == []
    focal = [float(capture.camera(o, 'photo').K[0, 0]) for o in capture.frames]
    assert abs(focal[1]/focal[0] - 320/240) < .03 and abs(focal[2]/focal[0] - 1) < .01, focal
    depth = [float(capture.pose(o)[5]) for o in capture.frames[:3]]
    assert np.ptp(depth) < .04, 'the zoomed head is not nearer'
    with pytest.raises(GhaError, match='26mm'): tracked(tmp_path, folder, focal='400')


def test_two_phones(film, tmp_path, quick_fit):
    "The second begins eight frames late: its pictures are those of the same moments"
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.check import check_capture
    from gha_nb.core import GhaError
    from gha_nb.tracking.tracker import open_films
    one, two = encode(tmp_path/'one.mp4', film[1]), encode(tmp_path/'two.mp4', film[1][8:])
    said = tracked(tmp_path, [one, two])
    began = float(said['facts']['began (two)'].split(' s ')[0])
    assert abs(began - .32) < .02, said['facts']
    capture = Capture.read(tmp_path/'out')
    assert capture.cameras == ['one', 'two'] and min(map(int, capture.frames)) >= 8 and check_capture(tmp_path/'out') == []
    for frame in capture.frames[::4]:
        a, b = (pictures(tmp_path/'out', frame, 'image', o).astype(float) for o in capture.cameras)
        assert np.abs(a - b).mean() < 3
    with pytest.raises(GhaError, match='the same name'): open_films([one, one])
    with pytest.raises(GhaError, match='is a folder'): open_films([one, tmp_path])


def test_crop_and_lens(film, tmp_path, quick_fit):
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.check import check_capture
    tracked(tmp_path, film[1], crop='head', focal='300')
    capture = Capture.read(tmp_path/'out')
    camera = capture.camera(capture.frames[0], 'phone')
    assert camera.width == camera.height and camera.width % 4 == 0
    assert check_capture(tmp_path/'out') == []


def test_nothing_is_downloaded_unasked(monkeypatch, tmp_path):
    from gha_nb import weights
    from gha_nb.core import GhaError
    from gha_nb.tracking import models
    monkeypatch.setenv('GHA_NB_CACHE', str(tmp_path))
    monkeypatch.delenv('GHA_NB_MODELS', raising=False)
    monkeypatch.setattr(models.importlib.util, 'find_spec', lambda name: None)
    monkeypatch.setattr(weights.urllib.request, 'urlopen', lambda *a, **kw: pytest.fail('a download'))
    monkeypatch.setattr(weights.subprocess, 'run', lambda *a, **kw: pytest.fail('a download'))
    with pytest.raises(GhaError, match='is not on this machine'): models.find_model('face_landmarker')
