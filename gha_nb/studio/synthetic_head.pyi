"""A design, grown, posed and lit once a frame, and rendered by any number of cameras; and a draft of all that in a tenth of the time"""
# made by tools/stubs.py: do not edit
from dataclasses import dataclass
from functools import cached_property
import torch
from jaxtyping import Float
from torch import Tensor
from .design import Design
from ..geometry import Camera
from .hair import Ribbons
from .head import Head
from .materials import Noise, SurfaceSamples
from ..capture.writer import ViewData
from typing import Any

__all__ = ['PosedHead', 'face_points', 'hair_key', 'transfer_ribbons', 'SyntheticHead', 'light_head', 'shade_samples', 'split_samples',
           'apply_lens', 'sample_attributes', 'surface_samples', 'render_head']

@dataclass(frozen=True)

class PosedHead:
    "A head in one expression and rotation, lit, for any number of cameras. World space, metres."
    vertices: Float[Tensor, "n 3"]
    faces: Tensor  # [f, 3]
    materials: Tensor  # [f] int8; 0: skin and cloth, 1: upper teeth, 2: lower teeth, 3: tongue, 4: eye, 5: hair
    attributes: Float[Tensor, "n 20"]  # coordinates 3, normal 3, lighting 7, material data 4, vertex 3
    design: Design
    noise: Noise
    expression: Float[Tensor, "52"]
    pose: Float[Tensor, "6"]  # rotation vector (radians), translation (metres)
    landmarks: Float[Tensor, "68 3"]

def face_points() -> tuple[Tensor, Tensor]:  # vertex indices [68, 3], barycentrics [68, 3]
    "The 68 landmarks on the mesh that all heads share."

def hair_key(design: Design) -> tuple:
    "What hair and brows are grown from: while this stays the same, they are only carried along."

def transfer_ribbons(ribbons: Ribbons, old: Head, new: Head) -> Ribbons:
    "Ribbons of one head moved along with the skin to another."

class SyntheticHead:
    "A design with its head, hair, brows and lashes, ready to be posed: `SyntheticHead(Design(tone=.8)).pose(coefficients(jawOpen=.4))`"
    design: Any
    draft: bool
    strand_count: int
    head: Any
    noise: Any
    hair_ribbons: Any
    face_ribbons: Any
    scalp: Any
    scalp_index: torch.Tensor
    hair_thickness: Any
    material_data: torch.Tensor
    faces: Any
    body_faces: torch.Tensor
    materials: Any
    def __init__(
        self,
        design: Design | None = None,
        strands: int = 11000,  # of hair
        reuse: 'SyntheticHead | None' = None,  # one whose hair is carried over, where the designs agree about it
        draft: bool = False,  # lit coarsely: for a live picture
    ) -> None: ...
    def build_topology(self) -> None:
        "What follows from the hair: the data that materials need, and all faces in one list."
    @cached_property
    def tracked(self) -> Tensor:  # vertex indices
        "Vertices whose positions a capture records as tracked points: of the visible skin, the eyes' fronts, and the hair."
    def to_world(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        "From the head's decimetres to the world's metres."
    def pose(self,
        expression: Float[Tensor, "52"],  # 0..1
        rotation: Float[Tensor, "3"] | None = None,  # of the head about the neck, rotation vector, radians; None: ahead
    ) -> PosedHead:
        "The head in an expression and rotation, placed in the world and lit."

def light_head(
    subject: SyntheticHead,
    body: Tensor,  # [n, 3] posed skin, decimetres
    eyeballs: Tensor,  # [m, 3]
    normals: Tensor,  # [n + m, 3]
) -> tuple[Tensor, Tensor, Tensor]:  # packed light of the skin [n, 7], the eyes [m, 7], and of hair by the skin vertex below [n, 7]
    "All light on a posed head that does not depend on the camera."

def shade_samples(posed: PosedHead, material: int, surface: SurfaceSamples) -> Tensor:  # [n, 3] linear
    "The light that points of one material send to the camera."

def split_samples(
    materials: Tensor,  # [h, f, w, f] of each sample, -1: nothing
    depths: Tensor,  # [h, f, w, f] of each sample, metres
    step: float = 0.004,  # metres; samples of a pixel that are further apart in depth see two surfaces
) -> tuple[Tensor, Tensor]:  # pixels [p] that are shaded once, samples [s] that are shaded each
    "Which pixels are shaded once, and which of their samples one by one."

def apply_lens(
    picture: Float[Tensor, "h w c"],
    blur: float,  # standard deviation, pixels
) -> Float[Tensor, "h w c"]:
    "A picture through a lens, which makes a Gaussian spot of every point."

def sample_attributes(posed: PosedHead, ids: Tensor, bary: Tensor, samples: Tensor) -> Tensor:  # [s, 20]
    "Attributes of a posed head, interpolated at samples of a picture."

def surface_samples(values: Float[Tensor, "s 20"], camera: Camera) -> SurfaceSamples:
    "Samples as the materials take them, from interpolated attributes."

def render_head(
    posed: PosedHead,
    camera: Camera,
    supersampling: int = 2,  # visibility is found at this many times the size
    blur: float = 0.0,  # of the lens: standard deviation, pixels
) -> ViewData:
    "What a camera sees: the picture [h, w, 3] on white, sRGB 0..1, and the mask [h, w]. `render_head(posed, camera_at(0, 3, 384)).image`"
