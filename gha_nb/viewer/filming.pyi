"""The tab where a visitor chooses key frames, plays the path, films it, and keeps it."""
# made by tools/stubs.py: do not edit
from pathlib import Path
from ..avatar.avatar import HeadAvatar
from .timeline import PanelTab
from .page import ScenePlacement
from .camera_path import CameraPath, filming
from typing import Any

__all__ = ['SIZES', 'PathTab', 'free_name']
SIZES: dict[Any, Any]

class PathTab(PanelTab):
    "Key frames by hand, and what can be done with them."
    loop: Any
    avatar: HeadAvatar
    controls: Any
    placement: ScenePlacement
    folder: Path | None
    server: Any
    path: Any
    nodes: list[Any]
    cancelled: bool
    filming: bool
    clock: Any
    next_picture: Any
    video: Any
    gap: Any
    chosen: Any
    play: Any
    head: Any
    fps: Any
    size: Any
    visible: Any
    mark: Any
    buttons: Any
    bar: Any
    message: Any
    def __init__(self, loop, avatar: HeadAvatar, controls, # `AvatarControls`
                 placement: ScenePlacement, folder: Path|None) -> None: ...  # where videos and paths are kept
    def add(self, client) -> None:
        "One more key, after the last."
    def edit(self, what: str, client) -> None:
        "Go to, replace or delete the chosen key."
    def set(self, path: CameraPath, at: int = 0) -> None:  # at: the key that is chosen
        "Take a path, and show it."
    def show_path(self) -> None:
        "Lay the curve and its cameras into the scene."
    def go(self, time: float, client=None) -> None:  # None: everybody
        "Carry visitors and the head to a moment of the path."
    def tick(self, now: float) -> float:  # seconds of a clock; seconds until the next picture of the preview is due
        "Play on."
    def render(self, client) -> Any:
        "Film the path, one picture at each step of the loop; the video goes to the visitor, and into the folder."
    def rendering(self, path: CameraPath, client) -> Any:
        "The job of `render`."
    def save(self, client) -> None:
        "Send the path to the visitor, and keep it in the folder."
    def load(self, content: bytes, name: str) -> None:
        "Take a path from a file."

def free_name(folder: Path, stem: str, suffix: str) -> Path:
    "A file of that name that does not exist yet; its folder does."
