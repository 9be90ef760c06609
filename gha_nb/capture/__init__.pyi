"""What was recorded: reading, checking, writing and diagnosing captures, and what tracking says before any training"""
# made by tools/stubs.py: do not edit
from .capture import Capture as Capture, View as View, demo_capture as demo_capture
from .coefficients import as_named as as_named
from .writer import CaptureWriter as CaptureWriter, record_ball as record_ball
from .check import check_capture as check_capture
from .diagnostics import diagnose as diagnose

__all__ = ['Capture', 'View', 'demo_capture', 'as_named', 'CaptureWriter', 'record_ball', 'check_capture', 'diagnose']
