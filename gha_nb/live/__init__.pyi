"""A face that moves an avatar now: sources of motion, calibration, a pipeline of threads, and where its pictures go"""
# made by tools/stubs.py: do not edit
from .sources import CameraImage as CameraImage, Motion as Motion, SourceEnded as SourceEnded
from .datagrams import make_source as make_source
from .calibration import LiveFace as LiveFace, calibrate as calibrate, OneEuro as OneEuro
from .session import LiveSession as LiveSession
from .outputs import make_output as make_output, drive_live as drive_live

__all__ = ['CameraImage', 'Motion', 'SourceEnded', 'make_source', 'LiveFace', 'calibrate', 'OneEuro', 'LiveSession', 'make_output',
           'drive_live']
