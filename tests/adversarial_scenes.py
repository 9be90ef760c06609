"""Draw scenes made to break a kernel, with kernels compiled with address and undefined-behaviour checks; run by test_kernels.py.

Any read or write out of bounds, shift, overflow or cast that C does not define ends this process."""
import subprocess, sys

import torch
from hard_scenes import cameras, meshes, overflowing, rand, scenes

from gha_nb import native
from gha_nb.raster.gaussians import Gaussians
from gha_nb.raster.mesh_raster import interpolate, rasterize_mesh
from gha_nb.raster.splat import rasterize, workspace

checks = ('-O1', '-g', '-march=native', '-shared', '-fPIC', '-std=gnu11', *sys.argv[2:])


def compile_checked(source, library, flags):
    c_file = library.with_suffix('.c')
    c_file.write_text(source)
    own = [o for o in flags if o.startswith('-D')]
    subprocess.run([*sys.argv[1].split(), *checks, *own, '-o', str(library), str(c_file), '-lm'], check=True)
    library.chmod(0o700)


native.compile_library = compile_checked
workspace().empty = torch.empty # memory of exactly the size, never used twice: what is outside of it is seen to be outside
torch.manual_seed(0)
drawn = 0
for channels in (1, 3, 32, 33):
    for name, g in scenes(channels):
        for camera in cameras():
            for antialiased in (False, True):
                inputs = {k: v.clone().requires_grad_() for k, v in g.tensors().items()}
                image, alpha = rasterize(Gaussians(**inputs), camera, torch.ones(channels), antialiased=antialiased)
                (image.sum() + alpha.sum()).backward()
                if name not in overflowing:
                    assert image.isfinite().all() and alpha.min() >= 0 and alpha.max() <= 1, (name, channels, antialiased)
                    assert all(v.grad.isfinite().all() for v in inputs.values()), (name, channels, antialiased)
                drawn += 1

faces, shapes = meshes()
for vertices in shapes.values():
    for camera in cameras(): interpolate(rand(100, 5), faces, rasterize_mesh(vertices, faces, camera)); drawn += 1
print(f'{drawn} pictures')
