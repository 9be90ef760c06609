"""Avatars as files that other programs open"""
# made by tools/stubs.py: do not edit
from .splat_files import export as export, export_frames as export_frames, splats as splats, write_splats as write_splats

__all__ = ['export', 'export_frames', 'splats', 'write_splats']
