"""How an avatar is learned: presets, steps, checkpoints, the loop"""
# made by tools/stubs.py: do not edit
from .training import train as train
from .presets import Preset as Preset, PRESETS as PRESETS, find_preset as find_preset
from .run import Run as Run
from .stages import Stage as Stage, build_avatar as build_avatar
from .loss_terms import LossView as LossView

__all__ = ['train', 'Preset', 'PRESETS', 'find_preset', 'Run', 'Stage', 'build_avatar', 'LossView']
