"""Damaged files, drawn at random and repeatable: captures, runs, baked heads, tables, settings, camera paths, plans, designs,
performances, checkpoints, logs and scores; and what comes over the network to the servers and from a browser to the viewer

    python tests/fuzz.py --minutes 30 --out results/fuzz.json   # by hand; tests/test_fuzz.py takes a few of each kind
    python tests/fuzz.py --kind table --case 1234               # one case again, with its traceback

The invariant: whatever a file holds, the answer is a right result, a listed problem, or a `GhaError` of one line."""
import argparse, io, json, os, shutil, sys, tempfile, time, traceback, warnings
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np

os.environ.setdefault('GHA_NB_PROGRESS', '0')
os.environ.setdefault('GHA_NB_WEIGHTS', str(Path(__file__).parent/'no_weights')) # nothing is downloaded


# ---- damage

def pick(rng, items):
    items = list(items)
    return items[int(rng.integers(len(items)))]


def odd_value(rng):
    "A value that nobody expects"
    deep = []
    for _ in range(int(rng.integers(1, 40))): deep = [deep]
    return pick(rng, [None, True, False, -1, 0, 1, 2, 1e308, -1e9, 10**30, 10**400, 1e-300, float('nan'), float('inf'), '', 'x', '0',
                      'ü\0', '../..',
                      [], {}, [[]], [0], ['a', 'a'], {'part': 'x'}, deep, 'x'*300, list(range(50)), 0.5, 8192, 65536])


def odd_tree(rng, tree):
    "A JSON value with one place changed"
    places = []
    def walk(node, parent, key):
        places.append((parent, key))
        for k, v in (node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()): walk(v, node, k)
    walk(tree, None, None)
    parent, key = pick(rng, places)
    if parent is None: return odd_value(rng)
    way = pick(rng, ('replace', 'replace', 'delete', 'add', 'swap'))
    if way == 'delete': del parent[key]
    elif way == 'add' and isinstance(parent, dict): parent[pick(rng, ['', 'x', 'part', 'format', 'train_frames'])] = odd_value(rng)
    elif way == 'add': parent.insert(key, odd_value(rng))
    elif way == 'swap' and isinstance(parent, dict):
        other = pick(rng, parent)
        parent[key], parent[other] = parent[other], parent[key]
    else: parent[key] = odd_value(rng)
    return tree


