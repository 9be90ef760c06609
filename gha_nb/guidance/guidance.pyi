"""The first stage's model: a mesh cut out of a distance field, moved and coloured by the networks that later move the Gaussians."""
# made by tools/stubs.py: do not edit
from dataclasses import dataclass, field
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from ..capture.capture import Capture
from ..capture.tracked import LinearMotion
from ..geometry import Camera
from .mouth import Opening
from .sdf import DistanceGrid, Field, FieldConfig, FieldValues
from .tetrahedra import Band, Mesh
from ..networks import GeneratorConfig, PointNetworks
from ..raster.mesh_raster import coverage
from typing import Any

__all__ = ['GuidanceWeights', 'GuidanceConfig', 'Guidance', 'field_slice', 'NeutralMesh', 'MeshPicture', 'draw_mesh', 'FrameMesh',
           'frame_mesh', 'PosedMesh', 'pose_mesh', 'render_guidance', 'make_guidance']

@dataclass(frozen=True)

class GuidanceWeights:
    "Weights of the terms of the first stage."
    color: float = 0.5  # L1 of the colour inside the mask
    silhouette: float = 1.  # squared difference of coverage and mask
    landmarks: float = 100.  # squared distance of deformed and tracked landmarks, head units²
    tracked: float = 100.  # the same for tracked vertices
    surface: float = 0.5  # L1 of the distance field at landmarks and outer tracked points
    offset: float = 0.01  # squared offsets
    laplacian: float = 20.  # squared distance of a vertex to the mean of its neighbours, head units²

@dataclass(frozen=True)

class GuidanceConfig:
    "Every number of the first stage."
    fraction: float = 0.08  # of the budget that start-up leaves
    spacing: float = 0.125  # of the lattice, head units
    views: int = 4  # cameras a step, of one frame
    size: int = 128  # longer side of its pictures, pixels, or the feature image's if that is less
    weights: GuidanceWeights = field(default_factory=GuidanceWeights)
    rate: float = 1e-3  # learning rate of deformation networks and field
    color_rate: float = 4e-3  # of colour networks
    table_rate: float = 2e-2  # of the features of lattice vertices
    patience: int = 100  # steps without gain after which the stage ends early
    repair_every: int = 50  # steps after which the surface is made one piece again
    lip_gap: float = 0.3  # how far the lips are apart in the open head, head units; 0: grow the mesh on closed lips
    field: FieldConfig = field(default_factory=lambda: FieldConfig((64,)*3))  # sizes of the field's network

