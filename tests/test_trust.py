"What leaves is marked, what is claimed is verified, and what is malformed is refused in one line"
import ast, json, random

import numpy as np
import pytest
from conftest import gha, root, said
from PIL import Image

from gha_nb.avatar.avatar import HeadAvatar
from gha_nb.core import CheckpointError, GhaError
from gha_nb.trust.consent import Consent, ConsentError, parse_terms, read_consent, revoked_list, terms_of, write_consent
from gha_nb.trust.forget import find_made
from gha_nb.trust.inspection import inspect_file
from gha_nb.trust.lineage import Origin, baked_header, lineage_of_run, parse_origin
from gha_nb.trust.marking import Marking, marked_video, write_picture
from gha_nb.trust.provenance import Claims, have_trust, read_manifest, read_sidecar, sidecar_of, write_sidecar

needs_trust = pytest.mark.skipif(not have_trust(), reason='the extra [trust] is not installed')
origin = Origin('ab'*32, 'cd'*32, terms_of(Consent(subject='Ada', how='paper', given='2026-11-27', salt='0'*32)))


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('GHA_NB_TRUST', str(tmp_path_factory.getbasetemp()/'trust'))


# who calls something that may write a picture or a video, and why it does not go through the gateway
GATEWAY = {'trust.marking.write_picture.write', 'trust.marking.marked_video'}
SEALED = {'live.outputs.FileOutput.__call__'}  # encodes by itself, in real time; the session marks its pictures, and it calls `seal`
REASONS = {
    'avatar.avatar': 'numbers', 'avatar.avatar.save_avatar': 'numbers', 'capture.writer.CaptureWriter._write_params': 'numbers',
    'export.baked.save_baked': 'numbers',
    'export.web.PageMark.of': 'the pattern of the mark', 'readers.reading.open_capture': 'numbers', 'tracking.tracker.kept': 'numbers',
    'fleet.fleet.Board.__enter__': 'a table of runs', 'fleet.fleet.Board.__exit__': 'a table of runs',
    'fleet.fleet.Board.watch': 'a table of runs', 'fleet.head.make_thumbnail': 'a run preview',
    'capture.writer.CaptureWriter._write_pictures': 'a capture: what a camera saw', 'readers.reading.make_masks': 'masks of a capture',
    'studio.phone_clip.write_video': 'a film of the studio that stands for a recording: no avatar',
    'evaluation.pictures.as_svg': 'curves inside a report', 'evaluation.pictures.data_uri': 'inside a report, which says what it is',
    'tracking.coverage.inline': 'inside a report on a recording', 'training.run.Run.save_picture': 'a preview of a training, in the run',
    'notebook.designer.Designer.people_tab': 'a design', 'notebook.designer.Designer.draw': 'shown in a cell: a studio head',
    'notebook.designer.Designer._repr_mimebundle_': 'shown in a cell: a studio head', 'notebook.timeline.TimelinePanel.buttons': 'numbers',
    'notebook.widgets.png_bytes': 'shown in a cell', 'notebook.widgets.small_png': 'shown in a cell',
    'live.outputs.jpeg': 'shown in a window; marked by the session', 'viewer.design_panel.DesignPanel.build_people': 'a design',
    'viewer.design_panel.DesignPanel.build_people._': 'a design', 'viewer.filming.PathTab.__init__': 'a camera path',
    'viewer.timeline.TimelineTab.__init__': 'numbers',
}
writing = {'save', 'savefig', 'imsave', 'imwrite', 'mimsave', 'get_writer', 'write_frames', 'VideoWriter', 'print_png'}


def writers():
    "Functions that call, or hand on, something with the name of a writer, or that name a video codec"
    found = set()

    def look(node, place):
        for child in ast.iter_child_nodes(node):
            inner = f'{place}.{child.name}' if isinstance(child, ast.FunctionDef | ast.ClassDef) else place
            called = child.func.id if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) else None
            if called in writing or isinstance(child, ast.Attribute) and child.attr in writing: found.add(place)
            if isinstance(child, ast.Constant) and isinstance(child.value, str) and 'libx264' in child.value: found.add(place)
            look(child, inner)

    for file in (root/'gha_nb').rglob('*.py'):
        look(ast.parse(file.read_text()), '.'.join(file.relative_to(root/'gha_nb').with_suffix('').parts))
    return found


