"""What goes wrong while the program works: killed at any moment, a full disk, files that vanish, too little memory, a clock that jumps

    python tests/faults.py --kills 100 --out results/faults.json   # by hand; tests/test_faults.py does a few of each

Repeatable by seed, but for the moments at which a process is hit. The invariant: what is there is whole, an error is one line that names a
file, nothing of the user's is lost, and what goes on afterwards ends with the same bits. A full disk is RLIMIT_FSIZE, the same error path
(no file may grow beyond so many bytes; a small file system cannot be mounted everywhere)."""
import argparse, json, random, shutil, signal, sys, tempfile, time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import environment
from forks import Forks

# options of a training: fourteen steps, with a checkpoint every four
SMALL = '--preset tiny --init cloud --steps 14 --set checkpoint_every=4 points=300'.split()


class Faults:
    "A place with a capture, a run and a head; each method tries one fault, and returns what it saw, or raises"
    def __init__(self, folder, seed=0, kinds=('train', 'bake', 'record')):
        self.folder, self.random = Path(folder), random.Random(seed)
        self.forks = Forks(environment(GHA_NB_THREADS='1', OMP_NUM_THREADS='1'), self.folder)
        self.count = 0
        self.ball = self.folder/'ball'
        make = f'from gha_nb.capture.writer import record_ball\nrecord_ball({str(self.ball)!r}, frames=6, cameras=4, size=24)'
        assert self.forks.start('-c', make).wait() == 0
        self.whole = {}
        self.seconds = {}
        for kind in kinds:
            began, place = time.monotonic(), self.folder/f'whole_{kind}'
            process = self.begin(kind, place)
            assert process.wait(200) == 0, process.said
            self.seconds[kind], self.whole[kind] = time.monotonic() - began, self.result(kind, place)
        self.check_clean(self.folder)

    def close(self): self.forks.close()

    def place(self):
        self.count += 1
        return self.folder/f'case_{self.count}'

    def begin(self, kind, place, *more, **kw):
        "Start a piece of work whose result is always the same"
        if kind == 'train':
            return self.forks.start('train', self.ball, '--out', place/'run', *SMALL, *more, **kw)
        if kind == 'bake':
            run = self.folder/'whole_train'/'run'
            return self.forks.start('bake', run, self.ball, '--out', place/'head.baked', '--steps', 3, '--bases', 3, *more, **kw)
        return self.forks.start('-c', 'from gha_nb.capture.writer import record_ball\n'
                                      f'record_ball({str(place/"capture")!r}, frames=8, cameras=4, size=48)', **kw)

    def result(self, kind, place):
        "The bytes of what came of it; None: there is nothing yet"
        if kind == 'train':
            file = place/'run'/'avatar.safetensors'
            return file.read_bytes() if file.exists() else None
        if kind == 'bake': return (place/'head.baked').read_bytes() if (place/'head.baked').exists() else None
        if not (place/'capture'/'split.json').exists(): return None
        return {str(o.relative_to(place)): o.read_bytes() for o in sorted((place/'capture').rglob('*'))
                if o.is_file() and not any(p.startswith('.') for p in o.relative_to(place).parts)}

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
        more = ()
        for _ in range(self.random.randint(1, most)):
            process = self.begin(kind, place, *more)
            began, delay = time.monotonic(), self.random.uniform(0, 1.05*self.seconds[kind])
            while time.monotonic() - began < delay and process.poll() is None: time.sleep(.002)
            process.send(signal.SIGKILL)
            if process.wait() == -signal.SIGKILL: hits += 1
            else: assert process.code == 0, process.said
            found = self.result(kind, place)
            assert found is None or found == self.whole[kind], f'{kind}: what a kill left is no result, and looks like one'
            more = ('--resume',) if kind == 'train' else ('--overwrite',) if kind == 'bake' else ()
        process = self.begin(kind, place, *more)
        assert process.wait() == 0, process.said
        assert self.result(kind, place) == self.whole[kind], f'{kind}: other bits after {hits} kills'
        assert mine.read_text() == 'mine'
        if kind == 'train': self.check_clean(place)
        shutil.rmtree(place)
        return hits

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
            assert size < 200 or str(place) in last, f'{kind} at {size} bytes does not name the file: {last}'
            seen = 'one line'
        more = () if code == 0 else ('--resume',) if kind == 'train' else ()
        if code:
            process = self.begin(kind, place, *more)
            assert process.wait() == 0, process.said
        assert self.result(kind, place) == self.whole[kind]
        shutil.rmtree(place)
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


KILLED = 'train', 'train', 'train', 'bake', 'record'
SIZES = 0, 500, 3_000, 12_000, 60_000


def campaign(faults, kills, minutes=60., say=print):
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
    for kind in dict.fromkeys(KILLED):
        for size in SIZES: attempt(f'disk full, {kind}', faults.full_disk, kind, size)
    for name in ('evaluate', 'render', 'export', 'reenact'): attempt(f'disk full, {name}', faults.command_on_full_disk, name)
    for kind in ('train', 'bake'): attempt(f'unwritable, {kind}', faults.unwritable, kind)
    for extra in (0, 8, 32, 128, 1024): attempt('little memory', faults.little_memory, extra)
    attempt('a picture vanishes', faults.vanishing_picture)
    attempt('the run folder vanishes', faults.vanishing_run)
    attempt('the clock jumps', faults.jumping_clock)
    done, k = 0, 0
    while done < kills and time.monotonic() - began < 60*minutes:
        kind = KILLED[k % len(KILLED)]
        hits = attempt(f'killed, {kind}', faults.kill, kind)
        done, k = done + (hits if isinstance(hits, int) else 1), k + 1
    return counts, failures, done


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--minutes', type=float, default=60., help='no further kill after so long')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', type=Path, help='JSON file for the counts')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults(folder, args.seed)
        try: counts, failures, done = campaign(faults, args.kills, args.minutes)
        finally: faults.close()
    report = dict(seed=args.seed, kills=done, failures=len(failures), kinds={k: dict(sorted(c.items())) for k, c in counts.items()})
    print(json.dumps(report, indent=1))
    if args.out: args.out.write_text(json.dumps(report, indent=1) + '\n')
    sys.exit(bool(failures))
