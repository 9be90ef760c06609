"Many heads on many machines"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    storage='Storage', plan='read_fleet', head='work_on_head', cluster='Cluster', fleet='run_fleet'))
