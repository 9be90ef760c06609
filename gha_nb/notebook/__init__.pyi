"""How a head is looked at and asked in a notebook cell"""
# made by tools/stubs.py: do not edit
from .widgets import Play as Play, AvatarPanel as AvatarPanel, comparison as comparison
from .background import BackgroundTraining as BackgroundTraining, ViewerCell as ViewerCell
from .designer import Designer as Designer
from .consent_form import ConsentForm as ConsentForm
from .tutorial import start as start
from .timeline import TimelinePanel as TimelinePanel

__all__ = ['Play', 'AvatarPanel', 'comparison', 'BackgroundTraining', 'ViewerCell', 'Designer', 'ConsentForm', 'start', 'TimelinePanel']
