"A notebook-first toolkit for Gaussian head avatars"
__version__ = "0.1.0"

import os
# Threads that sleep between torch's many small operations cost more to wake than the work takes (above all on virtual machines),
# and threads that spin for long starve other processes: spin for about half a millisecond. OpenMP reads this when torch loads.
os.environ.setdefault('OMP_WAIT_POLICY', 'ACTIVE')
os.environ.setdefault('GOMP_SPINCOUNT', '30000')


def lazy(package: str, modules: dict[str, str]):
    """`__getattr__`, `__dir__` and `__all__` of a package that offers names of its modules ('capture' -> 'Capture View') and imports
    a module when one of its names is first used"""
    from importlib import import_module
    where = {name: module for module, names in modules.items() for name in names.split()}
    def get(name: str):
        if name not in where: raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(import_module(f'{package}.{where[name]}'), name)
    return get, lambda: [*where], [*where]


__getattr__, __dir__, __all__ = lazy(__name__, {
    'capture.capture': 'Capture demo_capture',
    'avatar.avatar': 'HeadAvatar',
    'raster.gaussians': 'Gaussians',
    'raster.splat': 'rasterize',
    'geometry': 'Camera',
    'readers.reading': 'open_capture',
    'training.training': 'train',
    'evaluation.metrics': 'evaluate'})
