"""Three phones against one, on the same performance.

    python tests/three_phones.py FOLDER --seed 406 --frames 200 --steps 700 --out results/three_phones.json

FOLDER gets the films (`record_phones`: one before the face, one to each side, which stand still and begin at different times), two
captures by `gha-nb track` with default options (of the first film, and of all three), a run for each, and the scores. Both avatars are
judged by the same held-out moments of the film before the face, against its frames cut out by their true masks. The three-phone avatar
is also judged by the held-out moments of the phones to the side, whose frames are up to half a frame's time away from them."""
import argparse, json, shutil
from pathlib import Path

import numpy as np
from tracked_avatars import command, score


def judged(capture: Path, camera: str, clip: Path, mask: Path, out: Path) -> Path:
    "A capture with one camera, whose pictures are cut out by the true masks"
    import imageio.v3 as iio
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.writer import CaptureWriter, ViewData
    from gha_nb.tracking.matte import on_white
    if out.exists(): shutil.rmtree(out)
    ours, writer, split = Capture.read(capture), CaptureWriter(out), json.loads((capture/'split.json').read_text())
    wanted = {frame_of(capture, f, camera): f for f in ours.frames}
    kept = set()
    for k, (image, alpha) in enumerate(zip(iio.imiter(clip), iio.imiter(mask))):
        if k not in wanted: continue
        kept.add(wanted[k])
        frame, alpha = wanted[k], alpha[..., 0] if alpha.ndim == 3 else alpha
        view = ViewData(on_white(image, alpha.astype(np.float32)/255), alpha, ours.camera(frame, camera))
        writer.write(frame, {camera: view}, np.zeros(1), np.zeros(6), .12, np.zeros((68, 3)))
        shutil.rmtree(out/'params'/frame)
        shutil.copytree(capture/'params'/frame, out/'params'/frame)
    split |= dict(cameras=[camera], test_cameras=[])
    for name in ('train_frames', 'test_frames'): split[name] = [f for f in split[name] if f in kept]
    (out/'split.json').write_text(json.dumps(split))
    return out


def frame_of(capture: Path, frame: str, camera: str) -> int:
    "The number that a moment has in the film of a camera, at 25 frames a second; moments are named after the first film"
    began = json.loads((capture/'track.json').read_text())['facts'].get(f'began ({camera})', '0 s')
    return round(int(frame) - 25*float(began.split()[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path); parser.add_argument('--seed', type=int, default=406)
    parser.add_argument('--frames', type=int, default=200); parser.add_argument('--steps', type=int, default=700)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    folder = args.folder.resolve()
    names = 'front', 'left', 'right'
    if not all((folder/'films'/n/'truth.npz').is_file() for n in names):
        from gha_nb.studio.phone_clip import record_phones
        record_phones(folder/'films', seed=args.seed, frames=args.frames)
    for n in names:
        if not (folder/f'{n}.mp4').exists(): shutil.copy(folder/'films'/n/'clip.mp4', folder/f'{n}.mp4')
    table = json.loads(args.out.read_text()) if args.out.is_file() else dict(about='see tests/three_phones.py', rows={})
    for row, films in dict(one=names[:1], three=names).items():
        capture, run = folder/row, folder/f'run-{row}'
        command('track', *(folder/f'{n}.mp4' for n in films), '--out', capture, '--consent', 'nobody')
        if not (run/'avatar.safetensors').exists(): command('train', capture, '--out', run, '--steps', args.steps, '--overwrite')
        for n in films:
            camera, film = 'phone' if row == 'one' else n, folder/'films'/n
            judge = judged(capture, camera, film/'clip.mp4', film/'mask.mp4', folder/f'judge-{row}-{n}')
            table['rows'][key := f'studio {args.seed}, {args.steps} steps, {row}, seen by {n}'] = score(run, judge, 40)
            print(key, table['rows'][key], flush=True)
            args.out.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__': main()
