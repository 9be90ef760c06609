"""What a single picture shows of being rendered from an avatar: features of renderings and of the pictures that they should resemble

    python tests/unmarked.py --avatar RUN CAPTURE [--avatar RUN CAPTURE ...] --report results/unmarked.json

Both go through the same JPEG encoder, so that files cannot be told apart by it. nbs/trust/10_unmarked.ipynb judges by these features.
"""
import argparse, io, json
from pathlib import Path

import numpy as np
from PIL import Image

bands = np.geomspace(.02, .5, 11)  # cycles per pixel


def spectrum(frame, mask):
    "The log of the energy in ten bands, on the head, without their mean; and how much lines of a grid of two pixels stand out"
    rows, columns = np.nonzero(mask > 127)
    side = min(160, *frame.shape[:2])
    top, left = (int(np.clip(np.median(v) - side/2, 0, n - side)) for v, n in ((rows, frame.shape[0]), (columns, frame.shape[1])))
    cut = (slice(top, top + side), slice(left, left + side))
    grey, inside = frame[cut] @ np.array([.299, .587, .114]), mask[cut]/255
    window = inside*np.outer(np.hanning(side), np.hanning(side))
    power = np.abs(np.fft.fft2((grey - (grey*window).sum()/window.sum())*window))**2
    f = np.abs(np.fft.fftfreq(side))
    r = np.hypot(f[:, None], f)
    energy = np.array([np.log10(power[(r >= a) & (r < b)].mean() + 1e-3) for a, b in zip(bands, bands[1:])])
    along = power.mean(0) + power.mean(1)
    def near(a, b): return along[(f >= a) & (f <= b)].mean()
    grid = [np.log10(near(*on)/near(*off)) for on, off in (((.245, .255), (.21, .24)), ((.485, .5), (.44, .47)))]
    return [*(energy - energy.mean()), *grid]


def saved(frame, quality, share=1.):
    image = Image.fromarray(frame)
    if share != 1: image = image.resize([round(n*share) for n in image.size], Image.Resampling.BICUBIC)
    with io.BytesIO() as f:
        image.save(f, 'jpeg', quality=quality)
        return np.asarray(Image.open(f).convert('RGB'))


def look(run, folder, count=40):
    "Rows of features of renderings and truth"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.evaluation.pictures import to_pil
    avatar, capture = HeadAvatar.load(run, device='cpu'), Capture.read(folder)
    r, rows = np.random.default_rng(0), []
    pairs = [(f, c) for f in capture.frames for c in capture.cameras]
    for i in sorted(r.choice(len(pairs), min(count, len(pairs)), replace=False)):
        frame, camera = pairs[i]
        view = capture.view(frame, camera)
        truth = np.asarray(to_pil(view.target().permute(1, 2, 0)))
        shown = np.asarray(to_pil(avatar.render(view.camera, *capture.tracking(frame))))
        mask = view.mask.numpy()
        small = np.asarray(Image.fromarray(mask).resize([round(n*.75) for n in mask.shape[::-1]]))
        for kind, picture in dict(truth=truth, rendered=shown).items():
            rows.append(dict(head=capture.name, kind=kind, saved=[round(v, 3) for v in spectrum(saved(picture, 90), mask)],
                             passed_on=[round(v, 3) for v in spectrum(saved(picture, 75, .75), small)]))
    return rows


def views_agree(run, folder, frames=6):
    "How much the colour of a landmark differs between cameras that look at it from the front, in grey levels: truth and rendering"
    import torch

    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.capture.capture import Capture
    from gha_nb.evaluation.pictures import to_numpy
    avatar, capture = HeadAvatar.load(run, device='cpu'), Capture.read(folder)
    rows = dict(head=capture.name, truth=[], rendered=[])
    names = list(capture.cameras)[len(capture.cameras)//4:-(len(capture.cameras)//4)]
    for frame in capture.frames[:frames]:
        seen = dict(truth=[], rendered=[])
        for camera in names:
            view = capture.view(frame, camera)
            at, _ = view.camera.project(view.landmarks)
            x, y = at[:, 0].long().clamp(1, view.camera.width - 2), at[:, 1].long().clamp(1, view.camera.height - 2)
            shown = avatar.render(view.camera, *capture.tracking(frame))
            for kind, picture in dict(truth=view.target().permute(1, 2, 0), rendered=shown).items():
                grey = torch.as_tensor(to_numpy(picture)).mean(-1)
                seen[kind].append(sum(grey[y + a, x + b] for a in (-1, 0, 1) for b in (-1, 0, 1))/9)
        for kind, v in seen.items(): rows[kind].append(round(255*float(torch.stack(v)[:, 17:].std(0).median()), 2))
    return rows


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--avatar', nargs=2, action='append', required=True, metavar=('RUN', 'CAPTURE'))
    p.add_argument('--report', type=Path, required=True)
    a = p.parse_args()
    res = dict(bands=[round(float(v), 4) for v in bands], pictures=[o for pair in a.avatar for o in look(*pair)],
               views=[views_agree(*pair) for pair in a.avatar])
    text = json.dumps(res).replace('{"head"', '\n{"head"')
    a.report.write_text(text + '\n')
    print(res['views'])


if __name__ == '__main__': main()
