"What is in somebody else's data set: layouts, what they lack, and how they become a capture"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    recording='Recording Shot',
    layouts='read_recording layout_names',
    triangulation='triangulate settle_cameras',
    completion='complete',
    reading='open_capture convert',
    selection='varied_frames'))
