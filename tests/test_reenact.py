"Reenactment: what comes out of the library and of `gha-nb reenact`, and what is refused"
import shutil

import numpy as np
import pytest
import torch
from conftest import gha, said
from PIL import Image
from test_app import refused, rewrite


def video(path):
    import imageio.v3 as iio
    return iio.imread(path)


def grown(path, text):
    path.write_text(text)
    return path


def test_by_a_capture(ball, trained, tmp_path):
    result = gha('reenact', trained, ball, '--out', tmp_path/'video.mp4')
    assert result.returncode == 0 and result.stdout.strip() == str(tmp_path/'video.mp4') and 'smoothing 0.5' in result.stderr, said(result)
    assert video(tmp_path/'video.mp4').shape == (4, 64, 128, 3), 'the driver on the left, the avatar on the right'
    assert [o.name for o in tmp_path.iterdir()] == ['video.mp4']


def test_alone(ball, trained, tmp_path):
    result = gha('reenact', trained, ball, '--out', tmp_path/'video.mp4', '--alone', '--camera', 'cam2', '--smooth', '0', '--fps', '3')
    assert result.returncode == 0
    import imageio.v3 as iio
    assert video(tmp_path/'video.mp4').shape == (4, 64, 64, 3) and abs(iio.immeta(tmp_path/'video.mp4')['fps'] - 3) < .01


@pytest.mark.parametrize('text',
                         ['blush,grow\n0,0\n1,0\n', 'Blush;unheard of\n0;1\n1;1\n', '[{"blush": 0}, {"blush": 1}]',
                          'pose_rx,pose_ry,pose_rz\n0,0,0\n0,0.5,0\n'])
def test_by_a_table(trained, tmp_path, text):
    driver = grown(tmp_path/('table.json' if text[0] == '[' else 'table.csv'), text)
    result = gha('reenact', trained, driver, '--out', tmp_path/'new'/'video.mp4')
    assert result.returncode == 0 and ('unheard of' in result.stderr) == ('unheard' in text), said(result)
    assert len(video(tmp_path/'new'/'video.mp4')) == 2


def test_by_the_phone(trained, tmp_path):
    "Live Link Face: names with capitals, head angles in radians; what matches nothing does not choose the neutral frame"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.drive.reenactment import drive
    avatar = HeadAvatar.load(trained, device='cpu')
    table = grown(tmp_path/'take.csv', 'Timecode,BlendshapeCount,Grow,Blush,TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw\n'
                  '10:00:00:58.1,61,0.9,0,0,0,0,0,0\n10:00:00:59.1,61,0.5,0,0,0,0.1,0,0\n10:00:01:00.1,61,0,0,5,0.4,0,0,0\n')
    driven = drive(avatar, table, smooth=0, fit='none')
    assert driven.report.neutral == '2' and driven.report.unknown == ('TongueOut',) and abs(driven.performance.fps - 60) < .1
    grow = list(avatar.expression_names).index('grow')
    assert [round(float(e[grow] - avatar.neutral_expression[grow]), 3) for e, *_ in driven] == [.9, .5, 0]
    assert abs(driven.report.largest_turn - np.degrees(.4)) < 1


def test_one_face_is_drawn_as_it_is_said(trained, tmp_path):
    "A row, or equal rows, have no neutral frame to be compared with"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.drive.reenactment import drive
    avatar = HeadAvatar.load(trained, device='cpu')
    for rows in (1, 3):
        driven = drive(avatar, grown(tmp_path/f'{rows}.csv', 'grow,pose_rx,pose_ry,pose_rz\n' + '0.4,0,0.3,0\n'*rows), fit='none')
        expression, pose, *_ = driven[-1]
        grow = list(avatar.expression_names).index('grow')
        assert abs(float(expression[grow] - avatar.neutral_expression[grow]) - .4) < 1e-5
        assert abs(driven.report.largest_turn - np.degrees(.3)) < .1 and 'zero' in driven.report.neutral


