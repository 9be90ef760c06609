"""Neutral model, generator, splatting and super-resolution behind two calls, and a file to keep them in."""
# made by tools/stubs.py: do not edit
from dataclasses import dataclass, field
from pathlib import Path
from jaxtyping import Float
from torch import Tensor, nn
from .upsampler import SubPixelConfig
from ..geometry import Camera
from ..networks import GeneratorConfig
from ..parts import Enlargement, PointFeatures
from ..raster.gaussians import Gaussians
from typing import Any

__all__ = ['FORMAT', 'camera_in_canonical', 'AvatarConfig', 'Rendering', 'follow_torso', 'relative_inputs', 'HeadAvatar', 'save_avatar',
           'read_about', 'check_config', 'check_about', 'upgraded', 'load_avatar']

def camera_in_canonical(camera: Camera, # one camera, world space
                        pose: Float[Tensor, "6"], # head: rotation vector (radians) and translation (world units)
                        scale: Float[Tensor, ""]|float, # world units per canonical unit
                       ) -> Camera:  # sees canonical space as `camera` sees the posed head; lengths are head units
    "Fold pose and scale of the head into the camera; differentiable in pose and scale."

@dataclass(frozen=True)

class AvatarConfig:
    "What an avatar is made of; saved with it."
    expressions: int  # number of expression coefficients, E
    low: tuple = (128, 128)  # width and height of the feature image, pixels
    generator: PointFeatures|GeneratorConfig = field(default_factory=GeneratorConfig)  # its class says which generator it is
    upsampler: Enlargement = field(default_factory=SubPixelConfig)  # likewise
    antialiased: bool = False  # opacity compensation in the splatting
    motion_rank: int = 0  # directions of the motion known from tracking; 0: none
    torso: bool = False  # a second rigid frame: each Gaussian has a share of what does not follow the head

@dataclass(frozen=True)

class Rendering:
    "A picture and what it was made from."
    image: Float[Tensor, "H W 3"]  # RGB, 0..1 when rendered without gradients
    coarse: Float[Tensor, "h w 3"]  # the first three channels, on the background
    features: Float[Tensor, "h w c"]  # the feature image
    alpha: Float[Tensor, "h w"]  # coverage
    gaussians: Gaussians  # canonical space

def follow_torso(g: Gaussians, # canonical space
                 share: Float[Tensor, "n"], # 0: follows the head, 1: stays with the torso
                 twist: Float[Tensor, "6"], # of the torso, canonical space, from `torso_twist`
                ) -> Gaussians:  # canonical space
    "Gaussians after the torso has taken its share of them; differentiable in all but the twist."

def relative_inputs(avatar, # with `neutral_expression` [E] and `neutral_pose` [6]
                    expression: Float[Tensor, "e"], pose: Float[Tensor, "6"], scale: Float[Tensor, ""],
                   ) -> Float[Tensor, "m"]:  # E coefficients, then 6 of the pose: radians, head units
    "How a frame differs from the neutral one; what `frame_inputs` says of a capture's frames."

