"A generator, a loss term and a start, registered when gha_nb asks for a name that it does not know"
from dataclasses import dataclass, replace

import torch
from torch import nn

from gha_nb.avatar.point_initialization import init_random
from gha_nb.parts import PartConfig, PointFeatures, part
from gha_nb.raster.gaussians import activate


@dataclass(frozen=True)
class LinearConfig(PointFeatures):
    "Settings of the generator with few bases"
    features: int = 16
    bases: int = 4  # directions in which a point can move


@part('generator', 'few_bases', LinearConfig)
class Linear(nn.Module):
    "A point moves along a few directions that its feature knows, as far as the frame says"
    def __init__(self, expressions, config):
        super().__init__()
        self.config = config
        self.mix = nn.Linear(expressions + 6, config.bases)
        self.directions, self.color = nn.Linear(config.features, 3*config.bases), nn.Linear(config.features, config.channels)

    def forward(self, neutral, landmarks, expression, pose, offset=None):
        f = neutral['features'].tanh()
        shift = torch.einsum('nbd,b->nd', self.directions(f).float().view(len(f), -1, 3), self.mix(torch.cat([expression, pose])).float())
        return activate(neutral['means'] + .1*shift.tanh(), neutral['quats'], neutral['log_scales'], neutral['opacity_logits'],
                        self.color(f).float())


@part('loss', 'small')
def small(view, config):
    "Large Gaussians cost something"
    return view.rendering.gaussians.scales.square().mean()


@dataclass(frozen=True)
class BallConfig(PartConfig):
    "Settings of the ball"
    radius: float = 1.


@part('start', 'ball', BallConfig)
def ball(capture, count, seed, config, earlier):
    "Random directions, one distance"
    start = init_random(capture, count, seed)
    return replace(start, means=config.radius*nn.functional.normalize(start.means, dim=1))
