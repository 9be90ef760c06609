"A user's program over the public names. test_typing.py has it read by mypy and by an editor's completion, and runs it."
from pathlib import Path

import gha_nb as gha
from gha_nb.avatar import HeadAvatar
from gha_nb.capture import Capture, View
from gha_nb.geometry import Camera
from gha_nb.raster import Gaussians, rasterize
from torch import Tensor


def main(folder: Path, out: Path) -> Tensor:
    capture = Capture.read(folder)
    view: View = capture.view(capture.frames[0], camera=capture.cameras[0])
    camera: Camera = view.camera
    gha.train(capture, out, preset='tiny', steps=4)
    avatar = HeadAvatar.load(out, device='cpu')
    gaussians: Gaussians = avatar.pose(view.expression, view.pose, view.scale)
    features, alpha = rasterize(gaussians, camera, antialiased=True)
    picture: Tensor = avatar.render(camera, view.expression, view.pose, view.scale)
    print(avatar, alpha.shape == picture.shape[:2], gha.evaluate(avatar, capture, split='test', max_views=1))
    return picture
