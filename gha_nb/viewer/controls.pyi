"""Sliders for a face, a turn for a head, and the frames of a recording: what can be asked of an avatar by hand."""
# made by tools/stubs.py: do not edit
from dataclasses import dataclass
import numpy as np
from jaxtyping import Float
from torch import Tensor
from ..avatar.avatar import HeadAvatar
from ..capture.capture import Capture
from typing import Any

__all__ = ['SIDES', 'other_side', 'mirror_order', 'rotate_head', 'mirrored_pose', 'mirrored_torso', 'Moment', 'between', 'blend',
           'matches_search', 'random_expression', 'extreme', 'AvatarMoves', 'AvatarControls']
SIDES: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]

def other_side(name: str) -> str:  # the same name if it has no side
    "What a coefficient is called on the other side of the face."

def mirror_order(names: tuple) -> list|None:  # index of each coefficient's other side; None where no name has a side
    "How to exchange left and right."

def rotate_head(pose: Float[Tensor, "6"], # rotation vector, translation
           nod: float = 0., turn: float = 0., tilt: float = 0., # degrees: about the ears, the neck, the line of sight
          ) -> Float[Tensor, "6"]:
    "A pose with the head turned about its own axes."

def mirrored_pose(pose: Float[Tensor, "6"], # world
                  home: Float[Tensor, "6"], # of the neutral head
                 ) -> Float[Tensor, "6"]:  # world
    "The pose with left and right exchanged."

def mirrored_torso(torso: Float[Tensor, "6"], still: Float[Tensor, "6"], # how it moved in the world: now, and in the neutral frame
                   home: Float[Tensor, "6"]) -> Float[Tensor, "6"]:  # pose of the neutral head; world
    "The motion of the torso with left and right exchanged."

@dataclass(frozen=True)

class Moment:
    "What an avatar is told about one moment."
    expression: Float[Tensor, "e"]  # coefficients
    pose: Float[Tensor, "6"]  # rotation vector (radians) and translation (world units)
    scale: Float[Tensor, ""]  # world units per head unit
    torso: Float[Tensor, "6"]  # how the torso moved, like a pose
    @staticmethod
    def of(capture: Capture, frame: str) -> 'Moment': ...

def between(a: Float[Tensor, "6"], b: Float[Tensor, "6"], share: float) -> Float[Tensor, "6"]:  # poses; share of `b`, 0..1
    "A pose between two others."

def blend(a: Moment, b: Moment, share: float) -> Moment:  # share of `b`, 0..1
    "A moment between two others."

def matches_search(text: str, name: str) -> bool:  # every name for an empty text
    "Does a name hold every word of a text?"

def random_expression(neutral: Float[np.ndarray, "e"],
                      seen: Float[np.ndarray, "2 e"], # least and most in training
                      rng: np.random.Generator, count: int = 4, # coefficients that move
                     ) -> Float[np.ndarray, "e"]:
    "Neutral but for a few coefficients, which lie within what was seen in training."

def extreme(neutral: Float[np.ndarray, "e"], seen: Float[np.ndarray, "2 e"], # least and most in training
            i: int) -> Float[np.ndarray, "e"]:  # index of a coefficient
    "One coefficient alone, at the end of what was seen in training that is farther from neutral."

class AvatarMoves:
    "The moves of a face and a head. A subclass has the sliders: it reads them in `expression` and `turns_now`, and sets them in `move`."
    mirrored_frames: bool
    capture: Capture | None
    names: Any
    order: list | None
    low: Any
    high: Any
    moved: Any
    neutral: Any
    seen: Any
    home: tuple[Any, ...]
    base: Any
    tour: Any
    def __init__(self, avatar: HeadAvatar, # to be moved
                 capture: Capture|None) -> None: ...  # whose frames can be shown
    def expression(self) -> Float[np.ndarray, "e"]: ...
    def turns_now(self) -> tuple: ...
    def move(self, expression: Float[np.ndarray, "e"], **turns) -> None: ...
    def found(self, name: str) -> bool: ...
    def inputs(self) -> tuple:  # expression [E], pose [6] in the world, scale [], torso [6]
        "What the sliders ask for. The head turns about its own axes, from the frame's pose; what is out of range is clipped."
    def swapped(self, m: Moment) -> Moment:
        "A moment with left and right exchanged."
    def to_neutral(self) -> None: ...
    def to_random(self, seed: int|None = None) -> None: ...
    def to_extreme(self) -> int|None:  # its index; None if the search shows nothing that moved in training
        "The next coefficient that the search shows, alone, at the end of its range that is farther from neutral."
    def to_mirror(self) -> None:
        "Exchange left and right of what is shown."
    def to_moment(self, m: Moment) -> None:
        "Show a moment."
    def to_frame(self, name: str) -> None: ...
    def to_blend(self, first: str, second: str, share: float) -> None: ...  # frames of the capture, and the share of the second, 0..1

class AvatarControls(AvatarMoves):
    "Face, head and frames of an avatar, as controls in the browser."
    avatar: HeadAvatar
    loop: Any
    sliders: dict[Any, Any]
    turns: dict[Any, Any]
    next_frame: Any
    base: Any
    search: Any
    message: Any
    folders: dict[Any, Any]
    frame: Any
    play: Any
    rate: Any
    clip: Any
    mirrored: Any
    frame_name: Any
    ends: list[Any]
    share: Any
    mirrored_frames: bool
    def __init__(self, avatar: HeadAvatar, # to be moved
                 capture: Capture|None, # whose frames can be played
                 loop) -> None: ...  # a `ViewerLoop`: told when something is out of date
    def changed(self, _=None) -> None: ...
    def expression(self) -> Any: ...
    def turns_now(self) -> Any: ...
    def found(self, name) -> Any: ...
    def move(self, expression, **turns) -> None: ...
    def set_values(self, values: dict) -> None:  # name -> value
        "Move the sliders to named values, what is not named to neutral; unknown names are passed over."
    def to_extreme(self) -> None:
        "As in `AvatarMoves`, and say which one it is."
    def straighten(self) -> None:
        "Back to the pose of the neutral head."
    def build_face(self, gui) -> None:
        "Sliders for the expression."
    def slider(self, gui, name: str, i: int, able: bool) -> Any:
        "The slider of one coefficient."
    def find(self, text: str) -> None:
        "Show the sliders whose names hold every word of a text, and no others; all of them for an empty text."
    def build_head(self, gui) -> None:
        "Sliders for the rotation of the head, beyond the pose of the frame."
    def build_frames(self, gui) -> None:
        "Playback of the capture, and mixtures of two of its frames."
    def frame_at(self, i: float) -> str:  # a slider's value -> name of a frame
        "The frame of the capture at a slider's value, which may be out of range."
    def show_frame(self) -> None:
        "Show expression and pose of the frame that the slider asks for."
    def show_blend(self) -> None:
        "Show the mixture of two frames that the sliders ask for."
    def tick(self, now: float) -> float:  # seconds of a clock that only goes forward; seconds until the next frame
        "Play on."
