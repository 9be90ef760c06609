"""Avatars as files that other programs open"""
# made by tools/stubs.py: do not edit
from .splat_files import export as export, export_frames as export_frames, splats as splats, write_splats as write_splats
from .baked import BakedAvatar as BakedAvatar, load_baked as load_baked, save_baked as save_baked
from .baking import bake as bake
from .web import clip_of as clip_of, export_web as export_web

__all__ = ['export', 'export_frames', 'splats', 'write_splats', 'BakedAvatar', 'load_baked', 'save_baked', 'bake', 'clip_of', 'export_web']
