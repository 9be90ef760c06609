"""A recording of one head: frames, cameras, pictures, tracking, and what is kept for testing"""
# made by tools/stubs.py: do not edit
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor
from ..core import CaptureError
from ..geometry import Camera
from .check import Problem
from .layout import Split
from typing import Any

__all__ = ['View', 'size_of', 'channels_first', 'as_floats', 'PictureCache', 'Capture', 'capture_error', 'read_or_raise', 'demo_capture']

@dataclass(frozen=True, eq=False)

class View:
    "What one camera saw in one frame, and what is known about the head then: `capture.view('0000', 'cam3').target(256)`, [3, 256, 256]."
    frame: str  # its name
    camera_name: str  # the camera's name
    image: UInt8[Tensor, "h w 3"]  # RGB as stored
    mask: UInt8[Tensor, "h w"]  # 255 on the head
    visible: UInt8[Tensor, "h w"]  # 0 where a pixel must not be compared
    camera: Camera  # of the picture's size
    expression: Float[Tensor, " e"]  # coefficients
    pose: Float[Tensor, " 6"]  # rotation vector (radians), then translation (metres)
    scale: Float[Tensor, " "]  # metres per head unit
    landmarks: Float[Tensor, "l 3"]  # world space, metres
    vertices: Float[Tensor, "v 3"]|None  # world space, metres
    white_background: bool  # is the image's background white already?
    lowres: View|None = None  # the same view from the stored low-resolution copies
    def target(self, size: int|tuple[int, int]|None = None, # width, or (width, height), pixels; as stored if None
              ) -> Float[Tensor, "3 h w"]:  # RGB, 0..1
        "The picture to be matched: the head on white."

def size_of(size: int|tuple[int, int]|None, width: int, height: int) -> tuple[int, int]:  # width and height, pixels
    "A size as a pair: of the full size if it is None, of the full picture's shape if it is a width alone."

def channels_first(picture: UInt8[np.ndarray, " ..."]) -> UInt8[np.ndarray, "c h w"]:
    "A picture [H, W] or [H, W, 3] as [1, H, W] or [3, H, W]; in memory the channels stay last, as in what it is compared with."

def as_floats(channels: UInt8[np.ndarray, "c h w"]) -> Float[Tensor, "c h w"]:
    "Bytes as floats 0..1."

class PictureCache:
    "Values that are kept until a budget of memory is used up. Safe to use from several threads."
    budget: int
    used: Any
    kept: dict[Any, Any]
    lock: threading.Lock
    def __init__(self, budget: int) -> None: ...  # bytes
    def get(self, key, make: Callable) -> Any:
        "The value of a key, made if it is not there, and kept if the budget allows."

@dataclass(frozen=True, eq=False)

