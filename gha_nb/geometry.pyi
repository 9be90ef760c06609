"""Spaces, rotations, rigid motions and cameras: the conventions that every other notebook relies on, said once"""
# made by tools/stubs.py: do not edit
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ['quat_to_matrix', 'quat_multiply', 'matrix_to_quat', 'rotvec_to_quat', 'quat_to_rotvec', 'rotvec_to_matrix', 'matrix_to_rotvec',
           'to_world', 'to_canonical', 'pose_matrix', 'Camera', 'perspective', 'look_at', 'nearest_neighbors']

def quat_to_matrix(quats: Float[Tensor, "*b 4"], # wxyz, any length
                  ) -> Float[Tensor, "*b 3 3"]:  # rotation matrices
    "The rotation matrices of quaternions, which are normalised inside."

def quat_multiply(a: Float[Tensor, "*b 4"], # wxyz
                  b: Float[Tensor, "*b 4"], # wxyz
                 ) -> Float[Tensor, "*b 4"]:  # wxyz: first b, then a
    "The Hamilton product of quaternions: `R(a b) = R(a) R(b)`."

def matrix_to_quat(matrices: Float[Tensor, "*b 3 3"], # rotation matrices
                  ) -> Float[Tensor, "*b 4"]:  # wxyz, unit length, w >= 0
    "The unit quaternions of rotation matrices."

def rotvec_to_quat(rotvecs: Float[Tensor, "*b 3"], # axis · angle, radians
                  ) -> Float[Tensor, "*b 4"]:  # wxyz, unit length
    "The unit quaternions of rotation vectors, with finite gradients at zero."

def quat_to_rotvec(quats: Float[Tensor, "*b 4"], # wxyz, any length but zero
                  ) -> Float[Tensor, "*b 3"]:  # axis · angle, radians, angle in [0, π]
    "The rotation vectors of quaternions, with finite gradients at no rotation."

def rotvec_to_matrix(rotvecs: Float[Tensor, "*b 3"], # axis · angle, radians
                    ) -> Float[Tensor, "*b 3 3"]:  # rotation matrices
    "The rotation matrices of rotation vectors."

def matrix_to_rotvec(matrices: Float[Tensor, "*b 3 3"], # rotation matrices
                    ) -> Float[Tensor, "*b 3"]:  # axis · angle, radians, angle in [0, π]
    "The rotation vectors of rotation matrices."

def to_world(points: Float[Tensor, "*b n 3"], # canonical space, head units
             pose: Float[Tensor, "*b 6"], # rotation vector (radians), then translation (metres)
             scale: Float[Tensor, "*b"]|float = 1.0, # metres per head unit
            ) -> Float[Tensor, "*b n 3"]:  # world space, metres
    """Canonical points in the world: `R(pose[:3]) (scale · points) + pose[3:]`; differentiable in all three.
        to_world(vertices, capture.pose(frame), capture.scale(frame)) # [n, 3] metres"""

def to_canonical(points: Float[Tensor, "*b n 3"], # world space, metres
                 pose: Float[Tensor, "*b 6"], # rotation vector (radians), then translation (metres)
                 scale: Float[Tensor, "*b"]|float = 1.0, # metres per head unit
                ) -> Float[Tensor, "*b n 3"]:  # canonical space, head units
    "Take world points back to the head's own space: the inverse of `to_world`."

def pose_matrix(pose: Float[Tensor, "*b 6"], # rotation vector (radians), then translation (metres)
                scale: Float[Tensor, "*b"]|float = 1.0, # metres per head unit
               ) -> Float[Tensor, "*b 4 4"]:  # canonical to world, homogeneous
    "The matrix of `to_world`."

@dataclass(frozen=True, eq=False)

