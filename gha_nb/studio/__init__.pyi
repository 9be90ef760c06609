"""Who can be designed and recorded without asking anybody: a parametric head, its performance, its cameras"""
# made by tools/stubs.py: do not edit
from .design import Design as Design, load_design as load_design, save_design as save_design
from .people import example_people as example_people, random_design as random_design, design_from as design_from
from .recording import record as record, RecordingSettings as RecordingSettings
from .performance import perform as perform
from .synthetic_head import SyntheticHead as SyntheticHead, render_head as render_head
from .rig import rigs as rigs
from .phone_clip import record_clip as record_clip, record_phones as record_phones, Phone as Phone
from .parametric_head import ParametricHead as ParametricHead

__all__ = ['Design', 'load_design', 'save_design', 'example_people', 'random_design', 'design_from', 'record', 'RecordingSettings',
           'perform', 'SyntheticHead', 'render_head', 'rigs', 'record_clip', 'record_phones', 'Phone', 'ParametricHead']