def test_every_writer_is_known():
    "A new place that writes a picture goes through `trust.marking`, or says here why not; nothing is listed that is gone"
    found = writers()
    assert found - GATEWAY - SEALED - set(REASONS) == set(), 'write it through gha_nb.trust.marking'
    assert (GATEWAY | SEALED | set(REASONS)) - found == set(), 'listed, and not there any more'


@pytest.mark.parametrize('module,gate', [('drive/reenactment', 'marked_video'), ('drive/reenactment', 'seal'), ('live/outputs', 'seal'),
                                         ('viewer/camera_path', 'marked_video'), ('commands/runs', 'write_picture'),
                                         ('export/splat_files', 'note_beside'), ('export/baking', 'note_beside'),
                                         ('export/web', 'note_beside'), ('training/training', 'note_beside'),
                                         ('live/session', 'Marker')])
def test_paths_use_the_gateway(module, gate):
    calls = [o.func.id for o in ast.walk(ast.parse((root/'gha_nb'/f'{module}.py').read_text()))
             if isinstance(o, ast.Call) and isinstance(o.func, ast.Name)]
    assert gate in calls


@pytest.mark.parametrize('module,use', [('training/training', 'train'), ('export/baking', 'bake'), ('export/splat_files', 'export'),
                                        ('export/web', 'export'), ('drive/talk', 'speak'), ('live/outputs', 'live')])
def test_paths_ask_for_consent(module, use):
    asked = {p.value for o in ast.walk(ast.parse((root/'gha_nb'/f'{module}.py').read_text())) if isinstance(o, ast.Call)
             and isinstance(o.func, ast.Name) and o.func.id in ('permit', 'allowed') for p in o.args if isinstance(p, ast.Constant)}
    assert use in asked


@pytest.fixture(scope='module')
def media(tmp_path_factory):
    "A signed picture of each kind and a signed video"
    home, r = tmp_path_factory.mktemp('media'), np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GHA_NB_TRUST', str(tmp_path_factory.getbasetemp()/'trust'))
        y, x = np.mgrid[:96, :96]
        picture = (np.stack([2*x, 2*y, x + y], -1) + r.integers(0, 60, (96, 96, 3))).clip(0, 255).astype(np.uint8)
        marking = Marking('render', origin, say=lambda text: None)
        files = [write_picture(home/name, picture, marking) for name in ('a.png', 'a.jpg')]
        with marked_video(home/'a.mp4', 10, marking, 'a.mp4') as add:
            for i in range(3): add(np.roll(picture, i, 0))
    return [*files, home/'a.mp4']


@needs_trust
def test_any_reader_verifies_it(media):
    "The reader of the package without any of our settings: valid, but for a signer that it does not know"
    from c2pa import Reader
    for file in media:
        with Reader(str(file)) as reader: state, text = reader.get_validation_state(), reader.json()
        assert state == 'Valid' and 'trainedAlgorithmicMedia' in text and 'signingCredential.untrusted' in text
        found = read_manifest(file)
        assert found.valid and found.ours and found.claims['avatar'] == origin.avatar and len(found.claims['watermark']) == 16


@needs_trust
def test_one_byte(media, tmp_path):
    "Any byte of the pixels that is changed is noticed"
    for file in media:
        data, r = bytearray(file.read_bytes()), random.Random(1)
        start = {'.png': b'IDAT', '.jpg': b'\xff\xda', '.mp4': b'mdat'}[file.suffix]
        at = data.rindex(start) + 16 + r.randrange(100)
        data[at] ^= 1 << r.randrange(8)
        (tmp_path/file.name).write_bytes(data)
        found = read_manifest(tmp_path/file.name)
        assert not found.valid and found.claims is None and found.faults


