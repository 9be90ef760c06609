"""How a head is looked at and asked in the browser, during training and after it"""
# made by tools/stubs.py: do not edit
from .viewer import Viewer as Viewer, view as view
from .live import LiveViewer as LiveViewer
from .nerf_view import nerf as nerf, NerfViewer as NerfViewer, NerfCallback as NerfCallback

__all__ = ['Viewer', 'view', 'LiveViewer', 'nerf', 'NerfViewer', 'NerfCallback']
