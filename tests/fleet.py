"""A fleet of twelve tiny heads on a cluster of three Ray nodes, one of which is killed in the middle; and its speed beside the plain loop

    python tests/fleet.py --out results/fleet.json                        # everything, about ten minutes on two cores
    python tests/fleet.py --out results/fleet.json --only speed --rounds 3  # the speed alone, on a machine that does nothing else"""
import argparse, json, os, platform, shutil, subprocess, sys, tempfile, time
from collections import Counter
from pathlib import Path

os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
os.environ.setdefault('GHA_NB_PROGRESS', '0')
os.environ.setdefault('GHA_NB_WEIGHTS', str(Path(__file__).resolve().parent/'no_weights'))  # no download
alone = '''
import sys
from gha_nb.fleet.fleet import run_fleet
import json
sys.exit(not run_fleet(json.loads(sys.argv[1]), sys.argv[2], ray=False, say=None).is_finished)
'''


def cut_demo(folder, count, frames=4, cameras=5):
    "So many captures of a few frames and cameras of the demo, each another choice"
    from gha_nb.core import demo_capture_path
    source = demo_capture_path()
    split = json.loads((source/'split.json').read_text())
    for k in range(count):
        chosen = [split['train_frames'][(k + 2*i) % len(split['train_frames'])] for i in range(frames - 1)] + split['test_frames'][:1]
        names = [o for o in split['cameras'] if o not in split['test_cameras']][k % 4::3][:cameras - 1] + split['test_cameras'][:1]
        home = folder/f'head{k:02d}'
        for top in ('images', 'cameras', 'params'):
            for f in chosen: shutil.copytree(source/top/f, home/top/f)
        own = split | dict(cameras=names, test_cameras=split['test_cameras'][:1], train_frames=chosen[:-1], test_frames=chosen[-1:])
        (home/'split.json').write_text(json.dumps(own))


def plan_of(folder, steps, **more):
    return dict(captures=[f'{folder}/head*'], preset='tiny', init='cloud', steps=steps, lpips=False, views=4, set=['checkpoint_every=10'],
                bake=dict(steps=3, bases=4), **more)


def events(out, name):
    return [json.loads(line) for line in (out/name/'events.jsonl').read_text().splitlines()]


def start_cluster(nodes):
    from ray.cluster_utils import Cluster
    args = dict(num_cpus=1, object_store_memory=100_000_000)
    cluster = Cluster(initialize_head=True, head_node_args=args | dict(include_dashboard=False))
    return cluster, [cluster.add_node(**args) for _ in range(nodes - 1)]


def busy_node(out, nodes):
    "A node whose process trains a head that has a checkpoint, and that head; None if there is none at this moment"
    import psutil
    raylets = {n.all_processes['raylet'][0].process.pid: n for n in nodes}
    for claim in out.glob('*/claim.json'):
        home = claim.parent
        if (home/'thumbnail.jpg').exists() or not list(home.glob('checkpoints/step_*')): continue
        try: node = raylets.get(psutil.Process(json.loads(claim.read_text())['pid']).ppid())
        except (psutil.NoSuchProcess, ValueError): continue
        if node: return node, home.name


def lose_a_node(home, steps):
    "Twelve heads, three nodes; when two heads are done, a node that is training is killed"
    import threading
    from gha_nb.fleet.fleet import run_fleet
    cluster, others = start_cluster(3)
    out, killed, began, ended = home/'lost', [], time.monotonic(), threading.Event()

    def kill():
        while not killed and not ended.wait(.02):
            if len(list(out.glob('*/report.html'))) < 2 or not (found := busy_node(out, others)): continue
            killed.append((time.monotonic() - began, found[1]))
            cluster.remove_node(found[0])
            print(f'a node is killed, on which {found[1]} was trained', flush=True)

    threading.Thread(target=kill, daemon=True).start()
    fleet = run_fleet(plan_of(home/'heads', steps), out, address=cluster.address, say=lambda text: print(text[:110], flush=True))
    seconds = time.monotonic() - began
    ended.set()
    cluster.shutdown()
    rows, phases = fleet.to_json()['heads'], ('train', 'evaluate', 'bake', 'report')
    found = {h.name: Counter(e['what'] for e in events(out, h.name)) for h in fleet.heads}
    lost = [r for r in rows if r['lost']]
    again = []  # where the lost ones were taken up, and how far they had been
    for r in lost:
        starts = [e['step'] for e in events(out, r['name']) if e['what'] == 'train']
        again.append(dict(head=r['name'], taken_up_after_steps=starts))
    return dict(heads=len(rows), states=fleet.counts(), seconds=round(seconds, 1), killed_after=round(killed[0][0], 1),
                killed_head=killed[0][1], lost=len(lost), taken_up=again,
                each_finished_once=all(n[f'{p} finished'] == 1 for n in found.values() for p in phases),
                tries=sorted(Counter(r['tries'] for r in rows).items())), out


