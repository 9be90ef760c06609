"""Draw scenes made to break a kernel, with kernels compiled with address and undefined-behaviour checks; run by test_kernels.py.

Any read or write out of bounds, shift, overflow or cast that C does not define ends this process."""
import subprocess, sys

import torch

from gha_nb import native
from gha_nb.geometry import Camera, look_at, perspective
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
seed = torch.Generator().manual_seed(0)
rand, randn = (lambda *s: torch.rand(*s, generator=seed)), (lambda *s: torch.randn(*s, generator=seed))


def scene(n, channels):
    return Gaussians(randn(n, 3)*.5, randn(n, 4), rand(n, 3)*.2 + 1e-3, rand(n), rand(n, channels))


def edit(g, **new):
    return Gaussians(**{**g.tensors(), **new})


def scenes(channels):
    "Names and Gaussians: sizes, places, rotations and opacities from nothing to beyond what fits"
    g = scene(300, channels)
    yield 'ordinary', g
    yield 'none', scene(0, channels)
    yield 'one', scene(1, channels)
    yield 'huge', edit(g, scales=g.scales*1e4)
    yield 'beyond integers', edit(g, scales=g.scales*1e9, means=g.means*1e9)
    yield 'overflowing squares', edit(g, scales=g.scales*1e25)
    yield 'points', edit(g, scales=torch.zeros_like(g.scales))
    yield 'needles', edit(g, scales=g.scales*torch.tensor([1e3, 1e-6, 1e-6]))
    yield 'sheets', edit(g, scales=g.scales*torch.tensor([1e3, 1e3, 0]))
    yield 'far away', edit(g, means=g.means*1e6)
    yield 'on the near plane', edit(g, means=g.means*torch.tensor([1, 1, 0]) + torch.tensor([0, 0, 2.99]))
    yield 'behind', edit(g, means=g.means + torch.tensor([0, 0, 10.]))
    yield 'opaque', edit(g, opacities=torch.ones(300))
    yield 'transparent', edit(g, opacities=torch.zeros(300))
    yield 'hardly visible', edit(g, opacities=torch.full((300,), 1/255))
    yield 'tiny quaternions', edit(g, quats=g.quats*1e-18)
    yield 'one pile', edit(g, means=torch.zeros(300, 3), opacities=torch.full((300,), .01))


def cameras():
    for w, h in ((1, 1), (3, 2), (33, 17), (75, 50)):
        K = perspective(w, h, 40.)
        yield Camera(K, look_at([0, 0, 3.], [0., 0., 0.]), w, h)
    off = K.clone(); off[0, 2] -= 500; off[1, 2] += 300
    yield Camera(off, look_at([0, 0, 3.], [0., 0., 0.]), w, h)


drawn = 0
for channels in (1, 3, 32, 33):
    for name, g in scenes(channels):
        for camera in cameras():
            for antialiased in (False, True):
                inputs = {k: v.clone().requires_grad_() for k, v in g.tensors().items()}
                image, alpha = rasterize(Gaussians(**inputs), camera, torch.ones(channels), antialiased=antialiased)
                (image.sum() + alpha.sum()).backward()
                if name not in ('beyond integers', 'overflowing squares'):
                    assert image.isfinite().all() and alpha.min() >= 0 and alpha.max() <= 1, (name, channels, antialiased)
                    assert all(v.grad.isfinite().all() for v in inputs.values()), (name, channels, antialiased)
                drawn += 1

faces = torch.randint(0, 100, (200, 3), generator=seed)
meshes = dict(ordinary=randn(100, 3), beyond_integers=randn(100, 3)*1e9, behind=randn(100, 3) + torch.tensor([0, 0, 10.]),
              across_the_near_plane=randn(100, 3)*5, slivers=randn(100, 3)*torch.tensor([1, 1e-7, 1]), a_point=torch.zeros(100, 3))
for vertices in meshes.values():
    for camera in cameras(): interpolate(rand(100, 5), faces, rasterize_mesh(vertices, faces, camera)); drawn += 1
print(f'{drawn} pictures')
