"""How well the masks of `gha-nb track` agree with the truth, frame by frame.

    python tests/mask_scores.py FOLDER --out results/masks.json                           # studio clips, made in FOLDER
    python tests/mask_scores.py FOLDER --out results/masks.json --clip NAME CLIP MASK   # another film

IoU of the network alone, of the network with its outline fitted, and of what `track` writes; of the last also inside what is visible,
and what share of the pixels is. `soft`: the overlap of the truth with itself, cut at .4 and at .6, which is what the place of the cut
decides."""
import argparse, json
from pathlib import Path

import numpy as np

clips = {401: 250, 402: 120, 404: 100} # seeds and frames; 404 was made when nothing was to be chosen any more


def iou(a, b) -> float: return float((a & b).sum()/max(1, (a | b).sum()))


def scores(clip: Path, mask: Path, step: int = 3, size: int = 512) -> dict:
    "Means and lowest values over every third frame; the film's own knowledge is learned from forty, as `track` does it"
    import imageio.v3 as iio
    from gha_nb.tracking.detection import detect
    from gha_nb.tracking.matte import Segmenter, learn_backdrop, mattes, refine
    from gha_nb.tracking.video import read_video
    from gha_nb.tracking.wall import learn_wall
    video = read_video(clip)
    found = detect(video, size=size, show=False)
    seen = [k for k in range(0, len(found), step) if found.found[k]]
    points, anchors = {k: found.points[k] for k in seen}, {k: tuple(found.points[k][1]) for k in seen}
    images = {n: image for n, _, image in video.frames([int(found.numbers[k]) for k in seen], size)}
    images = {k: images[int(found.numbers[k])] for k in seen}
    true = {k: (m[..., 0] if m.ndim == 3 else m)/255 for k, m in enumerate(iio.imiter(mask)) if k in set(found.numbers[seen])}
    true = {k: true[int(found.numbers[k])] for k in seen}
    some = seen[::max(1, len(seen)//40)]
    with Segmenter() as segment: rough = {k: segment(images[k]) for k in seen}
    backdrop = learn_backdrop([(images[k], rough[k], points[k]) for k in some])
    wall = learn_wall([(images[k], backdrop.clear(images[k], rough[k]) > .05) for k in some])
    rows = {n: [] for n in ('network', 'fitted', 'track', 'visible', 'share', 'soft')}
    for k, matte in zip(seen, mattes(((images[k], anchors[k]) for k in seen), backdrop, wall and wall.sharpen)):
        head, visible, t = matte.mask > 127, matte.visible > 127, true[k] > .5
        found_ = dict(network=iou(rough[k] > .5, t), fitted=iou(refine(images[k], rough[k], anchors[k]) > .5, t), track=iou(head, t),
                      visible=iou(head & visible, t & visible), share=float(visible.mean()), soft=iou(true[k] > .4, true[k] > .6))
        for n, v in found_.items(): rows[n].append(v)
    return {n: [round(float(np.mean(v)), 4), round(float(np.min(v)), 4)] for n, v in rows.items()} | dict(frames=len(seen))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path); parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--seeds', type=int, nargs='*', default=list(clips))
    parser.add_argument('--clip', nargs=3, metavar=('NAME', 'CLIP', 'MASK'))
    args = parser.parse_args()
    about = 'mean and lowest over every third frame; see tests/mask_scores.py'
    table = json.loads(args.out.read_text()) if args.out.is_file() else dict(about=about, rows={})
    todo = {f'studio {s}': [args.folder/f'c{s}'/n for n in ('clip.mp4', 'mask.mp4')] for s in args.seeds}
    if args.clip: todo = {args.clip[0]: [Path(o) for o in args.clip[1:]]}
    for name, files in todo.items():
        if not args.clip and not files[-1].is_file():
            from gha_nb.studio.phone_clip import record_clip
            record_clip(files[0].parent, seed=int(name.split()[1]), frames=clips.get(int(name.split()[1]), 120))
        table['rows'][name] = scores(*files)
        print(name, table['rows'][name], flush=True)
        args.out.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__': main()
