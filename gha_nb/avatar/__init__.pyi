"""What an avatar is, where it starts, how it is rendered and saved"""
# made by tools/stubs.py: do not edit
from .avatar import HeadAvatar as HeadAvatar, AvatarConfig as AvatarConfig, save_avatar as save_avatar, load_avatar as load_avatar
from .generator import Generator as Generator
from .upsampler import SubPixelConfig as SubPixelConfig

__all__ = ['HeadAvatar', 'AvatarConfig', 'save_avatar', 'load_avatar', 'Generator', 'SubPixelConfig']
