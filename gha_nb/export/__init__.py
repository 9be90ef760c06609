"Avatars as files that other programs open"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    splat_files='export export_frames splats write_splats',
    baked='BakedAvatar load_baked save_baked', baking='bake', web='clip_of export_web'))
