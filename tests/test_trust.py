"What leaves is marked, what is claimed is verified, and what is malformed is refused in one line"
import ast, json, random
from collections import Counter

import malformed
import pytest
from conftest import gha, root, said
from PIL import Image

from gha_nb.avatar.avatar import HeadAvatar
from gha_nb.core import CheckpointError
from gha_nb.trust.consent import Consent, ConsentError, read_consent, terms_of, write_consent
from gha_nb.trust.lineage import Origin
from gha_nb.trust.provenance import have_trust, read_manifest, sidecar_of

needs_trust = pytest.mark.skipif(not have_trust(), reason='the extra [trust] is not installed')
origin = malformed.origin


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('GHA_NB_TRUST', str(tmp_path_factory.getbasetemp()/'trust'))


# who calls something that may write a picture or a video, and why it does not go through the gateway
GATEWAY = {'trust.marking.write_picture.write', 'trust.marking.marked_video'}
SEALED = {'live.outputs.FileOutput.__call__'}  # encodes by itself, in real time; the session marks its pictures, and it calls `seal`
REASONS = {
    'avatar.avatar': 'numbers', 'avatar.avatar.save_avatar': 'numbers', 'capture.writer.CaptureWriter._write_params': 'numbers',
    'export.baked.save_baked': 'numbers', 'export.sog.webp': 'numbers of splats, packed like a picture; the file has a sidecar',
    'export.web.PageMark.of': 'the pattern of the mark', 'readers.reading.open_capture': 'numbers', 'tracking.tracker.kept': 'numbers',
    'fleet.fleet.Board.__enter__': 'a table of runs', 'fleet.fleet.Board.__exit__': 'a table of runs',
    'fleet.fleet.Board.watch': 'a table of runs', 'fleet.head.make_thumbnail': 'a run preview',
    'capture.writer.CaptureWriter._write_pictures': 'a capture: what a camera saw', 'readers.reading.make_masks': 'masks of a capture',
    'studio.phone_clip.write_video': 'a film of the studio that stands for a recording: no avatar',
    'evaluation.pictures.as_svg': 'curves inside a report',
    'evaluation.pictures.data_uri': 'inside a report, which marks what the avatar rendered',
    'tracking.coverage.inline': 'inside a report on a recording',
    'training.run.Run.save_picture': 'a preview of a training, in the run: a half-learned avatar beside the truth, for whom trains it',
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
                                         ('live/session', 'Marker'), ('evaluation/report', 'Marker'),
                                         ('evaluation/nersemble', 'marked_video')])
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GHA_NB_TRUST', str(tmp_path_factory.getbasetemp()/'trust'))
        return malformed.make_media(tmp_path_factory.mktemp('media'))


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


@pytest.mark.parametrize('kind,count', [pytest.param('manifest', 60, marks=needs_trust), pytest.param('video', 6, marks=needs_trust),
                                        ('record', 60), ('description', 40)])
def test_malformed(media, kind, count):
    "Damaged files and records: refused in a line, or as they were signed (`tests/malformed.py` has more of each)"
    outcomes = Counter(malformed.try_case(kind, i, media, seed=1) for i in range(count))
    assert len(outcomes) > 1 and outcomes['refused'] + outcomes['not valid'] > count/4


def test_records_too_deep_to_be_read(tmp_path):
    for deep in ('['*100000, '{"a":'*50000, 'NaN', '"x"', ''):
        (tmp_path/'consent.json').write_text(deep)
        with pytest.raises(ConsentError): read_consent(tmp_path)


def test_campaign():
    "What issue 23 asks for: 300 of each kind, and nothing went wrong"
    found = json.loads((root/'results'/'malformed.json').read_text())
    assert set(found['kinds']) == set(malformed.KINDS) and not found['failures']
    assert all(sum(o.values()) >= 300 and 'FAILURE' not in o for o in found['kinds'].values())


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