class Capture:
    """A recording of one head, read lazily.
        capture = Capture.read('my_capture')
        view = capture.view(capture.frames[0], capture.cameras[0]) # pictures, camera and tracking
        image, mask, visible = capture.targets(*capture.views('train')[0], size=256) # [3, 256, 256] and twice [1, 256, 256], 0..1"""
    path: Path  # its folder
    frames: list[str]  # names
    cameras: list[str]  # names
    expression_names: list[str]  # one for each coefficient
    split: Split
    width: int  # of the full-size pictures, pixels
    height: int  # of the full-size pictures, pixels
    lowres_size: tuple[int, int]|None  # width and height of the stored low-resolution copies; None if there are none
    memory: PictureCache = field(repr=False)  # decoded pictures and numbers
    @staticmethod
    def read(path: Path|str, # the capture's folder, in the published layout
             check: bool = True, # read up to 20,000 views first, and refuse problems (`check_capture` reads all)
             drop: Sequence[str] = (), # names of frames to leave out
             memory: int = 2 << 30, # bytes of decoded pictures to keep
            ) -> Capture:
        """Open a capture. Raises `CaptureError` with the first problems and their number (all are in its `problems`).
            capture = Capture.read('my_capture', drop=['0007'])"""
    @property
    def name(self) -> str: ...
    @property
    def n_expressions(self) -> int: ...
    @cached_property
    def names(self) -> dict[str, set[str]]: ...
    @cached_property
    def white_background(self) -> bool:
        "Are the pictures on white already? Decided once, from up to eight views."
    def __repr__(self) -> str: ...
    def tracking(self, frame: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # expression [E], pose [6], scale [], torso [6]
        "All that params.npz says of a frame."
    def params(self, frame: str) -> tuple[Tensor, Tensor, Tensor]:  # expression [E], pose [6], scale []
        "The tracking of one frame: coefficients; rotation vector (radians) and translation (metres); metres per head unit."
    def torso(self, frame: str) -> Float[Tensor, " 6"]:  # rotation vector (radians), then translation (metres)
        "How the torso has moved in the world; zeros where the capture does not say: it stays."
    def expression(self, frame: str) -> Float[Tensor, " e"]:  # coefficients
        "The expression coefficients of a frame; raises `CaptureError` for an unknown name or an unreadable file, as all of these."
    def pose(self, frame: str) -> Float[Tensor, " 6"]:  # rotation vector (radians), then translation (metres)
        "The pose of the head in a frame."
    def scale(self, frame: str) -> Float[Tensor, " "]:  # metres per head unit
        "The size of the head in a frame."
    def landmarks(self, frame: str) -> Float[Tensor, "l 3"]:  # world space, metres
        "The tracked landmarks of a frame."
    def vertices(self, frame: str) -> Float[Tensor, "v 3"]|None:  # world space, metres
        "The tracked surface points of a frame; None if it has none."
    def points(self, kind: str, frame: str) -> Float[Tensor, "n 3"]:  # world space, metres
        "Tracked points of a frame: 'lmk_3d' or 'vertices'."
    def camera(self, frame: str, camera: str) -> Camera:  # of the full-size picture; cameras may move from frame to frame
        "A camera as it stood in one frame; raises `CaptureError`."
    def read_file(self, read: Callable, file: str, frame: str, camera: str|None = None, **options) -> Any:
        "What a reader of the layout returns for one file; raises `CaptureError` with the names of capture, frame and camera."
    def views(self, split: str = 'train', # 'train', 'test' or 'all'
             ) -> list[tuple[str, str]]:  # frame and camera of each view
        "The views of a split; raises `CaptureError` for an unknown one."
    def group(self, frame: str, camera: str) -> str:  # 'seen expression, new view', ...
        "Which of the four groups of scores a view falls into."
    def pictures(self, frame: str, camera: str, lowres: bool = False, # lowres: of the stored low-resolution copies
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray|None]:  # uint8 image [H, W, 3], mask [H, W], and visible [H, W] if there is one
        "Decode the pictures of a view; raises `CaptureError`."
    def has_lowres(self, frame: str, camera: str) -> bool:
        "Is there a stored low-resolution copy of this view?"
    def view(self, frame: str, camera: str, # one of `frames`, one of `cameras`
            ) -> View:  # pictures as stored [H, W, 3] and [H, W], camera, expression [E], pose [6], scale, landmarks [L, 3]
        """Everything about one view, decoded now. Raises `CaptureError` for an unknown name or an unreadable file.
            pixels, depth = (view := capture.view('0000', 'left')).camera.project(view.landmarks)"""
    def targets(self, frame: str, camera: str, # one of `frames`, one of `cameras`
                size: int|tuple[int, int]|None = None, # width, or (width, height), pixels; the full size if None
               ) -> tuple[Float[Tensor, "3 h w"], Float[Tensor, "1 h w"], Float[Tensor, "1 h w"]]:  # RGB on white, mask, visible; all 0..1
        """What a rendering of this view is to be compared with; kept in memory. Raises `CaptureError` as `view`.
            image, mask, visible = capture.targets('0000', 'left', size=256)"""
    def target_bytes(self, frame: str, camera: str, size: tuple[int, int], # width and height, pixels
                    ) -> tuple[np.ndarray, np.ndarray, np.ndarray|None]:  # uint8 [3, h, w], [1, h, w] and [1, h, w] or None
        "`targets` as bytes, kept in memory. Runs no torch: a second thread that does halves the speed of the first one's OpenMP."

def capture_error(path: Path, problems: list[Problem]) -> CaptureError:
    "The error that says why a capture is not read; its `problems` are all of them."

def read_or_raise(where: str, file: str, read: Callable, *args, **options) -> Any:
    "What a reader returns; raises a `CaptureError` that names the file, what is wrong with it, and what to do."

def demo_capture() -> Capture:
    "The capture that the package carries; raises `GhaError` where it was installed without it. `demo_capture().frames`"
