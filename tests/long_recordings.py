"""Time and memory of `check`, of opening and of the start of a training, by the length of a recording

    python tests/long_recordings.py --out results/long_recordings.json [--frames 1000 5000 20000] [--cameras 3]

A ball of 16 pixels is recorded once, and its files are linked as often as needed: every frame has files of its own. Each measurement
is a process of its own; memory is its peak less what it was after the imports, seconds are those of the processor and of the clock."""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

distinct = 40  # frames that are drawn


def make(folder, frames, cameras):
    "A capture of so many frames, by links"
    from gha_nb.capture.writer import record_ball
    first = folder/'first'
    if not first.exists(): record_ball(first, frames=distinct, cameras=cameras, size=16, lowres=None)
    top = folder/f'{frames}'
    for kind in ('images', 'cameras', 'params'):
        for i in range(frames):
            source, target = first/kind/f'{i % distinct:04d}', top/kind/f'{i:05d}'
            target.mkdir(parents=True)
            for file in os.scandir(source): os.link(file.path, target/file.name.replace(source.name, target.name))
    split = json.loads((first/'split.json').read_text())
    names = [f'{i:05d}' for i in range(frames)]
    split |= dict(train_frames=names[:-frames//10], test_frames=names[-frames//10:])
    (top/'split.json').write_text(json.dumps(split))
    return top


def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024  # MiB


def measure(what, top):
    "Do one thing in this process, and print what it cost"
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.check import check_capture
    from gha_nb.readers.selection import varied_frames
    from gha_nb.training.training import train
    before, start, cpu = peak(), time.perf_counter(), time.process_time()
    if what == 'check': assert check_capture(top) == []
    if what == 'open': assert Capture.read(top).frames
    if what == 'varied': assert len(varied_frames(Capture.read(top, check=False), 500).split.train_frames) == 500, 'too short'
    if what == 'train':  # one step: everything that is done before
        with tempfile.TemporaryDirectory() as out: train(Capture.read(top, check=False), Path(out)/'run', 'tiny', steps=1, init='cloud')
    took = dict(cpu=time.process_time() - cpu, seconds=time.perf_counter() - start, mib=peak() - before)
    print(json.dumps({k: round(v, 1) for k, v in took.items()}))


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--out', type=Path, default=Path('results/long_recordings.json'))
    p.add_argument('--frames', type=int, nargs='+', default=[1000, 5000, 20000])
    p.add_argument('--cameras', type=int, default=3)
    p.add_argument('--what', nargs='+', default=['open', 'varied', 'train', 'check'])
    p.add_argument('--work', nargs=2, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.work: return measure(a.work[0], Path(a.work[1]))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n in a.frames:
            top = make(Path(folder), n, a.cameras)
            files = sum(len(f) for _, _, f in os.walk(top))
            for what in a.what:
                env = dict(os.environ, GHA_NB_PROGRESS='0')
                done = subprocess.run([sys.executable, __file__, '--work', what, str(top)], capture_output=True, text=True, env=env)
                if done.returncode: sys.exit(done.stderr)
                rows.append(dict(what=what, frames=n, cameras=a.cameras, files=files) | json.loads(done.stdout.splitlines()[-1]))
                print(rows[-1], flush=True)
                a.out.write_text(json.dumps(dict(rows=rows, threads=os.environ.get('OMP_NUM_THREADS')), indent=1) + '\n')


if __name__ == '__main__': main()
