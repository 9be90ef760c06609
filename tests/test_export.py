"Export: the files are what their formats promise, look like the avatar, and are written only where they may be"
import gzip, io, json, os, shutil, struct, subprocess

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


def read_spz(path):
    "An SPZ file of version 3 without harmonics, as Niantic's description has it"
    data = gzip.decompress(path.read_bytes())
    magic, version, n, degree, bits = struct.unpack('<3I2B', data[:14])
    assert (magic, version, degree) == (0x5053474e, 3, 0) and len(data) == 16 + 20*n
    raw = np.frombuffer(data, np.uint8, offset=16)
    at, alpha, color, size, turn = np.split(raw, np.cumsum([9*n, n, 3*n, 3*n]))
    at = (np.pad(at.reshape(n, 3, 3), ((0, 0), (0, 0), (1, 0))).copy().view('<i4')[..., 0] >> 8)/2**bits
    return dict(at=at, alpha=alpha/255, color=color.reshape(n, 3)/255, size=np.exp(size.reshape(n, 3)/16 - 10))


def read_glb(path):
    "The attributes of the one primitive of a binary glTF file, and the file's description"
    data = path.read_bytes()
    magic, version, whole, length, kind = struct.unpack('<4s3I4s', data[:20])
    assert (magic, version, whole, kind) == (b'glTF', 2, len(data), b'JSON') and length % 4 == 0
    about, (size, binary) = json.loads(data[20:20 + length]), struct.unpack('<I4s', data[20 + length:28 + length])
    assert binary == b'BIN\0' and size == whole - 28 - length == about['buffers'][0]['byteLength']
    res = {}
    for name, i in about['meshes'][0]['primitives'][0]['attributes'].items():
        a = about['accessors'][i]
        view, kind = about['bufferViews'][a['bufferView']], {5126: '<f4', 5121: 'u1'}[a['componentType']]
        many = dict(SCALAR=1, VEC3=3, VEC4=4)[a['type']]
        v = np.frombuffer(data, kind, a['count']*many, 28 + length + view.get('byteOffset', 0)).reshape(-1, many)
        res[name.rsplit(':')[-1]] = v/255 if a.get('normalized') else v
    return res, about


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
    assert sorted(o.name for o in (run/'export').iterdir()) == ['0001.splat', '0001.splat.origin.json', '0002.splat', '0003.splat']
    sizes = {(run/'export'/f'000{i}.splat').stat().st_size for i in (1, 2, 3)}
    assert len(sizes) == 1 and sizes.pop() % 32 == 0
    assert gha('export', run, '--capture', ball, '--frames', '0000:0000', '--out', tmp_path/'here').returncode == 0
    assert sorted(o.name for o in (tmp_path/'here').iterdir()) == ['0000.ply', '0000.ply.origin.json']


def test_sequence(ball, trained, tmp_path):
    "Names that players want, one number of splats, each its own moment"
    result = gha('export', trained, '--capture', ball, '--format', 'ply-sequence', '--out', tmp_path, '--colors', 'channels')
    assert result.returncode == 0, said(result)
    assert [o.name for o in tmp_path.iterdir() if o.suffix != '.ply'] == ['frame0001.ply.origin.json']  # one for all
    files = sorted(tmp_path.glob('*.ply'))
    assert [o.name for o in files] == [f'frame000{i}.ply' for i in (1, 2, 3, 4)]
    first, last = gaussians(files[0]), gaussians(files[-1])
    assert {len(gaussians(o)) for o in files} == {len(first)} and not torch.allclose(first.means, last.means)
    assert ((first.opacities > 0) & (first.opacities < 1)).all() and (first.scales > 0).all()


def test_spz_and_glb_say_the_same_as_ply(trained, avatar, tmp_path):
    files = {f: tmp_path/f'a.{f}' for f in ('ply', 'spz', 'glb')}
    for f, out in files.items():
        result = gha('export', trained, '--format', f, '--out', out, '--colors', 'channels')
        assert result.returncode == 0, said(result)
    g, spz, (glb, about) = gaussians(files['ply']), read_spz(files['spz']), read_glb(files['glb'])
    close = lambda a, b, eps: np.testing.assert_allclose(a, b, atol=eps, rtol=1e-4) # noqa: E731
    close(spz['at'], g.means, 1e-6), close(spz['alpha'], g.opacities, .5/255 + 1e-4)
    close(np.log(spz['size']), g.scales.log(), .5/16 + 1e-3), close((spz['color'] - .5)/.15*.28209479 + .5, g.features, .004)
    close(glb['POSITION'], g.means, 1e-6), close(glb['OPACITY'][:, 0], g.opacities, 1e-5), close(glb['SCALE'], g.scales, 1e-6)
    close(glb['SH_DEGREE_0_COEF_0']*.28209479 + .5, g.features, 1e-5)
    assert about['extensionsUsed'] == ['KHR_gaussian_splatting'] and about['meshes'][0]['primitives'][0]['mode'] == 0
    position = about['accessors'][0]
    close(position['min'], g.means.amin(0), 1e-6), close(position['max'], g.means.amax(0), 1e-6)
    for f in ('spz', 'glb'):
        options = '--space', 'viewer', '--colors', 'channels'
        assert gha('export', trained, '--format', f, '--out', tmp_path/f'v.{f}', *options).returncode == 0
    from gha_nb.geometry import to_canonical
    upright = to_canonical(g.means, avatar.neutral_pose, avatar.neutral_scale) # y up, the face towards z
    close(read_glb(tmp_path/'v.glb')[0]['POSITION'], upright, 1e-4), close(read_spz(tmp_path/'v.spz')['at'], upright, 1e-4)


