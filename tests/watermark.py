"""How well watermarks hide and how much they survive: clips of trained avatars and a recorded one, marked and attacked

    python tests/watermark.py --avatar RUN CAPTURE --video FILE --unmarked CAPTURE --report results/watermark.json

Clips have 125 frames, five seconds. An avatar is seen by several cameras of its capture and moves between frames of it that a seed
chooses. The whole takes about twenty minutes on one core. `tests/test_watermark.py` checks a small part of it in seconds.
Constants of the mark were chosen while looking at the clips of `--avatar` and `--video`, and at studio heads 231 and 508. Heads of
`--other`, which nobody had looked at then, are measured apart:

    python tests/watermark.py --other RUN CAPTURE --parts others --cameras 4 --report results/watermark.json
"""
import argparse, io, json, subprocess, time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter, rotate

from gha_nb.trust import spread_spectrum as spread, watermark as marking

frames_in_clip, bilinear = 125, Image.Resampling.BILINEAR


# ---- attacks: frames [T, H, W, 3] -> frames

def ffmpeg(args, data):
    done = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', *args], input=data, capture_output=True)
    if done.returncode: raise RuntimeError(done.stderr.decode()[-500:])
    return done.stdout


def even(frames): return frames[:, :frames.shape[1]//2*2, :frames.shape[2]//2*2]


def h264(frames, crf=28):
    "Encoded by x264 at its default preset in 4:2:0, and decoded"
    frames = even(frames)
    h, w = frames.shape[1:3]
    raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24']
    options = ['-c:v', 'libx264', '-preset', 'medium', '-threads', '1', '-crf', str(crf), '-pix_fmt', 'yuv420p', '-f', 'matroska', '-']
    film = ffmpeg([*raw, '-s', f'{w}x{h}', '-r', '25', '-i', '-', *options], np.ascontiguousarray(frames).tobytes())
    return np.frombuffer(ffmpeg(['-i', '-', *raw, '-'], film), np.uint8).reshape(-1, h, w, 3)


def each(f): return lambda frames, *a: np.stack([f(o, *a) for o in frames])


@each
def jpeg(frame, quality=50):
    with io.BytesIO() as f:
        Image.fromarray(frame).save(f, 'jpeg', quality=quality)
        return np.asarray(Image.open(f).convert('RGB'))


@each
def scaled(frame, share=.5):
    h, w = frame.shape[:2]
    return np.asarray(Image.fromarray(frame).resize((round(w*share), round(h*share)), bilinear).resize((w, h), bilinear))


def cropped(frames, away=.2):
    "So much of the area is cut away, more at the top and the left"
    h, w = frames.shape[1:3]
    high, wide = round(h*(1 - away)**.5), round(w*(1 - away)**.5)
    return frames[:, (top := (h - high)*2//3):top + high, (left := (w - wide)*2//3):left + wide]


@each
def brightness(frame, factor=1.2): return np.clip(frame*np.float32(factor), 0, 255).round().astype(np.uint8)
@each
def contrast(frame, factor=1.2): return np.clip((frame - np.float32(128))*factor + 128, 0, 255).round().astype(np.uint8)
@each
def blurred(frame, sigma=1.): return np.asarray(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(sigma)))
@each
def smoothed(frame, size=5): return np.asarray(Image.fromarray(frame).filter(ImageFilter.MedianFilter(size)))
@each
def noisy(frame, sigma=8.):
    noise = np.random.default_rng(int(frame.sum())).normal(0, sigma, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)
@each
def turned(frame, degrees=2.): return np.clip(rotate(frame, degrees, reshape=False, order=1, mode='nearest'), 0, 255).astype(np.uint8)


def estimated_away(frames):
    "What an attacker can do who knows that the mark stands still: subtract what is fine in the mean of all frames"
    mean = frames.mean(0)
    fine = mean - gaussian_filter(mean, (6, 6, 0))
    return np.stack([np.clip(o - fine, 0, 255).round().astype(np.uint8) for o in frames])


single = {'H.264, crf 28': h264, 'JPEG, quality 50': jpeg, 'half size and back': scaled, 'crop of 20 %': cropped,
          'brightness +20 %': brightness, 'brightness -20 %': lambda f: brightness(f, .8), 'contrast +20 %': contrast,
          'contrast -20 %': lambda f: contrast(f, .8)}
hard = {'H.264 twice, crf 28': lambda f: h264(h264(f)), 'crop, half size and back, H.264': lambda f: h264(scaled(cropped(f))),
        'brightness +20 %, JPEG': lambda f: jpeg(brightness(f)), 'crop, brightness +20 %, H.264': lambda f: h264(brightness(cropped(f))),
        'turned by 2 degrees': turned, 'turned by 2 degrees, H.264': lambda f: h264(turned(f)), 'median of 5 x 5': smoothed,
        'blur of 3 px, H.264': lambda f: h264(blurred(f, 3.)), 'noise of 8 levels, H.264': lambda f: h264(noisy(f)),
        'mean of the frames taken away': estimated_away}
strengths = {'H.264: crf': (h264, (18, 23, 28, 33, 38, 43, 48)), 'JPEG: quality': (jpeg, (90, 70, 50, 30, 20, 10, 5)),
             'scaled to': (scaled, (.75, .5, .35, .25, .2, .15)), 'cropped away': (cropped, (.1, .2, .35, .5, .65, .8)),
             'brightness x': (brightness, (.5, .8, 1.1, 1.2, 1.3, 1.5, 2.)), 'blur (px)': (blurred, (1., 2., 3., 4., 5., 6.))}


# ---- clips

def avatar_clips(run, folder, cameras, seed=0):
    "Clips of an avatar that moves smoothly between frames of its capture, from several cameras"
    import torch

    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.drive.clips import mixed_poses
    avatar, capture = HeadAvatar.load(run, device='cpu'), Capture.read(folder)
    names = list(capture.cameras)
    for camera in [names[round(i)] for i in np.linspace(1, len(names) - 2, cameras)]:
        r, res = np.random.default_rng([seed, names.index(camera)]), []
        keys = [capture.tracking(capture.frames[i]) for i in r.integers(0, len(capture.frames), 12)]
        view = capture.view(capture.frames[0], camera).camera
        for t in np.linspace(0, 10.999, frames_in_clip):
            a, b, w = keys[int(t)], keys[int(t) + 1], t % 1
            w = w*w*(3 - 2*w)
            moment = [None if x is None else mixed_poses(x[None], y[None], torch.tensor([w], dtype=x.dtype))[0] if x.numel() == 6
                      else torch.lerp(x, y, w) for x, y in zip(a, b)]
            with torch.no_grad(): res.append((avatar.render(view, *moment)*255).round().to(torch.uint8).numpy())
        yield f'{capture.name}, camera {names.index(camera)}', np.stack(res)


def video_clips(path, count):
    import imageio.v3 as iio
    frames = np.stack(list(iio.imiter(path)))
    for start in np.linspace(0, len(frames) - frames_in_clip, count).astype(int):
        yield f'{Path(path).stem}, frame {start}', frames[start:start + frames_in_clip]


# ---- measuring

def reading(frames, word, turn=False):
    "Was the payload read, and how many bits of the code word were wrong before decoding?"
    found = marking.find_watermark(frames, turned=turn)
    small = marking.whitened(marking.mean_frame(frames))
    if found is None: places = marking.best_places(small, 0.)[:1]
    else:
        small = rotate(small, found.angle, reshape=False, order=1) if found.angle else small
        z, down, across = marking.aligned(marking.measured(small, found.scale*min(small.shape)), 256)
        places = [(z, found.scale, found.angle, down, across)]
    _, scale, _, down, across = places[0]
    soft = marking.soft_bits(marking.measured(small, scale*min(small.shape)), down, across)
    return found, float(np.mean((soft > 0) != (word > 0)))


def tally(clips, attacks, payloads, singles=0, turn=()):
    "Rates of each attack, over clips and payloads, and of single frames of them"
    res = {k: dict(clips=0, found=0, wrong=0, bit_error=[], frames=0, frames_found=0, frames_bit_error=[]) for k in attacks}
    for i, (name, frames) in enumerate(clips):
        for j in range(payloads):
            mark = marking.Watermark(payload := spread.payload_of(f'{name} {j}'))
            word = spread.encode(spread.message_bits(payload))
            marked = np.stack([mark.mark(o) for o in frames])
            for k, attack in attacks.items():
                begin, hurt, r = time.time(), attack(marked), res[k]
                found, error = reading(hurt, word, k in turn)
                r['clips'] += 1
                r['found'] += found is not None and found.payload == payload
                r['wrong'] += found is not None and found.payload != payload
                r['bit_error'].append(error)
                for n in np.linspace(0, len(hurt) - 1, singles).astype(int):
                    found, error = reading(hurt[n], word)
                    r['frames'] += 1
                    r['frames_found'] += found is not None and found.payload == payload
                    r['wrong'] += found is not None and found.payload != payload
                    r['frames_bit_error'].append(error)
                print(f'{i} {name}, payload {j}, {k}: {r["found"]}/{r["clips"]}, bits wrong {r["bit_error"][-1]:.2f}, '
                      f'{time.time() - begin:.1f} s', flush=True)
    for r in res.values():
        for k in ('bit_error', 'frames_bit_error'): r[k] = round(float(np.mean(r[k])), 4) if r[k] else None
    return res


def how_visible(clips):
    "PSNR and LPIPS of marked frames, how long marking takes, and what the mark adds to a film"
    import torch

    from gha_nb.losses import load_perceptual
    judge, mark, rows = load_perceptual('alex'), marking.Watermark(spread.payload_of('seen')), []
    def tensor(a): return torch.from_numpy(np.array(a)).permute(2, 0, 1)[None].float()/255
    for name, frames in clips:
        marked = np.stack([mark.mark(o) for o in frames])
        shift, chosen = marked.astype(np.float32) - frames, range(0, frames_in_clip, 12)
        with torch.no_grad(): lpips = [float(judge(tensor(marked[i]), tensor(frames[i]))) for i in chosen]
        still = np.abs(np.diff(shift, axis=0)).mean()/np.abs(shift).mean()
        rows.append(dict(clip=name, size=frames.shape[1], psnr=round(float(min(-10*np.log10((s**2).mean()/255**2) for s in shift)), 2),
                         lpips=round(float(np.mean(lpips)), 5), lpips_most=round(max(lpips), 5), flicker=round(float(still), 3)))
        print(rows[-1], flush=True)
    frame = np.ascontiguousarray(np.asarray(Image.fromarray(clips[0][1][0]).resize((512, 512))))
    mark.mark(frame)
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        mark.mark(frame)
        times.append(time.perf_counter() - begin)
    return rows, round(1000*min(times), 2)


def decode_many(soft, known=()):
    "`decode` of many code words at once: [N, n_coded] -> bits [N, 88]"
    states, gain = 1 << spread.MEMORY, soft.reshape(len(soft), -1, 3).astype(np.float32) @ spread.sums.T
    score, came = np.full((len(soft), states), -np.inf, np.float32), []
    score[:, 0] = 0
    for t in range(gain.shape[1]):
        two = (np.repeat(score, 2, 1) + gain[:, t]).reshape(-1, 2, states)
        if t < len(known): two[:, :, 1 - known[t]::2] = -np.inf
        came.append(two[:, 1] > two[:, 0])
        score = two.max(1)
    state, bits, rows = np.zeros(len(soft), int), [], np.arange(len(soft))
    for c in came[::-1]:
        bits.append(state & 1)
        state = (state | c[rows, state].astype(int) << spread.MEMORY) >> 1
    return np.stack(bits[::-1], 1)[:, :-spread.MEMORY].astype(np.uint8)


def random_draws(count, seed=0):
    "Readers of pure noise: how often the first bits of the checksum fit, and all 24"
    r, fits, tries = np.random.default_rng(seed), np.zeros(spread.CHECK_BITS + 1, int), 0
    for _ in range(0, count, 2000):
        soft = r.standard_normal((2000, spread.n_coded))
        for known in ((), marking.tool_bits):
            for word in np.packbits(decode_many(soft, known), 1):
                wrong = spread.checksum(int.from_bytes(word[:8].tobytes(), 'big')) ^ int.from_bytes(word[8:].tobytes(), 'big')
                fits[:spread.CHECK_BITS - wrong.bit_length() + 1] += 1
                tries += 1
    return dict(draws=count, tries=tries, fits={n: int(fits[n]) for n in (4, 8, 12, 16, 24)},
                expected={n: round(tries/2**n, 3) for n in (4, 8, 12, 16, 24)})


def unmarked_frames(folders, videos):
    "Every picture of captures and every frame of videos that carry no mark: how many are said to carry one?"
    import imageio.v3 as iio
    res = {}
    def look(name, frames):
        count = alarms = 0
        for f in frames: count, alarms = count + 1, alarms + (marking.find_watermark(f) is not None)
        res[name] = dict(frames=count, alarms=alarms)
        print(name, res[name], flush=True)
    for folder in folders:
        files = sorted(o for o in (Path(folder)/'images').rglob('image_*.jpg') if 'lowres' not in o.name)
        look(Path(folder).name, (np.asarray(Image.open(o).convert('RGB')) for o in files))
    for path in videos: look(Path(path).name, iio.imiter(path))
    return res


def learned_from_marks(folder, steps=500):
    "An avatar that is trained on marked pictures: does what it renders carry the mark? Marked pictures of the same capture are the control"
    import shutil, tempfile

    from gha_nb.capture.capture import Capture
    from gha_nb.evaluation.pictures import to_pil
    from gha_nb.training.presets import find_preset
    from gha_nb.training.training import train
    mark = marking.Watermark(payload := spread.payload_of('learned'))
    with tempfile.TemporaryDirectory() as home:
        copy = shutil.copytree(folder, Path(home)/'marked')
        for file in (copy/'images').rglob('image_*.jpg'):
            if 'lowres' in file.name: continue
            picture = np.asarray(Image.open(file).convert('RGB'))
            Image.fromarray(mark.mark(picture)).save(file, quality=95, subsampling=0)
        capture = Capture.read(copy)
        avatar = train(capture, Path(home)/'run', preset=find_preset('light').changed('losses.perceptual=0'), steps=steps, init='cloud')
        res = dict(capture=Path(folder).name, steps=steps, cameras=0, found=0, control_found=0)
        for camera in capture.cameras:
            shown, control = [], []
            for frame in capture.frames:
                view = capture.view(frame, camera)
                shown.append(np.asarray(to_pil(avatar.render(view.camera, *capture.tracking(frame)))))
                control.append(np.asarray(to_pil(view.image)))
            for key, frames in dict(found=shown, control_found=control).items():
                found = marking.find_watermark(np.stack(frames))
                res[key] += found is not None and found.payload == payload
            res['cameras'] += 1
            print(res, flush=True)
    return res


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--avatar', nargs=2, action='append', default=[], metavar=('RUN', 'CAPTURE'))
    p.add_argument('--other', nargs=2, action='append', default=[], metavar=('RUN', 'CAPTURE'), help='a head that nobody tuned the mark to')
    p.add_argument('--video', action='append', default=[])
    p.add_argument('--unmarked', action='append', default=[], help='a capture without marks; `learned` trains with the first')
    p.add_argument('--cameras', type=int, default=3, help='clips of each avatar')
    p.add_argument('--payloads', type=int, default=5)
    p.add_argument('--draws', type=int, default=100_000)
    p.add_argument('--parts', default='seen single unmarked draws strengths hard')
    p.add_argument('--report', type=Path, required=True, help='parts that were measured before are kept')
    a = p.parse_args()
    clips = [c for run, folder in a.avatar for c in avatar_clips(run, folder, a.cameras)]
    clips += [c for path in a.video for c in video_clips(path, 2)]
    one_each = clips[::max(len(clips)//4, 1)]
    res = json.loads(a.report.read_text()) if a.report.exists() else {}
    for part in a.parts.split():
        begin = time.time()
        if part == 'seen': res['seen'], res['milliseconds_512'] = how_visible(clips)
        if part == 'single': res['single'] = tally(clips, single, a.payloads, singles=5)
        if part == 'hard': res['hard'] = tally(one_each, hard, 1, turn=[k for k in hard if 'turned' in k])
        if part == 'strengths':
            res['strengths'] = {k: {str(v): tally(one_each, {f'{k} {v}': lambda x, f=f, v=v: f(x, v)}, 1)[f'{k} {v}'] for v in values}
                                for k, (f, values) in strengths.items()}
        if part == 'others':
            others = [c for run, folder in a.other for c in avatar_clips(run, folder, a.cameras)]
            some = others[::max(len(others)//4, 1)]
            res['others'] = dict(seen=how_visible(others)[0], single=tally(others, single, a.payloads, singles=5),
                                 hard=tally(some, hard, 1, turn=[k for k in hard if 'turned' in k]),
                                 unmarked=unmarked_frames([folder for _, folder in a.other], []))
        if part == 'unmarked': res['unmarked'] = unmarked_frames(a.unmarked, a.video)
        if part == 'learned': res['learned'] = learned_from_marks(a.unmarked[0])
        if part == 'draws': res['draws'] = random_draws(a.draws)
        a.report.write_text(json.dumps(res, indent=1) + '\n')
        print(f'{part}: {time.time() - begin:.0f} s', flush=True)


if __name__ == '__main__': main()
