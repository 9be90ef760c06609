"How an avatar is learned: presets, steps, checkpoints, the loop"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    training='train',
    presets='Preset PRESETS find_preset',
    run='Run',
    stages='Stage build_avatar',
    loss_terms='LossView'))
