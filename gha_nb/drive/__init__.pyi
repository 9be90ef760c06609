"""What moves an avatar: performances from captures and tables, and reenactment"""
# made by tools/stubs.py: do not edit
from .performance_file import (Performance as Performance, Sound as Sound, read_performance as read_performance, write_performance as
    write_performance)
from .performance import open_driver as open_driver, read_table as read_table
from .reenactment import drive as drive, reenact as reenact
from .speech import Phoneme as Phoneme, Speech as Speech, find_voice as find_voice, languages as languages, synthesize as synthesize
from .visemes import articulate as articulate, lip_coefficients as lip_coefficients, speech_performance as speech_performance
from .life import emotion_track as emotion_track, enliven as enliven
from .listening import align as align, listen as listen, spectral_articulation as spectral_articulation
from .clips import (blend as blend, join as join, loop as loop, mirror as mirror, retime as retime, save_performance as save_performance,
    trim as trim)
from .talk import speak as speak, talking_face as talking_face
from .tracks import Key as Key, Layer as Layer
from .timeline import Timeline as Timeline, TimelineEditor as TimelineEditor, load_timeline as load_timeline, save_timeline as save_timeline

__all__ = ['Performance', 'Sound', 'read_performance', 'write_performance', 'open_driver', 'read_table', 'drive', 'reenact', 'Phoneme',
           'Speech', 'find_voice', 'languages', 'synthesize', 'articulate', 'lip_coefficients', 'speech_performance', 'emotion_track',
           'enliven', 'align', 'listen', 'spectral_articulation', 'blend', 'join', 'loop', 'mirror', 'retime', 'save_performance', 'trim',
           'speak', 'talking_face', 'Key', 'Layer', 'Timeline', 'TimelineEditor', 'load_timeline', 'save_timeline']