def odd_bytes(rng, data):
    "Bytes that were copied badly"
    data, n = bytearray(data), len(data)
    way = pick(rng, ('cut', 'flip', 'flip', 'zero', 'insert', 'repeat', 'noise', 'empty'))
    at = int(rng.integers(n + 1))
    if way == 'cut': return bytes(data[:at])
    if way == 'empty': return b''
    if way == 'noise': return rng.bytes(int(rng.integers(1, 400)))
    if way == 'zero': data[at:at + int(rng.integers(1, 200))] = bytes(len(data[at:at + int(rng.integers(1, 200))]))
    if way == 'insert': data[at:at] = rng.bytes(int(rng.integers(1, 20)))
    if way == 'repeat': data[at:at] = data[:int(rng.integers(1, 200))]
    if way == 'flip' and n:
        for _ in range(int(rng.integers(1, 8))): data[int(rng.integers(n))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def odd_array(rng, array):
    "An array as another program might have saved it"
    way = pick(rng, ('nan', 'inf', 'huge', 'tiny', 'negative', 'zero', 'int', 'text', 'object', 'transposed', 'cut', 'scalar', 'empty',
                     'wrapped',
                     'complex', 'bool', 'shuffled', 'times', 'more'))
    a = np.array(array, np.float64)
    if way in ('nan', 'inf', 'huge', 'tiny'):
        a.flat[int(rng.integers(a.size))] = dict(nan=np.nan, inf=np.inf, huge=pick(rng, [1e5, 1e9, 1e39, 1e308]), tiny=1e-300)[way]
        return a
    return dict(negative=lambda: -a, zero=lambda: a*0, int=lambda: a.astype(np.int8), text=lambda: np.array(['a']),
                object=lambda: np.array([{}], object),
                transposed=lambda: a.T, cut=lambda: a[..., :-1], scalar=lambda: np.float64(1), empty=lambda: a[..., :0],
                wrapped=lambda: a[None, None],
                complex=lambda: a.astype(complex), bool=lambda: a > 0, shuffled=lambda: rng.permutation(a) if a.ndim else a,
                times=lambda: a*pick(rng, [.001, .1, 10, 1000, 57.3]), more=lambda: np.concatenate([np.atleast_1d(a)]*2))[way]()


def odd_content(rng, file):
    "What the file holds, changed; raises whatever a file raises that is damaged already"
    from PIL import Image
    if file.suffix == '.json': file.write_text(json.dumps(odd_tree(rng, json.loads(file.read_text()))))
    elif file.suffix == '.npy': np.save(file, odd_array(rng, np.load(file)))
    elif file.suffix == '.npz':
        with np.load(file) as o: arrays = dict(o)
        key = pick(rng, arrays)
        arrays |= {key: odd_array(rng, arrays[key])}
        if rng.random() < .1: del arrays[key]
        np.savez(file, **arrays)
    elif file.suffix == '.jpg':
        picture = np.asarray(Image.open(file))
        odd = dict(black=lambda: picture*0, white=lambda: picture | 255, flip=lambda: picture[::-1], cut=lambda: picture[:-1],
                   half=lambda: picture[::2, ::2],
                   noise=lambda: rng.integers(0, 256, picture.shape, np.uint8),
                   gray=lambda: picture.mean(-1).astype(np.uint8) if picture.ndim > 2 else
                   np.dstack([picture]*3), dim=lambda: picture//9)
        Image.fromarray(np.ascontiguousarray(odd[pick(rng, odd)]())).save(file, pick(rng, ('JPEG', 'PNG')))
    else: file.write_bytes(odd_bytes(rng, file.read_bytes()))


def odd_file(rng, file, others):
    "A file in another state"
    way = pick(rng, ('bytes', 'bytes', 'content', 'content', 'content', 'delete', 'folder', 'circle', 'broken link', 'swap', 'copy'))
    if way == 'content':
        try: odd_content(rng, file)
        except Exception: file.write_bytes(odd_bytes(rng, file.read_bytes()))
    elif way == 'bytes': file.write_bytes(odd_bytes(rng, file.read_bytes()))
    elif way == 'swap':
        other = pick(rng, others)
        a, b = file.read_bytes(), other.read_bytes()
        file.write_bytes(b)
        other.write_bytes(a)
    elif way == 'copy': file.write_bytes(pick(rng, others).read_bytes())
    else:
        file.unlink()
        if way == 'folder': file.mkdir()
        if way in ('circle', 'broken link'): file.symlink_to(file.name if way == 'circle' else 'nowhere')


# ---- what is fuzzed: a base that is made once, its damage, and what must hold afterwards

def make_capture(folder):
    from gha_nb.capture.writer import record_ball
    return record_ball(folder/'ball', frames=4, cameras=3, size=16)


def try_capture(rng, base, folder):
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.check import check_capture
    top = Path(shutil.copytree(base, folder/'ball'))
    files = sorted(o for o in top.rglob('*') if o.is_file())
    for _ in range(0 if rng is None else int(rng.integers(1, 4))):
        file = pick(rng, files)
        if file.is_file(): odd_file(rng, file, [o for o in files if o.is_file()])
    problems = check_capture(top, workers=1)
    if problems:
        assert all(p.problem and p.fix and '\n' not in str(p) for p in problems)
        json.dumps([(p.frame, p.camera, p.file, p.problem, p.fix) for p in problems])
        return 'listed problem'
    capture = Capture.read(top, check=False)
    for view in capture.views('all'):
        image, mask, visible = capture.targets(*view)
        assert image.shape == (3, 16, 16) and mask.shape == visible.shape == (1, 16, 16)
        camera = capture.camera(*view)
        assert camera.K.isfinite().all() and all(v.isfinite().all() for v in (*capture.tracking(view[0]), capture.landmarks(view[0])))
    from gha_nb.capture.diagnostics import diagnose
    diagnose(capture)
    return 'right result'


def small_avatar():
    import torch
    from gha_nb.avatar.avatar import AvatarConfig, HeadAvatar
    from gha_nb.training.presets import PRESETS
    preset = PRESETS['tiny']
    torch.manual_seed(0)
    avatar = HeadAvatar(AvatarConfig(3, (16, 16), preset.generator, replace(preset.upsampler), motion_rank=2, torso=True), 40, 68,
                        ('jawOpen', 'tongueOut', 'blink'))
    avatar.means.data.normal_(0, .5)
    avatar.landmarks.normal_(0, .5)
    avatar.log_scales.data.fill_(-2)
    return avatar.eval()


def make_run(folder): return small_avatar().save(folder/'run')


def draw(avatar):
    import torch
    from gha_nb.drive.reenactment import face_camera
    picture = avatar.render(face_camera(avatar), torch.zeros(avatar.n_expressions))
    assert tuple(picture.shape) == (*avatar.resolution[::-1], 3)
    return 'right result' if picture.isfinite().all() else 'undetected change of weights'


def try_run(rng, base, folder):
    from gha_nb.avatar.avatar import HeadAvatar
    top = Path(shutil.copytree(base, folder/'run'))
    files = sorted(o for o in top.rglob('*') if o.is_file())
    if rng is not None: odd_file(rng, top/'avatar.json' if rng.random() < .7 else pick(rng, files), files)
    return draw(HeadAvatar.load(top, device='cpu'))


def make_baked(folder):
    from gha_nb.export.baked import save_baked
    from gha_nb.export.baking import linear_head, rounded
    save_baked(rounded(linear_head(small_avatar(), None, 2)), folder/'head.baked', False)
    return folder/'head.baked'


def try_baked(rng, base, folder):
    from gha_nb.export.baked import load_baked
    file = Path(shutil.copy(base, folder/'head.baked'))
    data = file.read_bytes()
    if rng is None: pass
    elif rng.random() < .6: # the description, which stands in the header of a safetensors file
        size = int.from_bytes(data[:8], 'little')
        header = json.loads(data[8:8 + size])
        meta = header.get('__metadata__', {})
        key = pick(rng, meta) if meta else None
        try: meta[key] = json.dumps(odd_tree(rng, json.loads(meta[key])))
        except (KeyError, ValueError, TypeError): header = odd_tree(rng, header)
        try: text = json.dumps(header).encode()
        except (TypeError, ValueError): text = b'{}'
        file.write_bytes(len(text).to_bytes(8, 'little') + text + data[8 + size:])
    else: file.write_bytes(odd_bytes(rng, data))
    return draw(load_baked(file))


TABLES = {
    'csv': 'frame,time,jawOpen,tongueOut,pose_rx,pose_ry,pose_rz,scale\na,0,0,0,0,0,0,0.1\n'
           'b,0.04,0.5,0.1,0,0.1,0,0.1\nc,0.08,1,0,0,0.2,0,0.1\n',
    'german': 'sep=;\njawOpen;tongueOut\n0,5;0\n-1,5e-1;1\n',
    'phone': 'Timecode,BlendshapeCount,JawOpen,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw\n'
             '10:00:00:00.1,61,0,0,0,0,0\n10:00:00:01.1,61,0.5,0.1,0,0,0\n',
    'bare': '0;1;2\n3;4;5\n', 'list': '[{"jawOpen": 0, "time": 0}, {"jawOpen": 1, "time": 0.04}]', 'numbers': '[[0, 1], [2, 3]]',
    'nested': '{"names": ["jawOpen"], "metadata": {"fps": 30}, '
              '"frames": [{"weights": [0.1], "time": 0, "rotation": []}, {"weights": [1], "time": 1}]}',
    'deeper': '{"fps": 30, "frames": [{"blendshapes": {"jawOpen": 0}}, {"blendshapes": {"jawOpen": 1}}]}'}


def try_table(rng, base, folder):
    import torch
    from gha_nb.drive.performance import match_names, read_table
    from gha_nb.drive.reenactment import drive
    text = TABLES[pick(rng, TABLES) if rng is not None else 'phone']
    file = folder/('table.json' if text[0] in '[{' and rng.random() < .95 else 'table.csv')
    if rng is None: data = text.encode()
    elif text[0] in '[{' and rng.random() < .6: data = json.dumps(odd_tree(rng, json.loads(text))).encode()
    elif rng.random() < .5:
        cells = text.replace('\n', ',\n').split(',')
        for _ in range(int(rng.integers(1, 4))):
            cells[int(rng.integers(len(cells)))] = str(pick(rng, ['', 'nan', '1e400', '-', '1e8', '"', '0,1', 'x', '٣', '1_0', '0x1',
                                                                  '9'*400, 'jawOpen', 'time', '\0', ' 1 ']))
        data = ','.join(cells).replace(',\n', '\n').encode()
    else: data = odd_bytes(rng, text.encode(pick(rng, ('utf-8', 'utf-8', 'utf-16', 'latin-1'))))
    file.write_bytes(data)
    table = read_table(file)
    assert len(table) == len(table.frames) == len(table.expression) and table.expression.isfinite().all()
    assert table.fps is None or 0 < table.fps < float('inf')
    match_names(table.names, ('jawOpen', 'tongueOut') if table.names and not table.names[0].startswith('expression_') else table.names)
    driven = drive(base, table) if any(n.lower() in ('jawopen', 'tongueout') for n in table.names) or not table.names else []
    assert all(torch.isfinite(v).all() for frame in driven for v in frame)
    return 'right result'


def try_settings(rng, base, folder):
    from gha_nb.core import Settings, load_settings
    text = ('[DEFAULT]\ntoolkit = gha_nb\ndata = data\nruns = ~/runs\ncache = cache\ndevice = cpu\n'
            'precision = fp32\nthreads = 2\nviewer_port = 8080\n')
    lines = text.splitlines()
    for _ in range(0 if rng is None else int(rng.integers(1, 4))):
        i = int(rng.integers(len(lines)))
        key = lines[i].partition('=')[0]
        lines[i] = pick(rng, [f'{key}= {odd_value(rng)!s}', key, '', '[x]', lines[i]*2, f'{key} : ~nobody/x', 'devcie = cpu',
                              f'{key}= %(x)s', '\0', f'  {lines[i]}'])
    data = '\n'.join(lines).encode('utf-8', 'surrogatepass')
    (folder/'settings.ini').write_bytes(odd_bytes(rng, data) if rng is not None and rng.random() < .3 else data)
    assert isinstance(load_settings(folder), Settings)
    return 'right result'


def make_path(folder):
    from gha_nb.viewer import camera_path
    return camera_path


def try_path(rng, base, folder):
    key = base.KeyFrame(0., (0., 0., 1.), (1., 0., 0., 0.), 30., {'jawOpen': .1})
    text = base.path_json(base.CameraPath((key, replace(key, time=1.))))
    if rng is not None: text = json.dumps(odd_tree(rng, json.loads(text))) if rng.random() < .7 else odd_bytes(rng, text.encode())
    base.read_path(text)
    return 'right result'


def try_plan(rng, base, folder):
    from gha_nb.evaluation.ablation import read_plan
    text = json.dumps(dict(capture='demo', preset='tiny', steps=4, seeds=[0], runs={'plain': {}, 'no torso': {'torso': False}}))
    if rng is not None and rng.random() < .7: text = json.dumps(odd_tree(rng, json.loads(text)))
    elif rng is not None: text = odd_bytes(rng, text.encode()).decode('latin-1')
    (folder/'plan.json').write_text(text)
    read_plan(folder/'plan.json')
    return 'right result'


def odd_json(rng, text):
    "The text of a JSON file, changed; anything that came of it as bytes"
    return json.dumps(odd_tree(rng, json.loads(text))).encode() if rng.random() < .7 else odd_bytes(rng, text.encode())


def try_design(rng, base, folder):
    from dataclasses import asdict
    from gha_nb.studio.design import Design, design_groups, load_design, save_design
    save_design(Design().changed(tone=.8), folder/'ada.json')
    if rng is not None: (folder/'ada.json').write_bytes(odd_json(rng, (folder/'ada.json').read_text()))
    design = load_design(folder/'ada.json')
    values = [v for v in asdict(design).values() if isinstance(v, int | float)]
    assert np.isfinite(values).all() and design_groups()
    for _ in range(2): # what is zero may be left out once
        save_design(design, folder/'again.json')
        before, design = design, load_design(folder/'again.json')
    assert design == before
    return 'right result'


def try_performance(rng, base, folder):
    from gha_nb.drive.performance import Performance
    from gha_nb.drive.performance_file import read_performance, write_performance
    import torch
    file, still = folder/'a.performance.json', torch.arange(6.).reshape(3, 2)/6
    write_performance(Performance('me', ('a', 'b', 'c'), ('jawOpen', 'blink'), still, pose=torch.zeros(3, 6), fps=25., neutral='a'), file)
    if rng is not None: file.write_bytes(odd_json(rng, file.read_text()))
    read = read_performance(file)
    assert len(read.frames) == len(read.expression) and read.expression.isfinite().all()
    return 'right result'


def make_checkpoint(folder): # of a training that took three steps
    from gha_nb.capture.capture import Capture
    from gha_nb.training.training import train
    capture = Capture.read(make_capture(folder), check=False)
    train(capture, folder/'run', 'tiny', steps=3, init='cloud', progress=False, device='cpu')
    return capture, folder/'run'


def try_checkpoint(rng, base, folder):
    import torch
    from gha_nb.training.presets import find_preset, with_start
    from gha_nb.training.run import Budget, Run, newest_checkpoint, restore, trained_on
    capture, made = base
    out = Path(shutil.copytree(made, folder/'run'))
    top = next((out/'checkpoints').iterdir())
    files = sorted(top.iterdir())
    about = top/'state.json'
    if rng is not None and rng.random() < .6: about.write_text(json.dumps(odd_tree(rng, json.loads(about.read_text()))))
    elif rng is not None: odd_file(rng, pick(rng, files), files)
    run = Run(capture, with_start(find_preset('tiny'), 'cloud'), out, Budget(steps=3), trained_on=trained_on(capture))
    with redirect_stdout(io.StringIO()):
        if (found := newest_checkpoint(out)) is None: return 'passed over'
        restore(run, *found)
    assert isinstance(run.step, int) and run.step >= 0 and all(isinstance(v, torch.Tensor) for v in run.stage.state().values())
    return 'right result'


def make_report(folder): # the run, and its capture
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.evaluation.metrics import evaluate, write_metrics
    capture, run = make_checkpoint(folder)
    write_metrics(run, evaluate(HeadAvatar.load(run, device='cpu'), capture, split='test'))
    return capture, run


def try_report(rng, base, folder): # run.json, metrics.json, logs, previews
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.evaluation.report import write_report
    from gha_nb.core import GhaError
    from gha_nb.training.training import Log
    capture, made = base
    out = Path(shutil.copytree(made, folder/'run'))
    files = [o for o in sorted(out.rglob('*')) if o.is_file() and o.name[:6] != 'avatar' and 'checkpoints' not in o.parts]
    words = [o for o in files if o.suffix in ('.json', '.jsonl')]
    if rng is not None: odd_file(rng, pick(rng, words if rng.random() < .8 else files), files)
    page = write_report(out, capture, avatar=HeadAvatar.load(made, device='cpu')).read_text()
    assert page.startswith('<') and '</html>' in page
    try: log = Log(out/'log.jsonl', 3)
    except GhaError: return 'right result' # of the page
    log.add(dict(loss=1.))
    assert (out/'log.jsonl').exists()
    return 'right result'


def make_web(folder): # a page of a live session that is open to the network, behind its token and behind the guard
    from gha_nb.access import Access, Guard
    from gha_nb.live.outputs import make_output
    window = make_output('window', host='127.0.0.1', port=0, say=None)
    opened = make_output('window', host='0.0.0.0', port=0, say=None)
    return window, opened, Guard('127.0.0.1', 0, window.port, Access('the-token', 'gha_nb_fuzz'))


def try_web(rng, base, folder):
    import socket
    window, opened, guard = base
    port = pick(rng, (window.port, opened.port, guard.port)) if rng is not None else window.port
    lines = ['GET /numbers HTTP/1.1', f'Host: 127.0.0.1:{port}', 'Cookie: gha_nb_fuzz=no', 'X-Live: 1', 'Content-Length: 3']
    if rng is not None:
        lines[0] = pick(rng, ['GET', 'POST', 'HEAD', 'get', 'PUT', '']) + ' ' + pick(rng, [
            '/', '/numbers', '/stop', '/calibrate', '/offer', '//x', '/%2e%2e/%2e%2e/etc/passwd', '/?token=the-tokem', '*',
            'http://x/', '/' + 'a'*9000,
            '/../../etc/passwd', '/page.js?x=%zz']) + pick(rng, [' HTTP/1.1', ' HTTP/1.0', ' HTTP/9', ''])
        for _ in range(int(rng.integers(0, 4))):
            lines[int(rng.integers(1, len(lines)))] = pick(rng, [
                'Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: -1', 'Content-Length: 9e9', 'Content-Length: 99999999',
                'Cookie: ' + 'a=b; '*200, 'Host: evil.example', 'Origin: null', 'Transfer-Encoding: chunked',
                f'X-Odd: {str(odd_value(rng))[:500]}',
                'Cookie: gha_nb_fuzz="', ' folded', 'Host', 'Sec-WebSocket-Key: x'])
    data = '\r\n'.join([*lines, '', 'abc']).encode('utf-8', 'surrogatepass')
    if rng is not None and rng.random() < .3: data = odd_bytes(rng, data)
    answer = b''
    with socket.create_connection(('127.0.0.1', port), 10) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while len(answer) < 1 << 20 and (part := s.recv(65536)): answer += part
        except OSError: pass  # it has closed the connection already
    status = int(answer[9:12]) if answer[:5] == b'HTTP/' else 0
    assert b'Traceback' not in answer and b'root:' not in answer, answer
    if port != window.port: assert not 200 <= status < 400, answer # nobody had the token
    import urllib.request
    assert urllib.request.urlopen(f'{window.address}/numbers', timeout=10).status == 200
    return 'right result' if 200 <= status < 300 else 'refused'


def make_viewer(folder):
    from gha_nb.capture.capture import Capture
    from gha_nb.viewer.page import open_server
    from gha_nb.viewer.viewer import Viewer
    from gha_nb.training.training import train
    capture = Capture.read(make_capture(folder), check=False)
    avatar = train(capture, folder/'run', 'tiny', steps=1, init='cloud', progress=False, device='cpu')
    viewer = Viewer(avatar, capture, open_server('127.0.0.1', 0, lambda text: None), folder/'run')
    viewer.ends = {k: h._impl.value for k, h in viewer.server.gui._gui_input_handle_from_uuid.items()}
    return viewer


def try_message(rng, viewer, folder): # what a browser says to the viewer
    import asyncio
    from websockets.sync.client import connect
    from msgspec.msgpack import encode
    import viser
    gui, before = viewer.server.gui, sorted(viewer.path.folder.rglob('*')) if viewer.path.folder else []
    camera = dict(type='ViewerCameraMessage', wxyz=[1., 0, 0, 0], position=[0., 0, 3], fov=.5, near=.01, far=100., image_height=48,
                  image_width=64, look_at=[0., 0, 0], up_direction=[0., 1, 0])
    messages = [camera]
    for _ in range(0 if rng is None else int(rng.integers(1, 4))):
        uuid = pick(rng, viewer.ends)
        small, update = lambda: odd_value(rng), lambda value, uuid=uuid: dict(type='GuiUpdateMessage', uuid=uuid, updates=dict(value=value))
        messages.append(pick(rng, [
            update(small()), update(small()), update(pick(rng, [0., 1., -1e9, 1e300, float('nan'), True, 'x', [0., 1.], 'all', '../x'])),
            odd_tree(rng, dict(camera)), dict(camera, position=[float('nan')]*3), dict(camera, fov=0.), dict(camera, image_width=10**6),
            dict(type='ScenePointerMessage', event_type='click', ray_origin=[0., 0, 3], ray_direction=[0., 0, float('nan')],
                 screen_pos=[[.5, .5]]),
            dict(type='FileTransferStartUpload', source_component_uuid=uuid, transfer_uuid='a', filename='../../x.json', mime_type='x',
                 part_count=1, size_bytes=4),
            dict(type='FileTransferPart', source_component_uuid=uuid, transfer_uuid='a', part_index=0, content=b'{}{}'),
            dict(type=pick(rng, ['GuiUpdateMessage', 'ShareUrlRequest', 'GuiFormSubmitMessage', 'nothing', 'SceneNodeClickMessage']))]))
    said = io.StringIO()
    speaks = dict(subprotocols=[f'viser-v{viser.__version__}'], open_timeout=10, close_timeout=.2, max_size=None)
    with redirect_stderr(said), connect(f'ws://127.0.0.1:{viewer.server.get_port()}', **speaks) as s:
        try:
            for o in messages:
                try: data = encode(o)
                except Exception: data = repr(o).encode() # what msgpack has no word for
                s.send(odd_bytes(rng, data) if rng is not None and rng.random() < .15 else data)
            time.sleep(.02)
            for _ in range(4): viewer.step(.02)
        except Exception as e:
            if not type(e).__module__.startswith('websockets'): raise
    trouble = bool(viewer.error)
    for uuid, value in viewer.ends.items(): # as it was
        handle = gui._gui_input_handle_from_uuid[uuid]
        if type(handle._impl.value) is not type(value) or handle._impl.value != value: handle._impl.value = value
    viewer.jobs.clear()
    viewer.changed()
    viewer.step(1.)
    assert not viewer.error, viewer.error
    new = [o for o in (sorted(viewer.path.folder.rglob('*')) if viewer.path.folder else []) if o not in before]
    assert all(o.suffix in ('.json', '.mp4') or o.is_dir() for o in new), new
    assert not list(folder.iterdir())
    assert asyncio.run_coroutine_threadsafe(asyncio.sleep(0), viewer.server._websock_server._background_event_loop).result(5) is None
    return 'shown in the panel' if trouble else 'right result'


KINDS = {'capture': (make_capture, try_capture), 'run': (make_run, try_run), 'baked': (make_baked, try_baked),
         'table': (lambda folder: small_avatar(), try_table), 'settings': (lambda folder: None, try_settings),
         'path': (make_path, try_path), 'plan': (lambda folder: None, try_plan), 'design': (lambda folder: None, try_design),
         'performance': (lambda folder: None, try_performance), 'checkpoint': (make_checkpoint, try_checkpoint),
         'report': (make_report, try_report), 'web': (make_web, try_web), 'message': (make_viewer, try_message)}
RARE = {'report': 8, 'message': 8}  # slow ones: every so many rounds
CLOSE = {'web': lambda base: [o.close() for o in base], 'message': lambda base: base.close()}


def one_case(kind, base, seed, number): # what came out, and the traceback of what must not
    from gha_nb.core import GhaError
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        rng = None if number < 0 else np.random.default_rng((seed, list(KINDS).index(kind), number)) # below 0: nothing is damaged
        try: res, trace = KINDS[kind][1](rng, base, Path(folder)), ''
        except GhaError as e: res, trace = ('GhaError', '') if str(e) else ('an error without words', traceback.format_exc())
        except Exception: res, trace = 'FAILURE', traceback.format_exc()
    return ('FAILURE', f'took {time.monotonic() - began:.0f} s') if time.monotonic() - began > 20 and not trace else (res, trace)


def fuzz(kinds, seed=0, minutes=None, cases=None, say=print): # counts by kind and outcome; failures as (kind, number, traceback)
    counts, failures = {k: Counter() for k in kinds}, []
    with tempfile.TemporaryDirectory() as folder:
        bases, began, number = {k: KINDS[k][0](Path(tempfile.mkdtemp(dir=folder))) for k in kinds}, time.monotonic(), 0
        for kind in kinds:
            if (whole := one_case(kind, bases[kind], seed, -1))[0] != 'right result': failures.append((kind, -1, whole[1] or whole[0]))
        while (cases is None or number < cases) and (minutes is None or time.monotonic() - began < 60*minutes):
            for kind in kinds:
                if len(kinds) > 1 and number % RARE.get(kind, 1): continue
                res, trace = one_case(kind, bases[kind], seed, number)
                counts[kind][res] += 1
                if trace:
                    failures.append((kind, number, trace))
                    say(f'--- {kind} --case {number} --seed {seed}\n{trace[-1500:]}')
            number += 1
        for kind in kinds: CLOSE.get(kind, lambda base: None)(bases[kind])
    return counts, failures


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kind', choices=KINDS, help='only this one')
    parser.add_argument('--case', type=int, help='only this case of one kind')
    parser.add_argument('--out', type=Path, help='JSON file for the counts')
    args = parser.parse_args()
    kinds = [args.kind] if args.kind else list(KINDS)
    if args.case is not None:
        print(*one_case(args.kind, KINDS[args.kind][0](Path(tempfile.mkdtemp())), args.seed, args.case), sep='\n')
        sys.exit()
    counts, failures = fuzz(kinds, args.seed, args.minutes)
    report = dict(seed=args.seed, minutes=args.minutes, cases=sum(sum(c.values()) for c in counts.values()), failures=len(failures),
                  kinds={k: dict(sorted(c.items())) for k, c in counts.items()})
    print(json.dumps(report, indent=1))
    if args.out: args.out.write_text(json.dumps(report, indent=1) + '\n')
    sys.exit(bool(failures))
