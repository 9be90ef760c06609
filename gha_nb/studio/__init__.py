"Who can be designed and recorded without asking anybody: a parametric head, its performance, its cameras"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    design='Design load_design save_design',
    people='random_design someone',
    recording='record',
    performance='perform',
    rig='rigs'))
