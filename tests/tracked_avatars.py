"""Avatars of a film that was tracked, beside avatars of the same film whose tracking or masks are the true ones.

    python tests/tracked_avatars.py FOLDER --seed 401 --frames 250 --steps 700 --out results/tracked_avatars.json

FOLDER gets a studio clip (`record_clip`, kept if it is there), its capture (`gha-nb track`, focal length given) and a run for each
row: tracking and masks ours or the truth's, one part exchanged at a time. All are scored on the same held-out frames, against the film's
frame cut out by its true mask: whole pictures, inside the true mask, and inside it above the chin. With --clip CLIP MASK TRUTH another
film is taken."""
import argparse, json, os, shutil, subprocess, sys
from pathlib import Path

import numpy as np

# what is the truth's: geometry (poses of head and torso, landmarks, points; or the torso alone), coefficients, masks
rows = dict(ours=('', 0, 0), masks=('', 0, 1), poses=('all', 0, 0), coefficients=('', 1, 0), tracking=('all', 1, 0), truth=('all', 1, 1),
            torso_masks=('torso', 0, 1), poses_masks=('all', 0, 1))


def command(*words):
    "`gha-nb`, in this environment"
    subprocess.run([sys.executable, '-m', 'gha_nb', *map(str, words)], check=True, env=os.environ | dict(GHA_NB_PROGRESS='0'))


def true_pictures(clip: Path, mask: Path, capture: Path, out: Path):
    "Picture folders as `track` writes them, cut out by the true masks"
    import imageio.v3 as iio
    from gha_nb.capture.capture import Capture
    from gha_nb.capture.writer import CaptureWriter, ViewData
    from gha_nb.tracking.matte import on_white
    ours, writer = Capture.read(capture), CaptureWriter(out)
    wanted = {int(f): f for f in ours.frames}
    for k, (image, alpha) in enumerate(zip(iio.imiter(clip), iio.imiter(mask))):
        if k not in wanted: continue
        alpha = alpha[..., 0] if alpha.ndim == 3 else alpha
        view = ViewData(on_white(image, alpha.astype(np.float32)/255), alpha, ours.camera(wanted[k], 'phone'))
        writer.write(wanted[k], dict(phone=view), np.zeros(1), np.zeros(6), .12, np.zeros((68, 3)))


def as_tracked(truth: dict, k: int, place: np.ndarray):
    "Poses of head and torso and points of a frame, in the world in which our camera stands still; the torso is still in the truth's world"
    from scipy.spatial.transform import Rotation
    from gha_nb.tracking.frames import axes, from_camera
    from gha_nb.tracking.torso import in_world
    E0, E = np.broadcast_to(truth['E'], (len(truth['pose']), 4, 4))[[0, k]]
    since = E @ np.linalg.inv(E0)
    torso = in_world(np.r_[Rotation.from_matrix(since[:3, :3]).as_rotvec(), since[:3, 3]], axes, place)
    move = lambda x: np.float32(from_camera(x @ E[:3, :3].T + E[:3, 3], place))
    turned = Rotation.from_matrix(axes @ E[:3, :3] @ Rotation.from_rotvec(truth['pose'][k, :3]).as_matrix()).as_rotvec()
    pose = np.float32(np.r_[turned, move(truth['pose'][k, 3:])])
    return pose[None], torso[None], move(truth['lmk_3d'][k]), move(truth['vertices'][k][::2])


