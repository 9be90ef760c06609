"""How an avatar is learned: presets, steps, checkpoints, the loop"""
# made by tools/stubs.py: do not edit
from .training import train as train
from .presets import Preset as Preset, PRESETS as PRESETS, find_preset as find_preset
from .run import Run as Run

__all__ = ['train', 'Preset', 'PRESETS', 'find_preset', 'Run']
