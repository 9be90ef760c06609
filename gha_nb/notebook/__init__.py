"How a head is looked at and asked in a notebook cell"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    widgets='Play AvatarPanel comparison',
    background='BackgroundTraining ViewerCell',
    designer='Designer',
    consent_form='ConsentForm',
    tutorial='start',
    timeline='TimelinePanel'))
