"""What goes wrong while the program works: killed at any moment, a full disk, files that vanish, too little memory, a clock that jumps

    python tests/faults.py --kills 100 --out results/faults.json   # by hand; tests/test_faults.py does a few of each
    python tests/faults.py --kinds ray --kills 12 --only kills     # a fleet on Ray: its workers and its driver

Repeatable by seed, but for the moments at which a process is hit. The invariant: what is there is whole, an error is one line that names a
file, nothing of the user's is lost, and what goes on afterwards ends with the same bits. A full disk is RLIMIT_FSIZE, the same error path
(no file may grow beyond so many bytes), and, where one may mount, a file system of its own of 16 to 1024 KiB."""
import argparse, json, random, shutil, signal, sys, tempfile, time
from collections import Counter
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import environment
from forks import Forks

KINDS = 'train', 'bake', 'record', 'convert', 'fleet', 'ray' # the last: a fleet on Ray, which is only killed
# options of a training: fourteen steps, with a checkpoint every four
SMALL = '--preset tiny --init cloud --steps 14 --set checkpoint_every=4 points=300'.split()


# a program in a name space of its own, where a small file system is mounted; what was there is copied out
MOUNTED = """
import ctypes, shutil, subprocess, sys
from gha_nb.app import main
def mount(*options): return subprocess.run(['mount', *options], stderr=subprocess.DEVNULL).returncode
if ctypes.CDLL(None).unshare(0x20000) or mount('--make-rprivate', '/') or mount('-t', 'tmpfs', '-o', f'size={size}k', 'none', place):
    sys.exit(77)
def run(args):
    try:
        if args[0] != '-c': return main(args)
        exec(args[1], {})
    except SystemExit as e: return e.code or 0
    except OSError as e: return print(e) or 1
    return 0
print('exit', code := run(args), flush=True)
shutil.copytree(place, full)
mount('-o', 'remount,size=256m', place)
print('--- now there is room', flush=True)
if code: code = run(args + more)
shutil.copytree(place, end)
sys.exit(code)
"""


