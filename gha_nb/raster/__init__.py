"How Gaussians and triangles become pixels, and gradients"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    gaussians='Gaussians posed',
    splat='rasterize release_workspace',
    mesh_raster='rasterize_mesh'))