class HeadAvatar(nn.Module):
    """An animatable head: {X0, F0, Q0, S0, A0}, the generator, and the upsampler (Xu et al., section 3); and a share of the torso.
        avatar = HeadAvatar.load('runs/demo')
        image = avatar.render(camera, *capture.tracking(frame)) # [H, W, 3] RGB 0..1"""
    config: AvatarConfig
    expression_names: tuple[Any, ...]
    means: nn.Parameter
    features: nn.Parameter
    quats: nn.Parameter
    log_scales: nn.Parameter
    opacity_logits: nn.Parameter
    generator: Any
    upsampler: Any
    precision: Any
    origin: Any
    landmarks: Tensor
    neutral_expression: Tensor
    neutral_pose: Tensor
    neutral_scale: Tensor
    expression_range: Tensor
    motion: Tensor
    motion_mix: Tensor
    torso_logits: nn.Parameter
    background: Tensor
    neutral_torso: Tensor
    def __init__(self, config: AvatarConfig, # what it is made of
                 points: int, # number of Gaussians
                 landmarks: int, # number of neutral landmarks
                 expression_names: tuple = (), # names of the coefficients
                ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def n_expressions(self) -> int: ...
    @property
    def neutral(self) -> dict:  # what the generator starts from
        "The neutral model, unbounded."
    @property
    def resolution(self) -> tuple:  # width, height
        "Size of the pictures it was trained for, pixels."
    @property
    def plain(self) -> bool: ...
    def frame(self, expression, pose, scale) -> tuple:  # three tensors on the avatar's device
        "Check and move the three inputs of a frame; None means neutral."
    def canonical(self, expression=None, # [E]; None: neutral
                  pose=None, # [6] rotation vector and translation, world; None: neutral
                  scale=None, # world units per head unit; None: neutral
                  torso=None, # [6] like a pose: how the torso moved (`Capture.torso`); None: as in the neutral frame
                 ) -> Gaussians:  # canonical space
        "The Gaussians of a frame before the rigid pose."
    def canonical_of(self, e: Tensor, p: Tensor, s: Tensor, torso=None) -> Gaussians:  # canonical space
        "`canonical` for inputs that `frame` has checked."
    def forward(self, camera: Camera, expression=None, pose=None, scale=None, torso=None) -> Rendering:
        "Render a frame with gradients; arguments as in `render`."
    def draw(self, gaussians: Gaussians, # canonical space, from `canonical`
             camera: Camera, # full-size camera, world space
             pose: Tensor, scale: Tensor, # of the head
             rescale: float = 1., # enlarge the feature image by this before super-resolution (training only)
            ) -> Rendering:
        "Splat and enlarge the Gaussians of a frame, seen by one camera."
    def pose(self, expression=None, pose=None, scale=None, torso=None) -> Gaussians:  # world space
        "The Gaussians of an expression [E], a head pose [6], a scale and a torso's pose [6]; None means neutral."
    def render_parts(self, camera: Camera, # full-size camera, world space
                     expression=None, pose=None, scale=None, torso=None) -> Rendering:
        "A picture and what it was made from."
    def render(self, camera: Camera, # full-size camera, world space
               expression=None, # [E] coefficients; None: neutral, as for all of these
               pose=None, # [6] of the head: rotation vector (radians) and translation, world
               scale=None, # world units per head unit
               torso=None, # [6] how the torso moved, like a pose (`Capture.torso`); None: it stays as in the neutral frame
              ) -> Float[Tensor, "H W 3"]:  # RGB 0..1
        "The picture of a frame; raises `GhaError` for inputs of other sizes."
    @staticmethod
    def load(run: Path|str, # a run folder, or one of the two files
             device: str = 'auto', # where to put it
             precision: str = 'auto', # 'fp32', 'bf16', or 'auto': see `core.pick_precision`
            ) -> HeadAvatar:
        "Read an avatar; raises `CheckpointError` for what is truncated, foreign or newer, or made of a part that is not registered here."
    def save(avatar: HeadAvatar, # to be saved
             folder: Path|str, # created if missing
             **notes, # anything that goes into the JSON beside it
            ) -> Path:  # the folder
        "Write `avatar.safetensors` and `avatar.json`."
FORMAT: int

def save_avatar(avatar: HeadAvatar, # to be saved
                folder: Path|str, # created if missing
                **notes, # anything that goes into the JSON beside it
               ) -> Path:  # the folder
    "Write `avatar.safetensors` and `avatar.json`."

def read_about(folder: Path) -> dict:  # of `avatar.json`
    "Read and check the description of a saved avatar; raises `CheckpointError`."

def check_config(config, where: str = 'config') -> None:  # a configuration, from `from_plain`
    "Compare a configuration with its dataclass: types, and numbers that a network can have; raises `GhaError` with the field."

def check_about(about: dict, state: dict, config: AvatarConfig) -> None:  # the description; the tensors; its config, from `from_plain`
    "Compare a description with its dataclasses and with the tensors; raises `GhaError` with the field."

def upgraded(about: dict, state: dict) -> tuple[dict, dict]:  # description and tensors, as they are written today
    "An avatar of an older format, or as it is."

def load_avatar(run: Path|str, # a run folder, or one of the two files
                device: str = 'auto', # where to put it
                precision: str = 'auto', # 'fp32', 'bf16', or 'auto': see `core.pick_precision`
               ) -> HeadAvatar:
    "Read an avatar; raises `CheckpointError` for what is truncated, foreign or newer, or made of a part that is not registered here."
