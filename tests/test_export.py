"Export: the files are what their formats promise, look like the avatar, and are written only where they may be"
import shutil

import numpy as np
import pytest
import torch
from conftest import gha, said
from test_app import refused, snapshot


def read_ply(path):
    "The columns of a 3DGS file by name"
    header, body = path.read_bytes().split(b'end_header\n', 1)
    lines = header.decode('ascii').splitlines()
    assert lines[:2] == ['ply', 'format binary_little_endian 1.0']
    count, = (int(o.split()[2]) for o in lines if o.startswith('element '))
    names = [o.split()[2] for o in lines if o.startswith('property float ')]
    assert len(lines) == 3 + len(names) and len(body) == 4*count*len(names)
    return dict(zip(names, np.frombuffer(body, '<f4').reshape(count, -1).T.astype(np.float64)))


def read_splat(path):
    return np.frombuffer(path.read_bytes(), [('at', '<f4', 3), ('size', '<f4', 3), ('rgba', 'u1', 4), ('turn', 'u1', 4)])


def gaussians(path):
    "A file as our rasterizer wants it"
    from gha_nb.raster.gaussians import Gaussians
    if path.suffix == '.splat':
        o = read_splat(path)
        parts = o['at'], (o['turn'] - 128.)/128, o['size'], o['rgba'][:, 3]/255, o['rgba'][:, :3]/255
    else:
        o = read_ply(path)
        columns = lambda name, n: np.stack([o[f'{name}_{i}'] for i in range(n)], 1)
        parts = (np.stack([o[k] for k in 'xyz'], 1), columns('rot', 4), np.exp(columns('scale', 3)), 1/(1 + np.exp(-o['opacity'])),
                 .5 + columns('f_dc', 3)*.28209479)
    return Gaussians(*(torch.tensor(np.array(v), dtype=torch.float32) for v in parts))


@pytest.fixture(scope='module')
def avatar(trained):
    from gha_nb.avatar.avatar import HeadAvatar
    return HeadAvatar.load(trained, device='cpu')


def likeness(avatar, capture, path, frame):
    "Mean PSNR of a file against the avatar, over the cameras of a capture, dB"
    from gha_nb.evaluation.metrics import camera_for
    from gha_nb.raster.splat import rasterize
    g, res = gaussians(path), []
    for c in capture.cameras:
        camera = camera_for(avatar, capture, frame, c)
        error = rasterize(g, camera, torch.ones(3))[0].clamp(0, 1) - avatar.render(camera, *capture.params(frame))
        res.append(-10*error.square().mean().log10().item())
    return sum(res)/len(res)


def test_neutral(trained, avatar, tmp_path):
    result = gha('export', trained, '--out', tmp_path/'head.ply')
    assert result.returncode == 0 and result.stdout.strip() == str(tmp_path/'head.ply'), said(result)
    columns = read_ply(tmp_path/'head.ply')
    assert list(columns) == ['x', 'y', 'z', *(f'f_dc_{i}' for i in range(3)), 'opacity', *(f'scale_{i}' for i in range(3)),
                             *(f'rot_{i}' for i in range(4))]
    assert len(columns['x']) == len(avatar) and all(np.isfinite(o).all() for o in columns.values())
    g, mine = gaussians(tmp_path/'head.ply'), avatar.pose()
    for name in ('means', 'opacities'): torch.testing.assert_close(getattr(g, name), getattr(mine, name), atol=1e-5, rtol=1e-4)
    assert (g.scales >= .9999*mine.scales).all(), 'the coarse pixel is built in'
    assert ((g.quats*torch.nn.functional.normalize(mine.quats, dim=1)).sum(1) > .9999).all()


@pytest.mark.parametrize('format', ['ply', 'splat'])
def test_fitted_colours_look_like_the_avatar(ball, trained, avatar, tmp_path, format):
    from gha_nb.capture.capture import Capture
    capture, found = Capture.read(ball), {}
    for colors in ('fitted', 'channels'):
        out = tmp_path/f'{colors}.{format}'
        result = gha('export', trained, '--format', format, '--out', out, '--capture', ball, '--frame', '0001', '--colors', colors)
        assert result.returncode == 0, said(result)
        found[colors] = likeness(avatar, capture, out, '0001')
    assert found['fitted'] > found['channels'] + 1 and found['fitted'] > 25, found


def test_range(ball, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path/'run')
    result = gha('export', run, '--capture', ball, '--frames', '0001:', '--format', 'splat')
    assert result.returncode == 0, said(result)
    assert [o.rsplit('/')[-1] for o in result.stdout.split()] == ['0001.splat', '0002.splat', '0003.splat'], said(result)
    assert sorted(o.name for o in (run/'export').iterdir()) == ['0001.splat', '0002.splat', '0003.splat']
    sizes = {(run/'export'/f'000{i}.splat').stat().st_size for i in (1, 2, 3)}
    assert len(sizes) == 1 and sizes.pop() % 32 == 0
    assert gha('export', run, '--capture', ball, '--frames', '0000:0000', '--out', tmp_path/'here').returncode == 0
    assert [o.name for o in (tmp_path/'here').iterdir()] == ['0000.ply']


def test_viewer_space(trained, avatar, tmp_path):
    "The head stands at the origin, head units, y down, the face towards -z"
    assert gha('export', trained, '--out', tmp_path/'a.ply', '--space', 'viewer', '--colors', 'channels').returncode == 0
    from gha_nb.geometry import to_canonical
    canonical = to_canonical(avatar.pose().means, avatar.neutral_pose, avatar.neutral_scale)
    torch.testing.assert_close(gaussians(tmp_path/'a.ply').means, canonical*torch.tensor([1., -1, -1]), atol=1e-4, rtol=1e-4)


def test_never_overwrites(ball, trained, tmp_path):
    out = tmp_path/'head.ply'
    out.write_text('precious')
    refused(gha('export', trained, '--out', out), '--overwrite')
    (tmp_path/'0002.ply').write_text('precious')
    before = snapshot(tmp_path)
    refused(gha('export', trained, '--capture', ball, '--frames', ':', '--out', tmp_path), '0002.ply', '--overwrite')
    assert snapshot(tmp_path) == before, 'nothing is begun unless all may be written'
    assert gha('export', trained, '--out', out, '--overwrite', '--colors', 'channels').returncode == 0 and read_ply(out)


def test_bad_input(ball, demo, trained, tmp_path):
    call = lambda *args: gha('export', trained, '--out', tmp_path/'x.ply', *args)
    refused(gha('export', tmp_path/'no', '--out', tmp_path/'x.ply'))
    refused(call('--frame', '0001'), '--capture')
    refused(call('--capture', ball), '--frame')
    refused(call('--capture', ball, '--frame', '0001', '--frames', '0001:0002'), '--frame')
    refused(call('--capture', ball, '--frame', '9999'), '9999', '0000')
    refused(call('--capture', ball, '--frames', '0001'), '0001')
    refused(call('--capture', ball, '--frames', '0001:9999'), '9999')
    refused(call('--capture', ball, '--frames', '0002:0001'), 'before')
    refused(call('--capture', tmp_path/'none', '--frame', '0001'))
    refused(call('--capture', demo, '--frame', '0001'), 'expression')
    refused(call('--format', 'splat'), '.splat')
    refused(gha('export', trained, '--out', tmp_path/'x.obj'), '.ply')
    assert list(tmp_path.iterdir()) == []
    assert gha('export', trained, '--format', 'obj').returncode == 2
