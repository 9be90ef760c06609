"""What can be typed: commands for captures, for runs, and for what moves an avatar"""
# made by tools/stubs.py: do not edit
from .runs import load_pair as load_pair

__all__ = ['load_pair']
