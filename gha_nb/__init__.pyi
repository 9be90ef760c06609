"""A notebook-first toolkit for Gaussian head avatars"""
# made by tools/stubs.py: do not edit
from typing import Any
from .capture.capture import Capture as Capture, demo_capture as demo_capture
from .avatar.avatar import HeadAvatar as HeadAvatar
from .raster.gaussians import Gaussians as Gaussians
from .raster.splat import rasterize as rasterize
from .geometry import Camera as Camera
from .readers.reading import open_capture as open_capture
from .training.training import train as train
from .evaluation.metrics import evaluate as evaluate

__all__ = ['Capture', 'demo_capture', 'HeadAvatar', 'Gaussians', 'rasterize', 'Camera', 'open_capture', 'train', 'evaluate']
__version__: str

def lazy(package: str, modules: dict[str, str]) -> Any:
    """`__getattr__`, `__dir__` and `__all__` of a package that offers names of its modules ('capture' -> 'Capture View') and imports
    a module when one of its names is first used"""
