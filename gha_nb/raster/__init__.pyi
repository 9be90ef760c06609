"""How Gaussians and triangles become pixels, and gradients"""
# made by tools/stubs.py: do not edit
from .gaussians import Gaussians as Gaussians, posed as posed
from .splat import rasterize as rasterize, release_workspace as release_workspace
from .mesh_raster import rasterize_mesh as rasterize_mesh

__all__ = ['Gaussians', 'posed', 'rasterize', 'release_workspace', 'rasterize_mesh']
