"""What moves an avatar: performances from captures and tables, and reenactment"""
# made by tools/stubs.py: do not edit
from .performance import Performance as Performance, open_driver as open_driver, read_table as read_table
from .reenactment import drive as drive, reenact as reenact
from .speech import Phoneme as Phoneme, Speech as Speech, languages as languages, synthesize as synthesize
from .visemes import articulate as articulate, lip_coefficients as lip_coefficients, speech_performance as speech_performance
from .life import emotion_track as emotion_track, enliven as enliven
from .listening import align as align, listen as listen, spectral_articulation as spectral_articulation
from .clips import (blend as blend, join as join, loop as loop, mirror as mirror, retime as retime, save_performance as save_performance,
    trim as trim)
from .talk import speak as speak, talking_face as talking_face

__all__ = ['Performance', 'open_driver', 'read_table', 'drive', 'reenact', 'Phoneme', 'Speech', 'languages', 'synthesize', 'articulate',
           'lip_coefficients', 'speech_performance', 'emotion_track', 'enliven', 'align', 'listen', 'spectral_articulation', 'blend',
           'join', 'loop', 'mirror', 'retime', 'save_performance', 'trim', 'speak', 'talking_face']