def test_by_name_not_by_position(ball, trained, tmp_path):
    "The coefficients in another order, and one more: the same pictures and scores; refused where one is missing"
    import json
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.evaluation.metrics import evaluate
    other = shutil.copytree(ball, tmp_path/'other')
    for file in sorted(other.glob('params/*/params.npz')):
        with np.load(file) as o: e = o['exp_coeff'].reshape(-1)
        rewrite(file, exp_coeff=np.r_[e[1], .7, e[0]][None].astype(np.float32))
    split = json.loads((other/'split.json').read_text())
    (other/'split.json').write_text(json.dumps(split | dict(expression_names=['blush', 'wink', 'grow'])))
    avatar = HeadAvatar.load(trained, device='cpu')
    scores = [evaluate(avatar, Capture.read(path), lpips=False, progress=False).rows for path in (ball, other)]
    assert scores[0] == scores[1]
    for path, out in ((ball, 'a'), (other, 'b')): assert gha('render', trained, path, '--out', tmp_path/out).returncode == 0
    pictures = sorted(o.name for o in (tmp_path/'a').iterdir())
    pixels = lambda folder, o: np.asarray(Image.open(tmp_path/folder/o)).tobytes()  # each file has a manifest of its own
    assert pictures and all(pixels('a', o) == pixels('b', o) for o in pictures)
    (other/'split.json').write_text(json.dumps(split | dict(expression_names=['blush', 'wink', 'smile'])))
    refused(gha('render', trained, other, '--out', tmp_path/'c'), 'grow')


tables = {
    '400 digits.json': ('[{"grow": 1' + '0'*400 + '}]', 'entry 1', 'grow'),
    'far out': ('grow\n1e8\n', 'line 2', 'grow', 'too large'),
    'a clock that is none': ('Timecode,grow,HeadYaw,HeadPitch,HeadRoll\nnoon,0,0,0,0\n', 'line 2', 'Timecode'),
    'short row': ('grow,blush\n0,0\n1\n', 'line 3', 'cells'),
    'text': ('grow,blush\n0,0\n0,red\n', 'line 3', 'blush', 'red'),
    'nan': ('grow,blush\n0,0\n0,0\nnan,0\n', 'line 4', 'grow'),
    'infinite': ('grow\n0\ninf\n', 'line 3', 'grow'),
    'empty': ('', 'no rows'),
    'only a header': ('grow,blush\n', 'no rows'),
    'unknown columns': ('left,right\n0,0\n', 'left', 'grow'),
    'unknown pose': ('grow,pose_yaw\n0,0\n', 'unknown column', 'pose_yaw'),
    'half a pose': ('grow,pose_rx\n0,0\n', 'pose_ry'),
    'twice': ('grow,grow\n0,0\n', 'grow'),
    'twice, nearly': ('grow,GROW\n0,0\n', 'grow'),
    'unnamed': ('0,0\n1,1\n', 'unnamed'),
    'nameless column': ('grow,\n0,0\n', 'no name'),
    'open quote': ('grow,"blush\n0,0\n', 'line'),
    'back in time': ('time,grow\n0,0\n-1,0\n', 'time'),
    'no scale': ('scale,grow\n0,0\n', 'scale'),
    'broken json': ('[{"grow": 0},\n{"grow": }]', 'line 2'),
    'json of something else': ('{"grow": 0}', 'list'),
    'json with a hole': ('[{"grow": 0}, {"blush": 0}]', 'entry 2'),
    'json with null': ('[{"grow": null}]', 'entry 1', 'grow'),
    'json with true': ('[{"grow": true}]', 'entry 1', 'grow'),
    'json with nan': ('[{"grow": NaN}]', 'entry 1', 'grow'),
    'json in json': ('[{"grow": [0]}]', 'entry 1'),
    'empty json': ('[]', 'no rows'),
    'json of nothing': ('[{}]', 'no column'),
}


@pytest.mark.parametrize('kind', tables)
def test_bad_table(kind, trained, tmp_path):
    text, *words = tables[kind]
    name = 'table.json' if 'json' in kind else 'table.csv'
    refused(gha('reenact', trained, grown(tmp_path/name, text), '--out', tmp_path/'video.mp4'), name, *words)
    assert not (tmp_path/'video.mp4').exists()