@pytest.mark.slow
def test_another_program_reads_them(tmp_path):
    "PlayCanvas' splat-transform, from npm (200 MB): each file as it reads it, against the .ply; and its own glTF against ours"
    if 'GHA_NB_LONG' not in os.environ: pytest.skip('no other program read the files, which npm takes minutes to fetch: GHA_NB_LONG=1')
    if shutil.which('npm') is None: pytest.skip('the files were not read by another program: npm is not installed')
    install = ['npm', 'install', '--silent', '--no-fund', '--no-audit', '--prefix', tmp_path/'npm', '@playcanvas/splat-transform@2']
    fetched = subprocess.run(install, capture_output=True, timeout=600)
    if fetched.returncode: pytest.skip('the files were not read by another program: npm cannot fetch splat-transform')
    def turned(source, target):
        program = tmp_path/'npm'/'node_modules'/'.bin'/'splat-transform'
        done = subprocess.run([program, '-w', '-g', 'cpu', source, target], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and target.exists(), done.stdout + done.stderr
        return target
    def table(path):
        head, *rows = path.read_text().split('\n')
        v = np.loadtxt(io.StringIO('\n'.join(rows)), delimiter=',')
        return {n.strip('"'): v[:, i] for i, n in enumerate(head.split(','))}
    from gha_nb.export.splat_files import write_splats
    from gha_nb.raster.gaussians import Gaussians
    r, mine = torch.Generator().manual_seed(0), {}
    rand = lambda *shape: torch.rand(*shape, generator=r) # noqa: E731
    g = Gaussians(3*rand(300, 3) - 1, rand(300, 4) - .5, .01 + .1*rand(300, 3), .05 + .9*rand(300), rand(300, 3))
    for f in ('ply', 'splat', 'spz', 'sog', 'glb'):
        write_splats(g, tmp_path/f'a.{f}')
        if f != 'glb': mine[f] = table(turned(tmp_path/f'a.{f}', tmp_path/f'{f}.csv'))
    ply, spz = mine['ply'], mine['spz']
    assert {len(o['x']) for o in mine.values()} == {len(ply['x'])}
    flip = dict(x=1, y=-1, z=-1) # it takes .ply for y down and SPZ for y up, and answers with y down
    for k, sign in flip.items(): np.testing.assert_allclose(spz[k], sign*ply[k], atol=1e-5)
    for k in ('f_dc_0', 'f_dc_1', 'f_dc_2'): np.testing.assert_allclose(spz[k], ply[k], atol=.015)
    for k in ('scale_0', 'scale_1', 'scale_2'): np.testing.assert_allclose(spz[k], ply[k], atol=.5/16 + 1e-3)
    q = lambda o: np.stack([o[f'rot_{i}'] for i in range(4)], 1)/np.linalg.norm([o[f'rot_{i}'] for i in range(4)], axis=0)[:, None] # noqa: E731
    w, x, y, z = q(ply).T
    assert (np.abs((np.stack([w, x, -y, -z], 1)*q(spz)).sum(1)) > .9999).all() # an ellipsoid turned half about x
    sog = mine['sog'] # in another order, with the axes of a .ply
    at = lambda o: np.stack([o[k] for k in 'xyz'], 1) # noqa: E731
    same = np.abs(at(sog)[:, None] - at(ply)).sum(2).argmin(1)
    assert len({*same}) == len(same) and np.abs(at(sog) - at(ply)[same]).max() < 1e-4
    for k, eps in dict(f_dc_0=.03, scale_1=.05, opacity=.1).items(): np.testing.assert_allclose(sog[k], ply[k][same], atol=eps)
    assert (np.abs((q(sog)*q(ply)[same]).sum(1)) > .9999).all()
    theirs, ours = read_glb(turned(tmp_path/'a.ply', tmp_path/'b.glb'))[0], read_glb(tmp_path/'a.glb')[0]
    assert {*theirs} == {*ours}
    for k in ('SCALE', 'OPACITY', 'SH_DEGREE_0_COEF_0'): np.testing.assert_allclose(theirs[k], ours[k], atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(theirs['POSITION'], ours['POSITION']*[-1, -1, 1], atol=1e-5) # half a turn about z
    np.testing.assert_allclose(theirs['COLOR_0'], ours['COLOR_0'], atol=.01)


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
    refused(call('--capture', demo, '--frame', '0001'), 'coefficients')
    refused(call('--format', 'splat'), '.splat')
    refused(gha('export', trained, '--out', tmp_path/'x.obj'), '.ply')
    assert list(tmp_path.iterdir()) == []
    assert gha('export', trained, '--format', 'obj').returncode == 2
