"What was recorded: reading, checking, writing and diagnosing captures, and what tracking says before any training"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    capture='Capture View demo_capture',
    coefficients='as_named',
    writer='CaptureWriter record_ball',
    check='check_capture',
    diagnostics='diagnose'))
