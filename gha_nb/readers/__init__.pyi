"""What is in somebody else's data set: layouts, what they lack, and how they become a capture"""
# made by tools/stubs.py: do not edit
from .recording import Recording as Recording, Shot as Shot
from .layouts import read_recording as read_recording, layout_names as layout_names
from .triangulation import triangulate as triangulate, settle_cameras as settle_cameras
from .completion import complete as complete
from .reading import open_capture as open_capture, convert as convert
from .selection import varied_frames as varied_frames

__all__ = ['Recording', 'Shot', 'read_recording', 'layout_names', 'triangulate', 'settle_cameras', 'complete', 'open_capture', 'convert',
           'varied_frames']
