"""Malformed manifests, consent records, descriptions and videos: one line for the user, and nothing believed that was not verified

    python tests/malformed.py --count 300 --out results/malformed.json  # 300 of each kind, three minutes on one core
    python tests/malformed.py --kind video --case 17                    # one case again, with its traceback

Every case is drawn from its number alone. `tests/test_trust.py` takes a few of each kind."""
import argparse, json, os, random, sys, tempfile, time, traceback, zlib
from collections import Counter
from pathlib import Path

import numpy as np

from gha_nb.core import GhaError
from gha_nb.trust.consent import Consent, ConsentError, parse_terms, read_consent, revoked_list, terms_of
from gha_nb.trust.forget import find_made
from gha_nb.trust.inspection import frames_of, inspect_file
from gha_nb.trust.lineage import Origin, baked_header, lineage_of_run, parse_origin
from gha_nb.trust.marking import Marking, marked_video, write_picture
from gha_nb.trust.provenance import Claims, read_manifest, read_sidecar, sidecar_of, write_sidecar

origin = Origin('ab'*32, 'cd'*32, terms_of(Consent(subject='Ada', how='paper', given='2026-11-27', salt='0'*32)))


def one_line(error): assert '\n' not in str(error) and len(str(error)) < 400, f'more than a line: {error}'


# ---- what is damaged

def make_media(home):
    "A signed and marked picture of each kind, a video, and an unsigned picture"
    r = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256]
    picture = (np.stack([x, y, (x + y)/2], -1)*.6 + 40 + r.integers(0, 20, (256, 256, 3))).astype(np.uint8)
    marking = Marking('render', origin, say=lambda text: None)
    files = [write_picture(home/name, picture[:96, :96], marking) for name in ('a.png', 'a.jpg')]
    with marked_video(home/'a.mp4', 10, marking, 'a.mp4') as add:
        for i in range(5): add(np.roll(picture, 3*i, 0))
    return [*files, home/'a.mp4']


def chunks(png):
    "The chunks of a PNG, whole"
    at = 8
    while at < len(png):
        size = 12 + int.from_bytes(png[at:at + 4], 'big')
        yield png[at + 4:at + 8], png[at:at + size]
        at += size


def transplanted(png, r):
    "The manifest of a picture in another one"
    from PIL import Image
    with tempfile.TemporaryDirectory() as home:
        other = Path(home)/'o.png'
        Image.fromarray(np.random.default_rng(r.randrange(1 << 30)).integers(0, 256, (96, 96, 3), np.uint8)).save(other)
        kept, mine = list(chunks(other.read_bytes())), [c for k, c in chunks(png) if k == b'caBX']
    return png[:8] + kept[0][1] + b''.join(mine) + b''.join(c for _, c in kept[1:])


def damaged_file(data, kind, r):
    "A file that came to harm, or that somebody tampered with"
    data = bytearray(data)
    way = r.choice(['cut', 'bytes', 'bytes', 'manifest', 'manifest', 'claim', 'insert', 'append', 'gone', 'repeat']
                   + ['other'][:kind == '.png'])
    at = r.randrange(len(data))
    if way == 'cut': return bytes(data[:at])
    if way == 'bytes':
        for _ in range(r.choice([1, 4, 30])): data[r.randrange(len(data))] = r.randrange(256)
    if way == 'manifest': # somewhere in what was signed
        start = data.find(b'jumb')
        for _ in range(r.choice([1, 3])): data[min(start + r.randrange(6000), len(data) - 1)] ^= 1 << r.randrange(8)
    if way == 'claim': # another avatar, another consent, or no artificial source
        old, new = r.choice([(b'abababab', b'ababab00'), (b'cdcdcdcd', b'00cdcdcd'),
                             (b'trainedAlgorithmicMedia', b'digitalCaptureOfReality')])
        data = data.replace(old, new)
        if kind == '.png': # whose chunks have checksums, which an attacker mends
            whole = b''.join(c[:-4] + zlib.crc32(c[4:-4]).to_bytes(4, 'big') for _, c in chunks(bytes(data)))
            data = data[:8] + whole
    if way == 'insert': data[at:at] = bytes(r.randrange(256) for _ in range(r.randrange(1, 40)))
    if way == 'append': data += bytes(r.randrange(256) for _ in range(r.randrange(1, 400)))
    if way == 'gone': del data[at:at + r.randrange(1, 4000)]
    if way == 'repeat': data[at:at] = data[at:at + r.randrange(1, 4000)]
    if way == 'other': return transplanted(bytes(data), r)
    return bytes(data)


