"""Colour the Gaussians by any of their attributes, hide some of them, click one and read all its values."""
# made by tools/stubs.py: do not edit
import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor
from ..avatar.avatar import HeadAvatar
from ..export.baked import BakedAvatar
from ..raster.gaussians import Gaussians
from .page import ScenePlacement
from typing import Any

__all__ = ['ATTRIBUTES', 'NETWORKS_ONLY', 'SHAPES', 'PLAIN', 'millimetres', 'principal_components', 'neutral_gaussians', 'gradient',
           'attributes_of', 'attribute', 'in_mouth', 'color_range', 'ray_contributions', 'strongest_expressions', 'ball', 'Inspector']

def millimetres(avatar: HeadAvatar) -> float: ...

def principal_components(features: Float[Tensor, "n f"]) -> Float[Tensor, "n 3"]:
    "The first three; each axis has its largest weight positive, so that its sign does not flip from step to step."

def neutral_gaussians(avatar: HeadAvatar|BakedAvatar, features: Float[Tensor, "n f"]) -> Gaussians:  # canonical space
    "The Gaussians before the deformation, with given features."

def gradient(avatar: HeadAvatar, g: Gaussians) -> Float[Tensor, "n"]|None:  # None: nothing has been trained here
    "How strongly the last step pulled at each neutral position."
ATTRIBUTES: dict[Any, Any]
NETWORKS_ONLY: tuple[str, str, str, str]

def attributes_of(avatar: HeadAvatar|BakedAvatar) -> tuple:  # names
    "What can be asked about the Gaussians of an avatar."

def attribute(name: str, # one of ATTRIBUTES
              avatar: HeadAvatar, g: Gaussians, # its Gaussians, canonical space
             ) -> Float[np.ndarray, "n"]|None:  # None where there is no such thing now
    "One number for each Gaussian."

def in_mouth(avatar: HeadAvatar) -> Bool[np.ndarray, "n"]:
    "Which Gaussians lie in the cavity behind the lips in the neutral head; none without the 68 landmarks."

def color_range(values: Float[np.ndarray, "n"]) -> tuple[float, float]:
    "The range of the colours: from the 1st to the 99th percentile of what is finite."

def ray_contributions(origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"], # of a ray
               centers: Float[np.ndarray, "n 3"], covariances: Float[np.ndarray, "n 3 3"],
               opacities: Float[np.ndarray, "n"], # in the same space
               blur: float = .004, # standard deviation added in each direction: half a pixel
              ) -> Float[np.ndarray, "n"]:
    "How much each Gaussian contributes to what is seen along a ray."

def strongest_expressions(avatar: HeadAvatar, index: int, # of a Gaussian
          ) -> dict:  # name of a coefficient -> millimetres, largest first
    "Which expressions move a Gaussian, and how far."
SHAPES: tuple[str, str, str]
PLAIN: str

def ball(slices: int = 10, stacks: int = 6) -> tuple[np.ndarray, np.ndarray]:  # vertices [n, 3], faces [m, 3]
    "A coarse unit sphere."

class Inspector:
    "Colours, shapes, a filter, and the answers to clicks."
    loop: Any
    avatar: HeadAvatar | BakedAvatar
    placement: ScenePlacement
    server: Any
    values: Any
    kept: Any
    page: Any
    picked: Any
    ellipsoids: Any
    marker: Any
    by: Any
    legend: Any
    plot: Any
    keep: Any
    mouth: Any
    neutral: Any
    shape: Any
    count: Any
    answer: Any
    range: tuple[float, float]
    def __init__(self, loop, # a `ViewerLoop`: told when something is out of date
                 avatar: HeadAvatar|BakedAvatar, placement: ScenePlacement) -> None: ...  # of the page
    def applied(self, g: Gaussians) -> Gaussians:  # canonical space
        "What is left to be shown: neutral if asked for, and without what is hidden."
    def colors(self) -> Float[np.ndarray, "n 3"]|None:  # 0..1; None: their own
        "A colour for each Gaussian, in a map that colour-blind people can read."
    def draw(self, splats, # viser's handle
             now: tuple) -> None:  # canonical Gaussians from `applied`, pose [6], scale []
        "Bring the Gaussians to the page, in their colours and shapes."
    def draw_ellipsoids(self, g: Gaussians, shown: dict) -> None:
        "Opaque ellipsoids at one standard deviation; hidden ones have no size."
    def show(self, splats, own: bool) -> None:
        "Splats or ellipsoids."
    def hide(self, splats) -> None:
        "Neither of them: a picture is shown."
    def show_statistics(self) -> None:
        "Scale, histogram and numbers of the chosen attribute."
    def click(self, origin: np.ndarray, direction: np.ndarray) -> None:  # a ray on the page
        "Say everything about the Gaussian that contributes most to what was clicked."
    def about(self, i: int, share: float) -> str:  # Markdown
        "All values of a Gaussian, and what moves it."
