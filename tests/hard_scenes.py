"Scenes made to break a rasterizer, shared by adversarial_scenes.py (the C kernels) and triton_scenes.py (the Triton kernels)"
import torch

from gha_nb.geometry import Camera, look_at, perspective
from gha_nb.raster.gaussians import Gaussians

seed = torch.Generator().manual_seed(0)
rand, randn = (lambda *s: torch.rand(*s, generator=seed)), (lambda *s: torch.randn(*s, generator=seed))
overflowing = 'beyond integers', 'overflowing squares' # scenes in which results need not be finite


def scene(n, channels):
    return Gaussians(randn(n, 3)*.5, randn(n, 4), rand(n, 3)*.2 + 1e-3, rand(n), rand(n, channels))


def edit(g, **new):
    return Gaussians(**{**g.tensors(), **new})


def scenes(channels, n=300):
    "Names and Gaussians: sizes, places, rotations and opacities from nothing to beyond what fits"
    g = scene(n, channels)
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
    yield 'opaque', edit(g, opacities=torch.ones(n))
    yield 'transparent', edit(g, opacities=torch.zeros(n))
    yield 'hardly visible', edit(g, opacities=torch.full((n,), 1/255))
    yield 'tiny quaternions', edit(g, quats=g.quats*1e-18)
    yield 'one pile', edit(g, means=torch.zeros(n, 3), opacities=torch.full((n,), .01))


def cameras(sizes=((1, 1), (3, 2), (33, 17), (75, 50))):
    for w, h in sizes:
        K = perspective(w, h, 40.)
        yield Camera(K, look_at([0, 0, 3.], [0., 0., 0.]), w, h)
    off = K.clone(); off[0, 2] -= 500; off[1, 2] += 300
    yield Camera(off, look_at([0, 0, 3.], [0., 0., 0.]), w, h)


def meshes(vertices=100, count=200):
    "Faces, and vertices by name"
    faces = torch.randint(0, vertices, (count, 3), generator=seed)
    v = vertices
    return faces, dict(ordinary=randn(v, 3), beyond_integers=randn(v, 3)*1e9, behind=randn(v, 3) + torch.tensor([0, 0, 10.]),
                       across_the_near_plane=randn(v, 3)*5, slivers=randn(v, 3)*torch.tensor([1, 1e-7, 1]), a_point=torch.zeros(v, 3))
