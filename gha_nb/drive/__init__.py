"What moves an avatar: performances from captures and tables, and reenactment"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    performance='Performance open_driver read_table',
    reenactment='drive reenact'))
