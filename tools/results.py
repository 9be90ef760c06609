"Keep the result of a run, a study or a benchmark where the page `nbs/measurements.ipynb` finds it."
import argparse, json, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def of_run(run, baked=None):
    "What is worth keeping of a run folder, or of what was baked of it, that has been evaluated: no pictures, no paths"
    found = run/'metrics.json' if baked is None else baked.with_name(f'{baked.stem}_scores')/'metrics.json'
    for file, why in ((run/'run.json', 'it is no finished run'), (found, f'first `gha-nb evaluate {baked or run} CAPTURE`')):
        if not file.is_file(): sys.exit(f'{file} is not there: {why}')
    about, scores = json.loads((run/'run.json').read_text()), json.loads(found.read_text())
    if baked is not None:
        from gha_nb.export.baked import load_baked
        about['n_gaussians'] = len(load_baked(baked))
    keep = 'seed init capture n_gaussians steps seconds stopped guidance weights threads device versions'.split()
    facts = {k: about.get(k) for k in keep} | dict(skipped=len(about.get('skipped') or []), preset=about['preset']['name'],
                                                   settings=about['preset'])
    return dict(run=facts, scores={k: scores[k] for k in ('capture', 'split', 'size', 'views', 'views_in_split', 'groups', 'notes')})


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('source', type=Path,
                   help='a run folder with metrics.json, the study.json of `gha-nb ablate`, or the output of `gha-nb bench --json`')
    p.add_argument('name', help='of the result: letters, digits and dashes')
    p.add_argument('--note', default='', help='a sentence for the page: machine, data, what is special')
    p.add_argument('--baked', type=Path, help='a .baked file that was made of the run and evaluated: its scores are kept')
    args = p.parse_args()
    if not args.source.exists(): sys.exit(f'{args.source}: there is no such file or folder')
    data = json.loads(args.source.read_text()) if args.source.is_file() else of_run(args.source, args.baked)
    kind = 'runs' if args.source.is_dir() else 'ablations' if 'results' in data else 'bench'
    out = root/'results'/kind/f'{args.name}.json'
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(dict(note=args.note) | data, indent=1) + '\n')
    print(f'{out.relative_to(root)} written; run nbs/measurements.ipynb again')


if __name__ == '__main__': main()