class Faults:
    "A place with a capture, a run and a head; each method tries one fault, and returns what it saw, or raises"
    def __init__(self, folder, seed=0, kinds=KINDS):
        self.folder, self.random, self.kinds = Path(folder), random.Random(seed), kinds
        self.forks = Forks(environment(GHA_NB_THREADS='1', OMP_NUM_THREADS='1'), self.folder)
        self.count, self.hits = 0, 0 # the second: of the last fleet on Ray
        self.ball = self.folder/'ball'
        make = f'from gha_nb.capture.writer import record_ball\nrecord_ball({str(self.ball)!r}, frames=6, cameras=4, size=24)'
        assert self.forks.start('-c', make).wait() == 0
        if 'convert' in kinds: self.make_data_set()
        if 'fleet' in kinds or 'ray' in kinds:
            plan = dict(captures=[str(self.ball)], seeds=[0, 1], preset='tiny', init='cloud', steps=6, lpips=False, views=2,
                        set=['points=300', 'checkpoint_every=2'], bake=dict(steps=2, bases=3), retries=9)
            (self.folder/'plan.json').write_text(json.dumps(plan))
        self.whole = {}
        self.seconds = {}
        for kind in dict.fromkeys('fleet' if o == 'ray' else o for o in kinds): # by Ray come the same bits as without
            began, place = time.monotonic(), self.folder/f'whole_{kind}'
            process = self.begin(kind, place)
            assert process.wait(200) == 0, process.said
            self.seconds[kind], self.whole[kind] = time.monotonic() - began, self.result(kind, place)
            assert self.whole[kind], process.said
        self.check_clean(self.folder)

    def close(self): self.forks.close()

    def make_data_set(self):
        "Two frames and three cameras of the demo, as pictures beside a cameras.json; models and kernels as they are here"
        from gha_nb.core import demo_capture_path, load_settings
        from gha_nb.capture.capture import Capture
        from gha_nb.tracking.models import find_model
        from PIL import Image
        capture, self.data, said = Capture.read(demo_capture_path(), check=False), self.folder/'data set', {}
        self.data.mkdir()
        for camera in ('02', '07', '09'):
            for frame in capture.frames[:2]:
                view = capture.view(frame, camera)
                for kind, picture in (('images', view.image), ('masks', view.mask)):
                    (file := self.data/kind/frame/f'{camera}.png').parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(picture.numpy()).save(file, compress_level=1)
            said[camera] = dict(K=view.camera.K.tolist(), world_to_camera=view.camera.world_to_camera[:3].tolist())
        (self.data/'cameras.json').write_text(json.dumps(said))
        self.models, self.kernels = find_model('face_landmarker').parent, load_settings().cache.expanduser()/'kernels'
        self.cache = self.new_cache(self.folder)

    def new_cache(self, place):
        "A cache that knows nothing of a data set"
        (place/'cache').mkdir()
        (place/'cache'/'kernels').symlink_to(self.kernels)
        return place/'cache'

    def place(self):
        self.count += 1
        return self.folder/f'case_{self.count}'

    def begin(self, kind, place, *more, **kw):
        "Start a piece of work whose result is always the same"
        if kind == 'convert':
            cache = place/'cache' if (place/'cache').exists() else self.cache
            kw |= dict(GHA_NB_CACHE=cache, GHA_NB_MODELS=self.models)
        return self.forks.start(*self.command(kind, place), *more, **kw)

    def command(self, kind, place):
        "What is typed"
        if kind == 'train': return 'train', self.ball, '--out', place/'run', *SMALL
        if kind == 'bake':
            return 'bake', self.folder/'whole_train'/'run', self.ball, '--out', place/'head.baked', '--steps', 3, '--bases', 3
        if kind == 'convert': return 'convert', self.data, '--out', place/'capture'
        if kind == 'fleet': return 'fleet', self.folder/'plan.json', '--out', place/'heads', '--one-by-one'
        if kind == 'ray': return 'fleet', self.folder/'plan.json', '--out', place/'heads'
        return '-c', f'from gha_nb.capture.writer import record_ball\nrecord_ball({str(place/"capture")!r}, frames=8, cameras=4, size=48)'

    def result(self, kind, place):
        "The bytes of what came of it; None: there is nothing yet"
        if kind == 'train':
            file = place/'run'/'avatar.safetensors'
            return file.read_bytes() if file.exists() else None
        if kind == 'bake': return (place/'head.baked').read_bytes() if (place/'head.baked').exists() else None
        if kind != 'fleet': return self.files(kind, place) if (place/'capture'/'split.json').exists() else None
        about = place/'heads'/'fleet.json'
        states = {o['state'] for o in json.loads(about.read_text())['heads']} if about.exists() else {None}
        return self.files(kind, place) if states == {'done'} else None

    def files(self, kind, place):
        "Files that are whole as soon as they are there, and what is in them"
        ours = dict(train=('run/avatar.safetensors',), bake=('head.baked',), fleet=('heads/*/avatar.safetensors', 'heads/*/head.baked'))
        return {str(o.relative_to(place)): o.read_bytes() for pattern in ours.get(kind, ('capture/*/**/*', 'capture/split.json'))
                for o in sorted(place.glob(pattern)) if o.is_file() and not any(p.startswith('.') for p in o.relative_to(place).parts)}

    def check_clean(self, place):
        "Nothing is left of what was begun"
        left = [str(o) for o in place.rglob('.*') if '.tmp' in o.name or o.name == '.in_use']
        assert not left, left

    def kill(self, kind, most=3):
        "Kill a piece of work up to so many times at random moments and let it go on; whether it was hit, and how often"
        place, hits = self.place(), 0
        place.mkdir()
        mine = place/'of the user.txt'
        mine.write_text('mine')
        if kind == 'convert' and self.random.random() < .3: self.new_cache(place) # poses and landmarks are made anew, too
        more, whole = (), self.files(kind, self.folder/f'whole_{kind}')
        for _ in range(self.random.randint(1, most)):
            process = self.begin(kind, place, *more)
            began, delay = time.monotonic(), self.random.uniform(0, 1.05*self.seconds[kind])
            while time.monotonic() - began < delay and process.poll() is None: time.sleep(.002)
            process.send(signal.SIGKILL)
            if process.wait() == -signal.SIGKILL: hits += 1
            else: assert process.code == 0, process.said
            found = self.result(kind, place)
            assert found is None or found == self.whole[kind], f'{kind}: what a kill left is no result, and looks like one'
            wrong = [k for k, v in self.files(kind, place).items() if whole.get(k) != v]
            assert not wrong, f'{kind}: half-written: {wrong}'
            more = ('--resume',) if kind in ('train', 'fleet') else ('--overwrite',) if kind == 'bake' else ()
        process = self.begin(kind, place, *more)
        assert process.wait() == 0, process.said
        assert self.result(kind, place) == self.whole[kind], f'{kind}: other bits after {hits} kills'
        assert mine.read_text() == 'mine'
        if kind in ('train', 'fleet'): self.check_clean(place)
        shutil.rmtree(place)
        return hits

    def kill_on_ray(self, most=4):
        "Kill workers of a fleet on Ray, and its driver, at random moments of their work; which were hit"
        import psutil
        place, hits, slow = self.place(), [], 0 # the last: how often the machine was too busy for Ray to start, which the fleet says
        place.mkdir()
        def too_busy(process): return process.poll() == 1 and 'timed out during startup' in process.said
        def begin(*more):
            process = self.begin('ray', place, *more, RAY_TMPDIR=self.folder/'ray', GHA_NB_PROGRESS='0')
            process.ours = set() # what it started: nothing else is ever killed
            return process
        def alive(o):
            try: return o.is_running() and o.status() != psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess: return False
        def working(process):
            "Processes of this fleet that say of a head that it is theirs"
            with suppress(psutil.NoSuchProcess): process.ours |= set(psutil.Process(process.pid).children(recursive=True))
            pids, claims = {o.pid: o for o in process.ours if alive(o)}, []
            for file in sorted(place.glob('heads/*/claim.json')):
                with suppress(ValueError, OSError): claims.append(json.loads(file.read_text())['pid'])
            return [pids[pid] for pid in claims if pid in pids]
        process, aims = begin(), [self.random.choice(('worker', 'worker', 'driver')) for _ in range(self.random.randint(2, most))]
        while aims:
            if not process.until(partial(working, process), 200):
                if not too_busy(process) or slow > 5: break
                process, slow = begin('--resume'), slow + 1
                continue
            end = time.monotonic() + self.random.uniform(0, 5)
            while time.monotonic() < end and process.poll() is None: time.sleep(.05)
            found = working(process)
            if process.poll() is not None or not found: continue
            if aims[0] == 'worker': self.random.choice(found).kill()
            else:
                process.send(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
                agents = ('ray::DashboardAgent', 'ray::RuntimeEnvAgent') # Ray's own, which notice it later; they do no work of ours
                end, name = time.monotonic() + 60, {}
                for o in process.ours:
                    with suppress(psutil.NoSuchProcess): name[o] = ' '.join(o.cmdline()).strip()
                while (left := [o for o in name if alive(o) and name[o] not in agents]) and time.monotonic() < end: time.sleep(.2)
                for o in filter(alive, name):
                    with suppress(psutil.NoSuchProcess): o.kill()
                assert not left, f'ray: outlive their driver by a minute: {[name[o] for o in left]}'
            hits.append(aims.pop(0))
            wrong = [k for k, v in self.files('fleet', place).items() if self.files('fleet', self.folder/'whole_fleet').get(k) != v]
            assert not wrong, f'ray: half-written: {wrong}'
            if hits[-1] == 'driver': process = begin('--resume')
        while process.wait(600) and too_busy(process) and slow < 6: process, slow = begin('--resume'), slow + 1
        assert process.code == 0, process.said
        assert self.result('fleet', place) == self.whole['fleet'], f'ray: other bits after {hits}'
        self.check_clean(place)
        shutil.rmtree(place)
        self.hits = len(hits)
        return ', '.join(f'{hits.count(o)} of {o}s' for o in ('worker', 'driver') if o in hits) or 'none'

    def full_disk(self, kind, size):
        "No file may grow beyond `size` bytes; afterwards there is room again"
        place = self.place()
        place.mkdir()
        process = self.begin(kind, place, limits=dict(RLIMIT_FSIZE=size))
        code, said = process.wait(), process.said
        if code == 0: seen = 'fits'
        else:
            assert code == 1 and (kind == 'record' or 'Traceback' not in said), said[-3000:]
            assert self.result(kind, place) is None, f'{kind}: a file that is not whole'
            last = said.strip().splitlines()[-1] if said.strip() else ''
            if kind == 'fleet': assert 'failed' in last or str(place) in said, f'{kind} at {size} bytes does not name the file: {said}'
            else: assert size < 200 or str(place) in last, f'{kind} at {size} bytes does not name the file: {last}'
            seen = 'one line'
        more = () if code == 0 else ('--resume',) if kind in ('train', 'fleet') else ()
        if code:
            process = self.begin(kind, place, *more)
            assert process.wait() == 0, process.said
        assert self.result(kind, place) == self.whole[kind]
        shutil.rmtree(place)
        return seen

    def small_disk(self, kind, size):
        "A file system of so many KiB of its own, where one may be mounted; afterwards it is larger"
        place = self.place()
        full, end = (place.with_name(f'{place.name}_{o}') for o in ('full', 'end'))
        place.mkdir()
        args = [str(o) for o in self.command(kind, place)]
        more = ['--resume'] if kind in ('train', 'fleet') else []
        kw = dict(GHA_NB_CACHE=self.cache, GHA_NB_MODELS=self.models) if kind == 'convert' else {}
        process = self.forks.start('-c', f'place, full, end, size = {str(place)!r}, {str(full)!r}, {str(end)!r}, {size}\n'
                                         f'args, more = {args!r}, {more!r}\n{MOUNTED}', **kw)
        code, said = process.wait(200), process.said
        if code == 77: return 'nothing may be mounted here'
        assert code == 0, said[-3000:]
        whole, found = self.files(kind, self.folder/f'whole_{kind}'), self.files(kind, full)
        wrong = [k for k, v in found.items() if whole.get(k) != v]
        assert not wrong and 'Traceback' not in said, (wrong, said[-3000:])
        assert self.result(kind, end) == self.whole[kind], f'{kind}: other bits after a disk of {size} KiB was full'
        first = said.split('--- now there is room')[0].strip().splitlines()
        if first[-1] == 'exit 0': seen = 'fits'
        else:
            assert first[-1] == 'exit 1' and str(place) in '\n'.join(first[-3:]), said[-3000:]
            seen = 'one line'
        for o in (place, full, end): shutil.rmtree(o)
        return seen

    def command_on_full_disk(self, name, size=300):
        "Commands that write beside a run: their old results stay"
        place = self.place()
        shutil.copytree(self.folder/'whole_train'/'run', place/'run')
        old = {o: o.read_bytes() for o in place.rglob('*') if o.is_file()}
        run = place/'run'
        args = dict(evaluate=['evaluate', run, self.ball], render=['render', run, self.ball, '--out', place/'pictures'],
                    export=['export', run, '--format', 'ply', '--out', place/'head.ply'],
                    reenact=['reenact', run, self.ball, '--out', place/'film.mp4'])[name]
        process = self.forks.start(*args, limits=dict(RLIMIT_FSIZE=size))
        code, said = process.wait(), process.said
        assert code == 1 and 'Traceback' not in said, (code, said)
        assert str(place) in said.strip().splitlines()[-1], said[-500:]
        changed = [str(o) for o, data in old.items() if not o.exists() or o.read_bytes() != data]
        new = [str(o) for o in place.rglob('*') if o.is_file() and o not in old and o.stat().st_size > size]
        assert not changed and not new and not list(place.glob('*.ply')) + list(place.glob('*.mp4')), (changed, new)
        self.check_clean(place)
        shutil.rmtree(place)
        return 'one line'

    def unwritable(self, kind, where='/proc/gha_nb'):
        "A place where nobody can write, whoever one is"
        process = self.begin(kind, Path(where))
        assert process.wait() == 1 and 'proc' in process.said.strip().splitlines()[-1], process.said
        return 'one line'

    def vanishing_picture(self):
        "A picture of the capture goes away in the middle; it is named, and the run goes on when it is back"
        place = self.place()
        shutil.copytree(self.ball, place/'ball')
        file = sorted((place/'ball'/'images').rglob('image_*'))[5]
        program = ('import sys\nfrom pathlib import Path\nfrom gha_nb.app import main\nimport gha_nb.training.training as t\n'
                   'begin = t.run_stages\n'
                   'def without(run, *a, **kw):\n    for o in run.capture.path.rglob("image_*"): o.rename(o.with_name("." + o.name))\n'
                   '    run.capture.memory.kept.clear()\n    begin(run, *a, **kw)\n'
                   't.run_stages = without\nsys.exit(main(sys.argv[1:]))')
        args = ['train', str(place/'ball'), '--out', str(place/'run'), *SMALL]
        process = self.forks.start('-c', f'import sys\nsys.argv[1:] = {args!r}\n{program}')
        assert process.wait() == 1 and 'is missing' in process.said and 'image_' in process.said.strip().splitlines()[-1], process.said
        for o in (place/'ball').rglob('.image_*'): o.rename(o.with_name(o.name[1:]))
        assert file.exists()
        process = self.forks.start(*args, '--resume')
        assert process.wait() == 0 and (place/'run'/'avatar.safetensors').read_bytes() == self.whole['train'], process.said
        shutil.rmtree(place)
        return 'named, then the same bits'

    def vanishing_run(self):
        "Somebody deletes the run folder while it is written"
        place = self.place()
        process = self.begin('train', place)
        process.until(lambda: list(place.glob('run/checkpoints/step_*')))
        shutil.rmtree(place/'run', ignore_errors=True)
        code = process.wait()
        assert code in (0, 1) and 'Traceback' not in process.said, process.said
        return 'one line' if code else 'written again'

    def little_memory(self, extra):
        "So many MiB more than what is loaded: an error, or it is enough; then the same bits with all memory"
        place = self.place()
        program = ('import resource, sys\nfrom gha_nb.app import main\n'
                   f'now = int(open("/proc/self/statm").read().split()[0])*resource.getpagesize() + ({extra} << 20)\n'
                   'resource.setrlimit(resource.RLIMIT_AS, (now, now))\nsys.exit(main(sys.argv[1:]))')
        args = ['train', str(self.ball), '--out', str(place/'run'), *SMALL]
        process = self.forks.start('-c', f'import sys\nsys.argv[1:] = {args!r}\n{program}')
        code = process.wait()
        assert code in (0, 1) or code < 0, process.said  # a C library may abort where Python cannot say anything
        assert self.result('train', place) in (None, self.whole['train'])
        if code:
            process = self.begin('train', place, '--resume')
            assert process.wait() == 0 and self.result('train', place) == self.whole['train'], process.said
        return 'enough' if code == 0 else 'said' if code == 1 else 'aborted'

    def jumping_clock(self):
        "Wall time goes an hour forward or backward at every look"
        place = self.place()
        args = ['train', str(self.ball), '--out', str(place/'run'), *SMALL]
        process = self.forks.start('-c', 'import random, sys, time\nreal = time.time\n'
                                   'time.time = lambda: real() + random.choice([-3600, 3600])\n'
                                   f'from gha_nb.app import main\nsys.exit(main({args!r}))')
        assert process.wait() == 0 and self.result('train', place) == self.whole['train'], process.said
        return 'the same bits'


KILLED = 'train', 'train', 'bake', 'record', 'convert', 'fleet', 'ray'
SIZES, DISKS = (0, 500, 3_000, 12_000, 60_000), (16, 64, 256, 1024)


def campaign(faults, kills, minutes=60., say=print, once='faults'): # once: 'faults', every one; 'disks', small ones; 'kills', none
    "Every fault once, and kills until there are so many; counts by kind and outcome, and failures"
    counts, failures, began = {}, [], time.monotonic()
    def attempt(kind, what, *args):
        try: seen = what(*args)
        except AssertionError as e:
            failures.append(f'{kind}: {e}'[:2000])
            say(f'--- {failures[-1]}')
            seen = 'FAILURE'
        counts.setdefault(kind, Counter())[str(seen)] += 1
        return seen
    def every_fault():
        plain = [o for o in faults.kinds if o != 'ray']
        for kind in plain if once == 'faults' else ():
            for size in SIZES: attempt(f'disk full, {kind}', faults.full_disk, kind, size)
        for kind in plain:
            for size in DISKS: attempt(f'disk of 16 to 1024 KiB, {kind}', faults.small_disk, kind, size)
        if once == 'disks': return
        for kind in plain: attempt(f'unwritable, {kind}', faults.unwritable, kind)
        if 'train' not in faults.kinds: return
        for name in ('evaluate', 'render', 'export', 'reenact'): attempt(f'disk full, {name}', faults.command_on_full_disk, name)
        for extra in (0, 8, 32, 128, 1024): attempt('little memory', faults.little_memory, extra)
        attempt('a picture vanishes', faults.vanishing_picture)
        attempt('the run folder vanishes', faults.vanishing_run)
        attempt('the clock jumps', faults.jumping_clock)
    if once != 'kills': every_fault()
    done, k = 0, 0
    while done < kills and time.monotonic() - began < 60*minutes:
        kind = KILLED[k % len(KILLED)]
        if kind not in faults.kinds: k += 1; continue
        hits = attempt(f'killed, {kind}', *((faults.kill_on_ray,) if kind == 'ray' else (faults.kill, kind)))
        done, k = done + (hits if isinstance(hits, int) else faults.hits if kind == 'ray' else 1), k + 1
    return counts, failures, done


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--minutes', type=float, default=60., help='no further kill after so long')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kinds', nargs='+', default=KINDS, choices=KINDS)
    parser.add_argument('--only', choices=('faults', 'disks', 'kills'), help='a part of it: every fault once, small disks, or kills')
    parser.add_argument('--out', type=Path, help='JSON file for the counts')
    args = parser.parse_args()
    if 'ray' in args.kinds and find_spec('ray') is None:
        print('Ray is not installed: nothing of a fleet on Ray is tried')
        args.kinds = [o for o in args.kinds if o != 'ray']
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults(folder, args.seed, args.kinds)
        kills = args.kills if args.only in (None, 'kills') else 0
        try: counts, failures, done = campaign(faults, kills, args.minutes, once=args.only or 'faults')
        finally: faults.close()
    report = dict(seed=args.seed, seconds=round(time.monotonic() - began), kills=done, failures=len(failures),
                  kinds={k: dict(sorted(c.items())) for k, c in counts.items()})
    print(json.dumps(report, indent=1))
    if args.out: args.out.write_text(json.dumps(report, indent=1) + '\n')
    sys.exit(bool(failures))