class Camera:
    """One pinhole camera, or a batch of cameras with pictures of one size.
        camera = Camera(perspective(512, 512, 30), look_at((0, 1.6, 1), (0, 1.6, 0)), 512, 512)
        pixels, depth = camera.project(points) # [n, 2] pixels and [n] metres, of points [n, 3] in the world"""
    K: Float[Tensor, "*v 3 3"]  # intrinsics in pixels, principal point included
    world_to_camera: Float[Tensor, "*v 4 4"]  # metres, OpenCV axes: x right, y down, z forward
    width: int  # pixels
    height: int  # pixels
    @staticmethod
    def from_arrays(K, # [*v, 3, 3] intrinsics in pixels
                    world_to_camera, # [*v, 3, 4] or [*v, 4, 4]
                    width: int, # pixels
                    height: int, # pixels
                   ) -> Camera:
        "A camera from matrices of any kind (numpy, lists, tensors), with a 3x4 pose completed to 4x4; checks nothing, see `check`."
    @staticmethod
    def stack(cameras: Sequence[Camera], # single cameras, all with the same width and height
             ) -> Camera:  # a batch: K [v, 3, 3]
        "One batch from several cameras; raises `GhaError` if their sizes differ."
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __getitem__(self, index) -> Camera: ...
    def __iter__(self) -> Iterator[Camera]: ...
    def to(self, device) -> Camera:
        "The same camera on another device (or with another dtype)."
    @property
    def center(self) -> Float[Tensor, "*v 3"]:
        "Where the camera stands: world space, metres."
    def to_camera(self, points: Float[Tensor, "*n 3"], # world space, metres
                 ) -> Float[Tensor, "*v n 3"]:  # camera space, metres
        "World points in camera space; a batch of cameras puts its own dimension in front."
    def project(self, points: Float[Tensor, "*n 3"], # world space, metres
               ) -> tuple[Float[Tensor, "*v n 2"], Float[Tensor, "*v n"]]:  # pixels (x, y) and depth along the optical axis, metres
        "Pixels and depths of world points; only points of positive depth can be seen."
    def scaled_to(self, width: int, # pixels
                  height: int, # pixels
                 ) -> Camera:
        "The same view in a picture of another size."
    def cropped(self, left: int, # first column kept, pixels
                top: int, # first row kept, pixels
                width: int, # columns kept
                height: int, # rows kept
               ) -> Camera:
        "The part of the view that a window of the picture shows; it may reach over the edge."
    def problems(self) -> list[str]:  # what is wrong, in words; empty if nothing is
        "Everything that is wrong with a camera: not finite, no rotation, no intrinsics."
    def check(self, name: str = 'camera', # what to call it in the message
             ) -> Camera:  # itself
        "The camera itself, or a `GhaError` that names everything wrong with it."

def perspective(width: int, # pixels
                height: int, # pixels
                fov_degrees: float, # angle that the picture's height takes, degrees
                center: tuple[float, float]|None = None, # principal point in pixels; the middle of the picture if None
               ) -> Float[Tensor, "3 3"]:  # intrinsics in pixels
    "Intrinsics of a camera with square pixels."

def look_at(eye: Sequence[float]|Tensor, # where the camera stands, world space, metres
            target: Sequence[float]|Tensor, # where it looks, world space, metres
            up: Sequence[float]|Tensor = (0, 1, 0), # the direction that is up in the picture
           ) -> Float[Tensor, "4 4"]:  # world to camera, OpenCV axes
    "The pose of a camera that looks from `eye` to `target`. Raises `GhaError` if it looks along `up`."

def nearest_neighbors(points: Float[Tensor, "n d"], # asked about
                      others: Float[Tensor, "m d"], # looked for, in the same space
                      k: int = 1, # how many; all of them, where there are fewer
                      chunk: int = 2048, # points whose distances to all others are in memory at a time, where there is no tree
                     ) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:  # distances, nearest first, and indices into `others`
    """The k nearest of some other points to each point; distances carry gradients.
    A search tree finds them on a CPU in up to three dimensions; else all pairs are compared.
        distances, ids = nearest_neighbors(points, vertices, 4) # the mean of the four: values[ids].mean(1)"""
