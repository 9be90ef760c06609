"A face that moves an avatar now: sources of motion, calibration, a pipeline of threads, and where its pictures go"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    sources='CameraImage Motion SourceEnded', datagrams='make_source', calibration='LiveFace calibrate OneEuro',
    session='LiveSession', outputs='make_output drive_live'))
