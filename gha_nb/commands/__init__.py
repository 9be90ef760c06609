"What can be typed: commands for captures, for runs, and for what moves an avatar"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(runs='load_pair'))