class Guidance(nn.Module):
    "A deformable, coloured mesh (Xu et al., section 3.3); `make_guidance` builds it for a capture."
    config: GuidanceConfig
    networks: PointNetworks
    field: Field
    lattice: Any
    table: nn.Parameter
    landmarks: nn.Parameter
    band: Any
    motion: Any
    opening: Any
    sides: Tensor
    band_initial: Any
    band_shift: Any
    band_basis: Any
    band_torso: Any
    landmark_basis: Any
    landmark_torso: Any
    landmark_shift: Any
    def __init__(self, config: GuidanceConfig, # of this stage
                 networks: PointNetworks, # shared with the second stage
                 start: DistanceGrid, # the measured field
                 landmarks: Float[Tensor, "l 3"], # neutral, canonical space
                ) -> None: ...
    def distances(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:  # canonical space; head units, positive outside
        "The field's distance at any number of points, without gradients."
    def signed_distances(self, ids: Int[Tensor, "n"], # vertices of the lattice
                         distances: Float[Tensor, "n"], # what the field says there
                        ) -> Float[Tensor, "n"]:  # head units
        "Distances at lattice vertices, with the signs that make the surface one piece."
    def motion_at(self, points: Float[Tensor, "n 3"], # of the open head, canonical space
                 ) -> Float[Tensor, "r n 3"]:  # head units
        "The basis of the tracked motion; each lip moves with its own points."
    def set_band(self, band: Band) -> None:
        "Use another band, and evaluate there what depends only on position."
    def repair_topology(self) -> int:  # floating parts that were removed
        "Make the surface one piece without handles, and put the band around it; raises `GhaError` where it is lost or leaves the box."
    def prepare(self, motion: LinearMotion|None, # from tracking
                opening: Opening|None = None, # of the mouth; the field is that of the open head
               ) -> None:
        "Tell the model what tracking knows, and put the band around the surface."
    def move_to(self, device: torch.device) -> Guidance:  # itself
        "Move all of it, what tracking knows included; the lattice is arithmetic of the CPU's."
    def neutral(self) -> NeutralMesh:
        "The surface of the field, differentiable; moves the band when the surface is about to leave it; raises `GhaError` where there is none."
    def tracked_displacement(self, basis: Float[Tensor, "r n 3"]|None, # of the tracked motion at some points, head units
                             inputs: Float[Tensor, "m"], # of the frame, from `frame_inputs`
                            ) -> Float[Tensor, "n 3"]|None:  # head units; None without tracked motion
        "How points move in a frame, as far as tracking knows."
    def deform(self, points: Float[Tensor, "n 3"], # canonical, neutral
               frames: dict, # from `networks.frames`
               tracked: Float[Tensor, "n 3"]|None, # from `tracked_displacement`
               groups: dict|None = None, # from `networks.groups`, if known
               torso: tuple = (None, None), # share of each point [n], and motion [6] of the torso; None: all belongs to the head
              ) -> Float[Tensor, "n 3"]:  # canonical space
        "Where points of the neutral head are in a frame (Xu et al., section 3.2); last, the torso takes its share."
    def paint(self, points: Float[Tensor, "n 3"], # canonical, neutral
              features: Float[Tensor, "n f"], # of these points, before tanh
              frames: dict, # from `networks.frames`
              groups: dict|None = None, # from `networks.groups`, if known
             ) -> Float[Tensor, "n 3"]:  # RGB, about 0..1
        "Colours of points of the neutral head in a frame: the first three channels of what the Gaussians will carry."

def field_slice(guidance: Guidance,
                cells: int = 120, # points a side
               ) -> tuple[Float[Tensor, "c c"], tuple]:  # distances from top to bottom and back to front, and the extent (z0, z1, y0, y1)
    "Distances in the plane through the middle of the face, seen from the side; canonical space, head units."

@dataclass(frozen=True)

class NeutralMesh:
    "The surface of the neutral head; canonical space."
    mesh: Mesh  # with closed lips
    open_vertices: Float[Tensor, "n 3"]  # its vertices in the open head
    features: Float[Tensor, "n f"]  # of its vertices, before tanh
    values: FieldValues  # at the band's vertices

@dataclass(frozen=True)

class MeshPicture:
    "What a camera sees of a mesh."
    color: Float[Tensor, "h w c"]  # zeros where nothing is seen
    coverage: Float[Tensor, "h w"]  # 1 where the mesh is seen

def draw_mesh(vertices: Float[Tensor, "n 3"], # world space
              faces: Int[Tensor, "f 3"], # counter-clockwise from outside
              attributes: Float[Tensor, "n c"], # per vertex
              camera: Camera, # at the size of the picture
             ) -> MeshPicture:
    "A picture of a mesh, with gradients to vertices, attributes and outline."

@dataclass(frozen=True)

class FrameMesh:
    "The surface in one frame; its faces are the neutral mesh's."
    vertices: Float[Tensor, "n 3"]  # canonical space
    colors: Float[Tensor, "n 3"]  # RGB, about 0..1
    landmarks: Float[Tensor, "l 3"]  # canonical space

def frame_mesh(guidance: Guidance, neutral: NeutralMesh,
               inputs: Float[Tensor, "m"], # expression and pose relative to the neutral frame, from `frame_inputs`
               expression: Float[Tensor, "e"], # coefficients
               twist: Float[Tensor, "6"]|None = None, # of the torso, from `capture_torso_twist`; None: it follows the head
              ) -> FrameMesh:
    "Deform and paint the neutral mesh for a frame, differentiable."

@dataclass(frozen=True)

class PosedMesh:
    "The surface in one frame of a capture, in world space; on the CPU."
    vertices: Float[Tensor, "n 3"]
    faces: Int[Tensor, "f 3"]
    colors: Float[Tensor, "n 3"]  # RGB, about 0..1

def pose_mesh(guidance: Guidance, capture: Capture, frame: str,
              neutral: NeutralMesh|None = None, # if known
             ) -> PosedMesh:
    "The mesh as it is in a frame, to be looked at from any camera."

def render_guidance(guidance: Guidance, capture: Capture, frame: str, camera: str,
                    size: int = 192, # width of the picture, pixels
                    normals: bool = False, # paint the normals instead of the colours
                    mesh: PosedMesh|None = None, # of the frame, if known
                   ) -> Float[Tensor, "h w 3"]:  # RGB 0..1 on white
    "The mesh of a frame as a camera sees it: `render_guidance(guidance, capture, guidance.frame, capture.cameras[0])`."

def make_guidance(capture: Capture, # to be learned
                  config: GuidanceConfig, # of the stage
                  networks: GeneratorConfig, # widths, as the second stage wants them
                  motion_rank: int = 24, # directions of the tracked motion; 0: none
                  torso: bool = True, # a second rigid frame for what does not follow the head?
                  seed: int = 0, prior: bool = False, # of the networks; of the motion, see `tracked_motion`
                 ) -> Guidance:
    "A guidance model at its start: `make_guidance(capture, GuidanceConfig(), GeneratorConfig())`; raises `GhaError` with what is missing."