def same_bits(home, out, steps, name):
    "Is the head that was lost the same as one made in one go?"
    from gha_nb.fleet.fleet import run_fleet
    plan = plan_of(home/'heads', steps) | dict(captures=[str(home/'heads'/name)], do=['train'])
    run_fleet(plan, home/'alone', ray=False, say=None)
    return all((home/'alone'/f'{name}-0'/f).read_bytes() == (out/f'{name}-0'/f).read_bytes() for f in ('avatar.safetensors',))


def speed(home, steps, rounds):
    "Twelve heads: two plain loops beside each other, one for each core, and Ray's two; in turns"
    half = [sorted(str(o) for o in (home/'heads').iterdir())[k::2] for k in range(2)]
    times = dict(loops=[], ray=[], one_loop=[])
    for k in range(rounds):
        for kind in times:
            out, began = home/f'{kind}{k}', time.monotonic()
            plan = plan_of(home/'heads', steps)
            if kind == 'ray':
                args = [sys.executable, '-c', alone.replace('ray=False', 'ray=True'), json.dumps(plan), str(out)]
                assert subprocess.run(args).returncode == 0
            else:
                parts = half if kind == 'loops' else [sum(half, [])]
                many = dict(resources=dict(num_cpus=1 if kind == 'loops' else 2))
                running = [subprocess.Popen([sys.executable, '-c', alone, json.dumps(plan | many | dict(captures=part)), f'{out}{i}'])
                           for i, part in enumerate(parts)]
                assert [p.wait() for p in running] == [0]*len(parts)
            times[kind].append(round(time.monotonic() - began, 1))
            print(kind, times[kind][-1], flush=True)
    best = {k: min(v) for k, v in times.items()}
    return dict(seconds=times, heads=12, steps=steps, share_of_two_loops=round(best['loops']/best['ray'], 3),
                share_of_one_loop_with_two_threads=round(best['one_loop']/best['ray'], 3))


def phases(run, capture_name):
    "What comes after the training of a head, in seconds of one core, and how large its files are"
    import torch
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.command_line import find_capture
    from gha_nb.evaluation.metrics import evaluate
    from gha_nb.evaluation.report import write_report
    from gha_nb.export.baking import bake
    torch.set_num_threads(1)
    capture, about = Capture.read(find_capture(capture_name)), json.loads((run/'run.json').read_text())
    sizes = {o.name: sum(p.stat().st_size for p in (o.rglob('*') if o.is_dir() else [o]) if p.is_file()) for o in sorted(run.iterdir())}
    res = dict(preset=about['preset']['name'], gaussians=about['n_gaussians'], capture=capture.name, views=len(capture.views('test')))
    with tempfile.TemporaryDirectory() as tmp:
        copy = Path(shutil.copytree(run, Path(tmp)/'run'))
        avatar = HeadAvatar.load(copy)
        for name, work in (('evaluate', lambda: evaluate(avatar, capture, progress=False, lpips=False)),
                           ('report', lambda: write_report(copy, capture, None, avatar)),
                           ('bake_20_steps', lambda: bake(avatar, capture, copy/'avatar.baked', steps=20, progress=False))):
            began = time.process_time()
            work()
            res[f'{name}_core_seconds'] = round(time.process_time() - began, 1)
        sizes['avatar.baked'] = (copy/'avatar.baked').stat().st_size
    return res | dict(bytes=sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='the JSON file; what it holds of other parts stays in it')
    parser.add_argument('--only', choices=['lost', 'speed', 'phases'])
    parser.add_argument('--run', type=Path, help='a run of the preset laptop on the demo, for what comes after training')
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--steps', type=int, default=60, help='of each head')
    parser.add_argument('--speed-steps', type=int, default=200, help='of each head, where speed is measured')
    parser.add_argument('--note', default='two cores')
    args = parser.parse_args()
    kept = json.loads(args.out.read_text()) if args.out.exists() else {}
    import ray
    kept['versions'] = dict(ray=ray.__version__, python=platform.python_version())
    with tempfile.TemporaryDirectory(prefix='fleet-') as tmp:
        home = Path(tmp)
        cut_demo(home/'heads', 12)
        if args.only in ('lost', None):
            found, out = lose_a_node(home, args.steps)
            if found['taken_up']: found['same_bits_as_in_one_go'] = same_bits(home, out, args.steps, found['taken_up'][0]['head'][:-2])
            kept['lost'] = found | dict(note=args.note)
            print(json.dumps(kept['lost'], indent=1))
        if args.only in ('speed', None):
            kept['speed'] = speed(home, args.speed_steps, args.rounds) | dict(note=args.note)
            print(json.dumps(kept['speed'], indent=1))
    if args.run and args.only in ('phases', None): kept['phases'] = phases(args.run, 'demo') | dict(note=args.note)
    args.out.write_text(json.dumps(kept, indent=1) + '\n')
    if 'lost' in kept:
        lost = kept['lost']
        assert lost['each_finished_once'] and lost['states'] == {'done': 12}, 'not everything was done once'
        assert lost['lost'], 'nothing was lost'


if __name__ == '__main__': main()