def odd_json(value, r):
    "A value of JSON with something in it changed"
    odd = [None, True, -1, 1e400, 'x', '', [], {}, ['x'], {'a': 1}, 'x'*3000, '2026-13-01', '\x00', 10**30]
    if isinstance(value, dict) and value and r.random() < .8:
        k, change = r.choice(list(value)), r.random()
        if change < .15: return {a: b for a, b in value.items() if a != k}
        if change < .25: return value | {k + 'x': value[k]}
        return value | {k: odd_json(value[k], r)}
    if isinstance(value, list) and value and r.random() < .6: return [odd_json(o, r) for o in value]
    return r.choice(odd)


# ---- the kinds: one case each, with what must hold

def try_manifest(r, home, media):
    "What `read_manifest` says of a damaged file"
    source = r.choice(media)
    data, true = source.read_bytes(), read_manifest(source).claims
    (file := home/f'x{source.suffix}').write_bytes(damaged_file(data, source.suffix, r))
    found = read_manifest(file)
    if found is None: return 'none found'
    if found.valid:
        assert found.claims == true and not found.faults, 'something is called valid that nobody signed'
        if source.suffix == '.png': # a checksum of PNG's own may be wrong now, so that no program opens it
            true, now = ([c for k, c in chunks(b) if k != b'caBX'] for b in (data, file.read_bytes()))
            assert true == now, 'another picture is called valid'
        else: assert all((a == b).all() for a, b in zip(frames_of(source), frames_of(file), strict=True)), 'other pixels are called valid'
        return 'valid: only filling bytes of the manifest were hit'
    assert found.claims is None and found.faults
    return 'not valid'


def try_video(r, home, media):
    "What `gha-nb inspect` says of a damaged video"
    data, true = media[2].read_bytes(), read_manifest(media[2]).claims
    file = home/r.choice(['x.mp4', 'x.mp4', 'x.mov', 'x.mkv', 'x.avi', 'x.webm', 'x.gif', 'x.png'])
    bad = damaged_file(data, '.mp4', r)
    if r.random() < .1: bad = r.choice([b'', b'\x00'*5000, data[:8], b'RIFF' + data, b'\x1aE\xdf\xa3' + data[:3000], b'not a video\n'])
    file.write_bytes(bad)
    try: found = inspect_file(file)
    except GhaError as e:
        one_line(e)
        assert file.name in str(e)
        return 'refused'
    said = str(found)
    assert json.dumps(found.to_json()) and 'Traceback' not in said
    if found.watermark is not None: assert found.watermark['payload'] == true['watermark'], 'a mark is read that nobody put in'
    if found.manifest is not None and found.manifest.valid: assert found.manifest.claims == true
    elif found.manifest is not None: assert found.manifest.claims is None and 'nothing that it says was verified' in said
    return ('no manifest' if found.manifest is None else 'valid manifest' if found.manifest.valid else 'manifest not valid') + (
        ', watermark' if found.watermark else ', no watermark')


good_record = Consent(subject='Ada', recorder='me', how='paper', given='2026-11-27', until='2999-01-01', salt='0'*32,
                      evidence=dict(file='a.pdf', sha256='0'*64)).to_json()