@needs_trust
def test_malformed_media(media, tmp_path):
    "120 damaged files: no exception but our own, and whatever is called valid says what was signed"
    r, true = random.Random(2), read_manifest(media[0]).claims
    for i in range(120):
        source = media[i % 3]
        data = bytearray(source.read_bytes())
        kind = i // 3 % 4
        if kind == 0: data = data[:r.randrange(len(data))]
        elif kind == 1:
            for _ in range(r.choice([1, 4, 30])): data[r.randrange(len(data))] = r.randrange(256)
        elif kind == 2: # in the manifest itself
            start = data.find(b'jumb')
            for _ in range(r.choice([1, 3])): data[start + r.randrange(6000) if start + 6000 < len(data) else r.randrange(len(data))] ^= 255
        else: a = r.randrange(len(data)); data[a:a] = bytes(r.randrange(256) for _ in range(r.randrange(1, 40)))
        (tmp_path/f'{i}{source.suffix}').write_bytes(data)
        found = read_manifest(tmp_path/f'{i}{source.suffix}')
        if found is not None and found.valid: assert found.claims == true and not found.faults
        elif found is not None: assert found.claims is None and found.faults
        if i % 12 == 0:
            try: inspect_file(tmp_path/f'{i}{source.suffix}')
            except GhaError as e: assert '\n' not in str(e)


def damaged(value, r):
    "A value of JSON with something in it changed"
    odd = [None, True, -1, 1e400, 'x', '', [], {}, ['x'], {'a': 1}, 'x'*3000, '2026-13-01', '\x00', 10**30]
    if isinstance(value, dict) and value and r.random() < .8:
        k = r.choice(list(value))
        change = r.random()
        if change < .15: return {a: b for a, b in value.items() if a != k}
        if change < .25: return value | {k + 'x': value[k]}
        return value | {k: damaged(value[k], r)}
    if isinstance(value, list) and value and r.random() < .6: return [damaged(o, r) for o in value]
    return r.choice(odd)


def test_malformed_records(tmp_path):
    "100 damaged consent records: refused with the file's name, or still a whole record; never an exception of Python's"
    r, good = random.Random(3), Consent(subject='Ada', recorder='me', how='paper', given='2026-11-27', until='2999-01-01', salt='0'*32,
                                        evidence=dict(file='a.pdf', sha256='0'*64)).to_json()
    refused = 0
    for i in range(100):
        text = json.dumps(damaged(good, r), indent=1)
        if i % 4 == 0: text = text[:r.randrange(len(text))]
        if i % 10 == 9: text = text.replace('"nobody": false', '"nobody": false,\n "nobody": true', 1)
        (tmp_path/'consent.json').write_bytes(text.encode() if i % 7 else b'\xff\xfe' + text.encode())
        try: found = read_consent(tmp_path)
        except ConsentError as e:
            assert 'consent.json' in str(e) and '\n' not in str(e)
            refused += 1
        else: assert found is None or parse_terms(terms_of(found).to_json(), 'x') == terms_of(found)
    assert refused > 80
    for deep in ('['*100000, '{"a":'*50000, 'NaN', '"x"', ''):
        (tmp_path/'consent.json').write_text(deep)
        with pytest.raises(ConsentError): read_consent(tmp_path)


def test_malformed_origins(tmp_path, monkeypatch):
    "100 damaged descriptions: of runs, bakes, files beside exports, the list of revoked consents"
    r = random.Random(4)
    monkeypatch.setenv('GHA_NB_TRUST', str(tmp_path/'trust'))
    (tmp_path/'head.splat').write_bytes(b'splats')
    write_sidecar(tmp_path/'head.splat', Claims('export', origin), say=lambda text: None)
    good, run = json.loads(sidecar_of(tmp_path/'head.splat').read_text()), tmp_path/'run'
    run.mkdir()
    for _ in range(100):
        value = damaged(origin.to_json(), r)
        try: parse_origin(json.loads(json.dumps(value)), 'avatar.json')
        except GhaError as e: assert 'avatar.json' in str(e) and '\n' not in str(e)
        (run/'avatar.json').write_text(json.dumps(dict(kind='gha_nb avatar', origin=value)))
        found = lineage_of_run(run)
        assert found is None or found.capture in (None, origin.capture)
        header = json.dumps(dict(__metadata__=damaged(dict(gha_nb=json.dumps(dict(origin=value))), r))).encode()
        (tmp_path/'x.baked').write_bytes(len(header).to_bytes(8, 'little') + header[:r.choice([len(header), r.randrange(len(header))])])
        assert isinstance(baked_header(tmp_path/'x.baked'), dict)
        changed = damaged(good, r)
        sidecar_of(tmp_path/'head.splat').write_text(json.dumps(changed))
        beside = read_sidecar(tmp_path/'head.splat')
        assert changed == good or not beside.valid and beside.claims is None
        (tmp_path/'trust').mkdir(exist_ok=True)
        (tmp_path/'trust'/'revoked.json').write_text(json.dumps(damaged({'a'*64: '2026-01-01', 'b'*64: '2026-01-01'}, r)))
        try: assert all(len(k) == 64 for k in revoked_list())
        except ConsentError as e: assert 'revoked.json' in str(e)
        assert all(o.place != run for o in find_made('ee'*32, [tmp_path]).made)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    "An avatar that nobody trained"
    from gha_nb.avatar.avatar import AvatarConfig
    avatar, folder = HeadAvatar(AvatarConfig(expressions=2), 30, 5), tmp_path_factory.mktemp('runs')/'head'
    ada = Consent(subject='Ada', how='paper', given='2026-11-27', salt='0'*32, excluded=('speak',))
    avatar.origin = Origin(None, 'cd'*32, terms_of(ada))
    avatar.save(folder)
    return folder


