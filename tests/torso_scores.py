"""How well the torso of a film is followed: where its points should be, and where they are found, in pixels of a picture of 512.

    python tests/torso_scores.py NAME CLIP CAPTURE TRUTH --out results/torso.json

CLIP was tracked to CAPTURE by `gha-nb track`. TRUTH is that of `record_clip`, whose shoulders stand still in a world before which the
phone moves (or that of another program, with the same arrays). Both motions are compared after the mean of each point is taken away:
where a torso that never rests would rest, nobody can say. `still`: what is left if it is taken for still, as without this step.
`believed`: whether the motion is used. Root mean squares over points and frames."""
import argparse, json
from pathlib import Path

import numpy as np


def scores(clip: Path, capture: Path, truth: dict) -> dict:
    "One film"
    from dataclasses import replace
    from gha_nb.tracking.torso import Sheet, TorsoSettings, align_torso, torso_pictures
    from gha_nb.tracking.tracker import load_tracked
    from gha_nb.tracking.video import read_video
    fit, settings = load_tracked(capture/'.track'/'fit.npz').head, TorsoSettings()
    frames = read_video(clip).frames(fit.numbers.tolist(), 256)
    pictures = torso_pictures(fit, (image for *_, image in frames), settings.width)
    sheet, motion = Sheet(pictures, settings), align_torso(pictures, fit.times, replace(settings, gain=-1.))
    E = np.broadcast_to(truth['E'], (len(truth['pose']), 4, 4))[fit.numbers]
    true = E @ np.linalg.inv(E[0])
    points, scale = sheet.points + sheet.middle, 512/settings.width
    seen = lambda R, t: pictures.lens.pixels(points @ R.swapaxes(1, 2) + t[:, None])
    about = lambda a: a - a.mean(0)
    there, found = about(seen(true[:, :3, :3], true[:, :3, 3])), about(seen(*motion.about_camera()))
    rms = lambda v: round(float(scale*np.sqrt((v**2).sum(-1).mean())), 2)
    left = [round(o, 4) for o in motion.left]
    return dict(frames=len(E), still=rms(there), found=rms(there - found), believed=left[1] <= (1 - settings.gain)*left[0], left=left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name')
    for name in ('clip', 'capture', 'truth'): parser.add_argument(name, type=Path)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    table = json.loads(args.out.read_text()) if args.out.is_file() else dict(about='pixels of 512; see tests/torso_scores.py', rows={})
    with np.load(args.truth) as o: table['rows'][args.name] = scores(args.clip, args.capture, dict(o))
    print(args.name, table['rows'][args.name], flush=True)
    args.out.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__': main()
