"How a head is looked at and asked in the browser, during training and after it"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    viewer='Viewer view',
    live='LiveViewer',
    nerf_view='nerf NerfViewer NerfCallback'))