def try_record(r, home, media):
    "What `read_consent` says of a damaged record"
    text = json.dumps(odd_json(good_record, r), indent=1)
    if r.random() < .25: text = text[:r.randrange(len(text))]
    if r.random() < .1: text = text.replace('"nobody": false', '"nobody": false,\n "nobody": true', 1)
    if r.random() < .03: text = r.choice(['['*100000, '{"a":'*50000, 'NaN', '"x"', ''])
    (home/'consent.json').write_bytes(text.encode() if r.random() < .9 else b'\xff\xfe' + text.encode())
    try: found = read_consent(home)
    except ConsentError as e:
        one_line(e)
        assert 'consent.json' in str(e)
        return 'refused'
    assert found is None or parse_terms(terms_of(found).to_json(), 'x') == terms_of(found)
    return 'a whole record'


def try_description(r, home, media):
    "Descriptions of runs and bakes, files beside exports, the list of revoked consents"
    value, run, splats = odd_json(origin.to_json(), r), home/'run', home/'head.splat'
    run.mkdir(exist_ok=True)
    refused = 0
    try: parse_origin(json.loads(json.dumps(value)), 'avatar.json')
    except GhaError as e:
        one_line(e)
        assert 'avatar.json' in str(e)
        refused += 1
    (run/'avatar.json').write_text(json.dumps(dict(kind='gha_nb avatar', origin=value)))
    found = lineage_of_run(run)
    assert found is None or found.capture in (None, origin.capture)
    header = json.dumps(dict(__metadata__=odd_json(dict(gha_nb=json.dumps(dict(origin=value))), r))).encode()
    (home/'x.baked').write_bytes(len(header).to_bytes(8, 'little') + header[:r.choice([len(header), r.randrange(len(header))])])
    assert isinstance(baked_header(home/'x.baked'), dict)
    splats.write_bytes(b'splats')
    write_sidecar(splats, Claims('export', origin), say=lambda text: None)
    good = json.loads(sidecar_of(splats).read_text())
    sidecar_of(splats).write_text(json.dumps(odd_json(good, r)))
    beside = read_sidecar(splats)
    if beside.valid: assert beside.claims == good['claims'] and not beside.faults, 'something is called valid that nobody signed'
    else: assert beside.claims is None and beside.faults
    own = Path(os.environ['GHA_NB_TRUST'])/'revoked.json'
    own.write_text(json.dumps(odd_json({'a'*64: '2026-01-01', 'b'*64: '2026-01-01'}, r)))
    try: assert all(len(k) == 64 for k in revoked_list())
    except ConsentError as e:
        one_line(e)
        assert 'revoked.json' in str(e)
    finally: own.unlink()
    assert all(o.place != run for o in find_made('ee'*32, [home]).made)
    return 'refused' if refused else 'read'


KINDS = dict(manifest=try_manifest, video=try_video, record=try_record, description=try_description)


def try_case(kind, case, media, seed=0):
    "Outcome of a case; raises what must not happen"
    with tempfile.TemporaryDirectory() as home: return KINDS[kind](random.Random(f'{seed} {kind} {case}'), Path(home), media)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--count', type=int, default=300, help='of each kind')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--kind', choices=KINDS)
    p.add_argument('--case', type=int)
    p.add_argument('--out', type=Path)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ['GHA_NB_TRUST'] = f'{home}/trust'
        media = make_media(Path(home))
        if a.case is not None: return print(try_case(a.kind, a.case, media, a.seed))
        kinds, failures = {}, []
        for kind in [a.kind] if a.kind else KINDS:
            begin, outcomes = time.time(), Counter()
            for case in range(a.count):
                try: outcomes[try_case(kind, case, media, a.seed)] += 1
                except Exception:
                    outcomes['FAILURE'] += 1
                    failures.append(f'{kind} {case}')
                    traceback.print_exc()
            kinds[kind] = dict(outcomes.most_common())
            print(kind, kinds[kind], f'{time.time() - begin:.0f} s', flush=True)
    if a.out: a.out.write_text(json.dumps(dict(seed=a.seed, count=a.count, failures=failures, kinds=kinds), indent=1) + '\n')
    return len(failures)


if __name__ == '__main__': sys.exit(main())