def variant(capture: Path, true: Path, truth: dict, out: Path, geometry: str, coefficients: bool, masks: bool) -> Path:
    "A capture with some of its parts exchanged for the truth"
    if out.exists(): shutil.rmtree(out)
    out.mkdir(parents=True)
    for name in ('images', 'cameras'): (out/name).symlink_to((true if masks and name == 'images' else capture)/name)
    split = json.loads((capture/'split.json').read_text())
    names, own = [str(n) for n in truth['names']], split['expression_names']
    for folder in sorted((capture/'params').iterdir()):
        k, to = int(folder.name), out/'params'/folder.name
        shutil.copytree(folder, to)
        file = next(to.glob('params*.npz'))
        with np.load(file) as o: params = dict(o)
        if geometry:
            with np.load(next((capture/'cameras'/folder.name).glob('*.npz'))) as o: place = -o['extrinsic'][:, :3].T @ o['extrinsic'][:, 3]
            pose, torso, landmarks, points = as_tracked(truth, k, place)
            params['torso'] = torso
            if geometry == 'all':
                params |= dict(pose=pose, scale=np.float32(truth['scale']).reshape(1))
                np.save(next(to.glob('lmk_3d*.npy')), landmarks)
                np.save(next(to.glob('vertices*.npy')), points)
        if coefficients:
            params['exp_coeff'] = np.float32([[truth['exp_coeff'][k, names.index(n)] if n in names else 0. for n in own]])
        np.savez(file, **params)
    (out/'split.json').write_text(json.dumps(split))
    return out


def score(run: Path, capture: Path, views: int = 50) -> dict:
    "Means over held-out frames"
    import torch
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.evaluation.metrics import choose_views, compare_view, score_view
    from gha_nb.losses import load_perceptual
    capture, avatar, judge, found = Capture.read(capture), HeadAvatar.load(run), load_perceptual('alex', None), []
    for frame, camera in choose_views(capture, 'test', views):
        view = compare_view(avatar, capture, frame, camera)
        points = torch.from_numpy(np.load(next((capture.path/'params'/frame).glob('lmk_3d*.npy'))))
        chin = capture.camera(frame, camera).scaled_to(*view.pred.shape[:0:-1]).project(points)[0][8, 1]
        above = view.mask*(torch.arange(view.mask.shape[1])[:, None] < chin)
        error = ((view.pred - view.truth).square()*above).sum()/(3*above.sum())
        scores = score_view(view, judge)
        found.append([*(scores[n] for n in ('psnr', 'psnr_masked')), float(-10*torch.log10(error)), scores['lpips']])
    return dict(zip(('whole', 'in_mask', 'above_chin', 'lpips'), np.round(np.mean(found, 0), 4).tolist()), views=len(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path); parser.add_argument('--seed', type=int, default=401)
    parser.add_argument('--frames', type=int, default=250); parser.add_argument('--steps', type=int, default=700)
    parser.add_argument('--minutes', type=float, help='instead of steps')
    parser.add_argument('--rows', nargs='*', default=list(rows)); parser.add_argument('--out', type=Path)
    parser.add_argument('--clip', nargs=3, type=Path, metavar=('CLIP', 'MASK', 'TRUTH'))
    args = parser.parse_args()
    folder = args.folder.resolve()
    clip, mask, file = args.clip or [folder/'clip'/n for n in ('clip.mp4', 'mask.mp4', 'truth.npz')]
    if not args.clip and not file.is_file():
        from gha_nb.studio.phone_clip import record_clip
        record_clip(folder/'clip', seed=args.seed, frames=args.frames)
    with np.load(file) as o: truth = dict(o)
    capture, true = folder/'capture', folder/'true'
    command('track', clip, '--out', capture, '--focal', round(float(truth['K'][0, 0]), 1), '--frames', args.frames, '--consent', 'nobody')
    if not true.exists(): true_pictures(clip, mask, capture, true)
    budget = ('--steps', args.steps) if args.minutes is None else ('--minutes', args.minutes)
    about = 'PSNR in dB and LPIPS of held-out frames; see tests/tracked_avatars.py'
    table = json.loads(args.out.read_text()) if args.out and args.out.is_file() else dict(about=about, rows={})
    for name in args.rows:
        data, run, given = folder/f'data-{name}', folder/f'run-{name}', rows[name]
        variant(capture, true, truth, data, *given)
        if not (run/'avatar').exists() and not (run/'avatar.json').exists():
            command('train', data, '--out', run, *budget, '--overwrite')
        judged = variant(capture, true, truth, folder/f'judge-{name}', *given[:2], True)
        key = f'{"clip" if args.clip else f"studio {args.seed}"}, {budget[1]} {budget[0][2:]}, {name}'
        table['rows'][key] = score(run, judged)
        print(key, table['rows'][key], flush=True)
        if args.out: args.out.write_text(json.dumps(table, indent=1))


if __name__ == '__main__': main()
