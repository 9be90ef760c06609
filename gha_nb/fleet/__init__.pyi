"""Many heads on many machines"""
# made by tools/stubs.py: do not edit
from .storage import Storage as Storage
from .plan import read_fleet as read_fleet
from .head import work_on_head as work_on_head
from .cluster import Cluster as Cluster
from .fleet import run_fleet as run_fleet

__all__ = ['Storage', 'read_fleet', 'work_on_head', 'Cluster', 'run_fleet']