def test_other_bad_input(ball, trained, demo, tmp_path):
    out, table = tmp_path/'video.mp4', grown(tmp_path/'table.csv', 'grow\n0\n1\n')
    (tmp_path/'noise.csv').write_bytes(bytes(range(128, 256)))
    (tmp_path/'notes.txt').write_text('hello')
    call = lambda driver, *args, to=out: gha('reenact', trained, driver, '--out', to, *args)
    refused(call(tmp_path/'nothing.csv'), 'nothing.csv')
    refused(call(tmp_path/'noise.csv'), 'noise.csv')
    refused(call(tmp_path/'notes.txt'), '.csv')
    refused(call(demo), 'grow')
    refused(call(table, to=tmp_path/'video.avi'), '.mp4')
    refused(call(table, '--camera', 'cam0'), 'camera')
    refused(call(ball, '--camera', 'cam9'), 'cam9', 'cam0')
    refused(call(ball, '--neutral', '9999'), '9999')
    for args in (['--smooth', '1'], ['--smooth', '-1'], ['--smooth', 'nan'], ['--fps', '0'], ['--fps', 'nan'], ['--head', 'inf']):
        refused(call(table, *args))
    refused(gha('reenact', tmp_path/'no', table, '--out', out))
    assert not out.exists()


def test_a_video_that_is_there(trained, tmp_path):
    out, table = tmp_path/'video.mp4', grown(tmp_path/'table.csv', 'grow\n0\n1\n')
    out.write_text('precious')
    refused(gha('reenact', trained, table, '--out', out), '--overwrite')
    assert out.read_text() == 'precious'
    assert gha('reenact', trained, table, '--out', out, '--overwrite').returncode == 0 and len(video(out)) == 2


def test_interrupted(ball, trained, tmp_path):
    "Ctrl-C in the middle leaves nothing"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.drive.reenactment import Cancelled, reenact
    avatar = HeadAvatar.load(trained, device='cpu')
    def stop(done, total):
        if done == 2: raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt): reenact(avatar, ball, tmp_path/'video.mp4', watch=stop, say=str)
    with pytest.raises(Cancelled, match='2 of 4'): reenact(avatar, ball, tmp_path/'video.mp4', watch=lambda done, total: done == 2, say=str)
    assert list(tmp_path.iterdir()) == []


def test_source_neutral_is_removed(ball, trained, tmp_path):
    "A driver whose tracker adds a constant moves an avatar as one whose does not"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.drive.reenactment import drive
    shutil.copytree(ball, tmp_path/'biased')
    for file in sorted((tmp_path/'biased').glob('params/*/params.npz')):
        with np.load(file) as o: expression = o['exp_coeff']
        rewrite(file, exp_coeff=expression + np.float32(.25))
    avatar = HeadAvatar.load(trained, device='cpu')
    for a, b in zip(drive(avatar, ball, neutral='0000'), drive(avatar, tmp_path/'biased', neutral='0000')):
        for x, y in zip(a, b): torch.testing.assert_close(x, y, atol=1e-5, rtol=0)


def test_stays_in_range(trained, tmp_path):
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.drive.reenactment import drive
    avatar = HeadAvatar.load(trained, device='cpu')
    low, high = avatar.expression_range
    rows = '\n'.join(f'{x:.3f},{-x:.3f}' for x in np.linspace(0, 50, 40))
    for fit in ('scale', 'clamp'):
        driven = drive(avatar, grown(tmp_path/'wild.csv', 'grow,blush\n' + rows), fit=fit)
        values = torch.stack([e for e, *_ in driven])
        assert (values <= high + .1001*(high - low)).all() and (values >= low - .1001*(high - low)).all()
        assert driven.report.outside == 1 and driven.report.frozen == ('blush',), 'the ball never changed its blush in training'
        assert (driven.report.scaled if fit == 'scale' else driven.report.clamped)
