"""What surface a head has and how it moves: a distance field, its mesh, and the networks that move and colour it"""
# made by tools/stubs.py: do not edit
from .guidance import Guidance as Guidance, GuidanceConfig as GuidanceConfig, make_guidance as make_guidance
from .sdf import Field as Field, FieldConfig as FieldConfig
from .tetrahedra import march as march
from .mouth import find_opening as find_opening

__all__ = ['Guidance', 'GuidanceConfig', 'make_guidance', 'Field', 'FieldConfig', 'march', 'find_opening']