def test_terms_travel_and_are_heeded(run, tmp_path):
    "What the record excludes is refused with file and line; what it allows carries it on"
    assert HeadAvatar.load(run).origin.terms.excluded == ('speak',)
    result = gha('speak', run, 'hello', '--out', tmp_path/'x.mp4')
    text = (run/'avatar.json').read_text()
    line = next(i for i, o in enumerate(text.splitlines(), 1) if '"speak"' in o and i > next(
        j for j, p in enumerate(text.splitlines(), 1) if '"excluded"' in p))
    assert result.returncode == 1 and f'avatar.json, line {line}, excluded' in result.stderr, said(result)
    assert not (tmp_path/'x.mp4').exists()
    result = gha('export', run, '--out', tmp_path/'x.ply', '--colors', 'channels')
    assert result.returncode == 0, said(result)
    claims = json.loads(sidecar_of(tmp_path/'x.ply').read_text())['claims']
    assert claims['consent']['excluded'] == ['speak'] and claims['capture'] == 'cd'*32 and 'Ada' not in json.dumps(claims)


def test_without_a_record(run, tmp_path):
    "An avatar of an earlier version works and says so; with `consent = required` it does not"
    about = json.loads((run/'avatar.json').read_text())
    about.pop('origin')
    old = tmp_path/'old'
    old.mkdir()
    (old/'avatar.json').write_text(json.dumps(about))
    (old/'avatar.safetensors').write_bytes((run/'avatar.safetensors').read_bytes())
    assert HeadAvatar.load(old).origin.terms.state == 'not recorded'
    result = gha('export', old, '--out', tmp_path/'x.ply', '--colors', 'channels')
    assert result.returncode == 0, said(result)
    assert json.loads(sidecar_of(tmp_path/'x.ply').read_text())['claims']['consent'] == 'not recorded'
    result = gha('export', old, '--out', tmp_path/'y.ply', '--colors', 'channels', GHA_NB_CONSENT='required')
    assert result.returncode == 1 and 'consent = required' in result.stderr and not (tmp_path/'y.ply').exists(), said(result)
    about['origin'] = dict(capture='no')
    (old/'avatar.json').write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match='the origin is damaged'): HeadAvatar.load(old)


def test_a_record_refuses_training(ball, tmp_path):
    import shutil
    capture = shutil.copytree(ball, tmp_path/'ball')
    write_consent(capture, Consent(subject='Ada', recorder='me', how='paper', excluded=('train',)))
    result = gha('train', capture, '--out', tmp_path/'run', '--preset', 'tiny', '--steps', '2')
    assert result.returncode == 1 and 'consent.json, line' in result.stderr and not (tmp_path/'run').exists(), said(result)
    Image.new('RGB', (70, 70), 'grey').save(tmp_path/'grey.png')
    found = json.loads(gha('inspect', tmp_path/'grey.png', '--json').stdout)
    assert found['manifest'] is None and found['watermark'] is None
