"""A head in the browser: turn it, move its face, ask it questions, play the recording, film it."""
# made by tools/stubs.py: do not edit
from pathlib import Path
import numpy as np
import viser
from torch import Tensor
from ..avatar.avatar import HeadAvatar, Rendering
from ..capture.capture import Capture
from .controls import AvatarControls
from ..export.baked import BakedAvatar
from .filming import PathTab
from ..raster.gaussians import Gaussians
from .inspector import Inspector
from .page import ViewerLoop
from .timeline import TimelineTab
from typing import Any

__all__ = ['RENDER_MODES', 'PLAIN_MODES', 'Viewer', 'over_white', 'view']
RENDER_MODES: tuple[Any, ...]
PLAIN_MODES: tuple[Any, str, str, str]

class Viewer(ViewerLoop):
    """Panel and scene of one avatar; `view` opens one. The thread that calls `step` is the only one that touches the avatar.
    Raises `GhaError` for a capture with another number of coefficients. Example: `Viewer(avatar, capture, open_server()).run()`"""
    avatar: HeadAvatar | BakedAvatar
    capture: Capture | None
    placement: Any
    painted: set[Any]
    sharpness: dict[Any, Any]
    splats: Any
    baked: Any
    shown: Any
    channel: Any
    controls: AvatarControls
    compare: Any
    around: Any
    note: Any
    inspector: Inspector
    path: PathTab
    timeline: TimelineTab
    def __init__(self, avatar: HeadAvatar|BakedAvatar, # to be looked at
                 capture: Capture|None, # whose frames can be played
                 server: viser.ViserServer, # from `open_server`
                 folder: Path|None = None, # where videos and paths are kept; None: they are only sent to the browser
                ) -> None: ...
    def build_tabs(self, server: viser.ViserServer, folder: Path|None) -> None:
        "The tabs of the panel; those about frames and cameras only with a capture."
    def arrived(self, client) -> None:
        "Note that a browser has come, and when it moves its camera."
    def left(self, client) -> None:
        "Forget a browser."
    def look_through(self, camera: str) -> None:  # its name
        "Compare what a camera saw: a visitor has clicked on it."
    def tick(self) -> Any: ...
    def inputs(self) -> Any: ...
    def frame(self) -> str|None:  # name
        "The frame of the capture that is shown, or the one last shown."
    def moment(self) -> tuple[Gaussians, Tensor, Tensor]:  # canonical Gaussians, pose [6], scale []
        "The Gaussians that the controls ask for, and where the head is."
    def rendering(self, g: Gaussians, camera, pose: Tensor, scale: Tensor) -> Rendering:
        "Draw canonical Gaussians; those of a baked avatar have colours and need no network."
    def picture(self, seen, # a browser's camera, as in `world_camera`
                moment: tuple|None = None, # from `moment`
                rows: int|None = None, # of the picture; None: as many as the avatar was trained for
               ) -> np.ndarray:  # uint8 [H, W, 3]
        "What this process renders for a browser."
    def depth_picture(self, g: Gaussians, camera, pose, scale) -> np.ndarray:  # uint8 [h, w, 3]
        "Distance along the line of sight, the nearest thing brightest."
    def send_picture(self, client, moment: tuple, # from `moment`
                     action: str) -> None:  # as in `Sharpness.rows`
        "Render what a browser sees, as sharp as there is time for."
    def draw(self, dirty: set) -> None:  # 'all', 'head', 'still', 'scene', 'compare', and numbers of browsers
        "Bring to the browsers what is out of date."
    def rendered(self, frame: str, camera: str) -> Tensor:  # [H, W, 3] 0..1
        "What the avatar makes of a view of the capture."

def over_white(values: Tensor, alpha: Tensor) -> Tensor:  # [h, w] 0..1, [h, w] -> [h, w, 3] 0..1
    "A colour-blind-safe map of values, where there is something, on white."

def view(avatar: HeadAvatar|BakedAvatar|Path|str, # or its run folder, or a .baked file
         capture: Capture|Path|str|None = None, # whose frames can be played
         host: str|None = None, # address to listen on; None: the settings', by default this machine alone
         port: int|None = None, # 0: any free one; None: the settings'
         block: bool = True, # until Ctrl-C? Otherwise it returns at once
         say=print, # where the address is announced
         folder: Path|str|None = None, # where videos and paths are kept; None: the run folder if one was given
        ) -> Viewer:  # with `close()`
    """Look at an avatar in the browser.
    Raises `GhaError` where it cannot listen there or the capture has other coefficients, `CheckpointError` for a run that cannot be loaded.
    Example: `view('runs/me', 'captures/me')`; in a notebook `viewer = view(avatar, capture, block=False)`, later `viewer.close()`"""
