"""Draw scenes made to break a rasterizer with the Triton kernels and with the C kernels; run by test_gpu.py.

Without a GPU it needs TRITON_INTERPRET=1 from the start. Prints a line of JSON for each scene: errors relative to the C kernels."""
import json, os, sys

if 'cuda' not in sys.argv: os.environ['TRITON_INTERPRET'] = '1'

import torch
from hard_scenes import cameras, meshes, overflowing, scenes

from gha_nb.raster.gaussians import Gaussians
from gha_nb.raster.mesh_raster import rasterize_mesh
from gha_nb.raster.splat import rasterize

device = 'cuda' if 'cuda' in sys.argv else 'cpu'


def drawn(g, camera, backend, device, antialiased):
    "Picture, alpha and gradients"
    inputs = {k: v.to(device).clone().requires_grad_() for k, v in g.tensors().items()}
    white = torch.ones(g.features.shape[1]).to(inputs['means'])
    image, alpha = rasterize(Gaussians(**inputs), camera.to(device), white, backend=backend, antialiased=antialiased)
    weights = torch.rand(image.shape, generator=torch.Generator().manual_seed(1)).to(image)
    ((image*weights).sum() + alpha.sum()).backward()
    return [v.detach().cpu() for v in (image, alpha, *(v.grad for v in inputs.values()))]


def difference(a, b): # relative to the size of b
    return ((a - b).abs().sum()/b.abs().sum().clamp_min(1e-6)).item() if a.numel() else 0.


names = 'image', 'alpha', 'means', 'quats', 'scales', 'opacities', 'features'
for k, (name, g) in enumerate(scenes(3, 24)):
    for camera in list(cameras(((24, 14),)))[:2 if name in ('ordinary', 'huge') else 1]:
        # in single precision only the scene in which rounding is small: a needle's determinant is all rounding
        for kind in (torch.float64, torch.float32)[:2 if name == 'opaque' else 1]:
            ours, native = (drawn(g.to(kind), camera, b, d, k % 2 == 1) for b, d in (('triton', device), ('native', 'cpu')))
            pairs = {n: (a, b) for n, a, b in zip(names, ours, native) if b.isfinite().all()}
            print(json.dumps(dict(scene=name, kind=str(kind).removeprefix('torch.'), drawn=ours[1].sum().item(),
                                  finite=name in overflowing or all(v.isfinite().all().item() for v in ours),
                                  errors={n: difference(a, b) for n, (a, b) in pairs.items()})))

faces, shapes = meshes(30, 40)
for name, vertices in shapes.items():
    for camera in list(cameras(((24, 14),)))[:2]:
        ours = rasterize_mesh(vertices.to(device), faces.to(device), camera.to(device), backend='triton')
        native = rasterize_mesh(vertices, faces, camera)
        other = ours.ids.cpu() != native.ids
        both = ~other & native.mask
        print(json.dumps(dict(mesh=name, seen=native.mask.float().mean().item(), other=other.float().mean().item(),
                              depths=(ours.depths.cpu() - native.depths)[both].abs().sum().item(),
                              barycentrics=(ours.barycentrics.cpu() - native.barycentrics)[both].abs().sum().item())))
