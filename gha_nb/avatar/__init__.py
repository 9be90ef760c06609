"What an avatar is, where it starts, how it is rendered and saved"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    avatar='HeadAvatar AvatarConfig save_avatar load_avatar',
    generator='Generator',
    upsampler='SubPixelConfig'))
