"Who can be designed and recorded without asking anybody: a parametric head, its performance, its cameras"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    design='Design load_design save_design',
    people='example_people random_design design_from',
    recording='record RecordingSettings',
    performance='perform',
    synthetic_head='SyntheticHead render_head',
    rig='rigs',
    phone_clip='record_clip record_phones Phone',
    parametric_head='ParametricHead'))
