"""How far a rendering is from the truth: by pixel, by structure, and as an eye would judge it"""
# made by tools/stubs.py: do not edit
from pathlib import Path
import torch
from torch import Tensor, nn
from jaxtyping import Float
from typing import Any

__all__ = ['masked_mean', 'l1', 'check_pair', 'psnr', 'gaussian_window', 'ssim_map', 'ssim', 'load_backbone', 'load_heads', 'run_backbone',
           'FrozenBackbone', 'normalize_features', 'Perceptual', 'load_perceptual']

def masked_mean(values: Float[Tensor, "b c h w"], # one value per pixel and channel
                mask: Float[Tensor, "b 1 h w"]|None = None, # weight of each pixel, 0..1; None: all count alike
               ) -> Float[Tensor, "b"]:  # mean of each picture; 0 where its mask is empty
    "Mean over the pixels of each picture, weighted by a mask; raises `ValueError` for a mask of another size."

def l1(pred: Float[Tensor, "b c h w"], # rendering, 0..1
       truth: Float[Tensor, "b c h w"], # what it should be, 0..1
       mask: Float[Tensor, "b 1 h w"]|None = None, # weight of each pixel; None: all alike
      ) -> Float[Tensor, ""]:
    "Mean absolute difference (paper, section 3.4: both of its colour losses)."

def check_pair(pred: Tensor, truth: Tensor) -> None:
    "Refuse to broadcast one picture against another; raises `ValueError`."

def psnr(pred: Float[Tensor, "b c h w"], # rendering, 0..1
         truth: Float[Tensor, "b c h w"], # what it should be, 0..1
         mask: Float[Tensor, "b 1 h w"]|None = None, # weight of each pixel; None: all alike
        ) -> Float[Tensor, ""]:  # decibels, at most 100
    "Peak signal-to-noise ratio, averaged over the pictures."

def gaussian_window(size: int, # pixels
                    sigma: float, # pixels
                   ) -> Float[Tensor, "size"]:  # sums to 1
    "A row of the Gaussian window."

def ssim_map(pred: Float[Tensor, "b c h w"], # rendering, 0..1
             truth: Float[Tensor, "b c h w"], # what it should be, 0..1
            ) -> Float[Tensor, "b c h-10 w-10"]:  # one value for each full window, -1..1
    "Structural similarity around each pixel that is at least five pixels from the border (Wang et al. 2004, eq. 13)."

def ssim(pred: Float[Tensor, "b c h w"], # rendering, 0..1
         truth: Float[Tensor, "b c h w"], # what it should be, 0..1
         mask: Float[Tensor, "b 1 h w"]|None = None, # weight of each pixel; None: all alike
        ) -> Float[Tensor, ""]:  # 1 for equal pictures
    "Structural similarity, averaged over pixels (or a mask), channels and pictures."

def load_backbone(net: str, # 'vgg' or 'alex'
                  tensors: dict[str, Tensor], # by torchvision's names, `features.N.weight`
                  source: str = 'weights', # where they are from, for the error
                 ) -> nn.Sequential:  # convolutions, ReLUs and poolings, frozen
    "Build a backbone from weights; raises `WeightsError` for a tensor that is missing or of another shape."

def load_heads(net: str, # 'vgg' or 'alex'
              ) -> list[Float[Tensor, "1 c 1 1"]]:  # weight of each channel at each compared layer, none negative
    "The channel weights that come with the lpips package (its version 0.1)."

def run_backbone(modules: nn.Sequential, # convolutions, ReLUs, poolings
                 x: Float[Tensor, "b 3 h w"], # normalised pictures
                 layers: tuple[int, ...], # numbers of the modules whose outputs are wanted
                ) -> tuple[list[Tensor], list[tuple]]:  # wanted outputs; for each module (its input's shape, its output, pooling indices)
    "Run a backbone up to the last layer that is wanted."

class FrozenBackbone(torch.autograd.Function):
    "Features of prediction and truth in one pass, with a gradient for the prediction only."
    modules: Any
    layers: Any
    shapes: list[Any]
    @staticmethod
    def forward(ctx, pred, truth, modules, layers) -> Any: ...  # normalised pictures [B, 3, H, W]; truth may be None
    @staticmethod
    def backward(ctx, *grads) -> Any: ...

def normalize_features(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:  # of length 1 at each pixel, or 0
    "Divide each pixel's features by their length."

class Perceptual(nn.Module):
    """LPIPS (Zhang et al. 2018, eq. 1), version 0.1, of pictures [B, 3, H, W] in 0..1. Nothing in it learns.
    Raises `WeightsError` when there are no weights; `load_perceptual` returns None instead.
        distance = Perceptual('alex')(pred, truth) # [], 0 for equal pictures"""
    source: Any
    net: str
    layers: Any
    backbone: Any
    mean: Tensor
    std: Tensor
    def __init__(self,
                 net: str = 'vgg', # backbone: 'vgg' (training) or 'alex' (scores)
                 weights: Path|str|None = None, # folder of weights; None: as the settings say, see `find_weights`
                 stages: int = 5, # layers to compare: 5 is LPIPS, fewer are cheaper and look at finer detail
                 dtype: torch.dtype = torch.float32, # of the backbone; bfloat16 where the CPU or GPU has units for it
                 download: bool = True, # may the network be used?
                ) -> None: ...
    def normalize(self,
                  x: Float[Tensor, "b 3 h w"], # picture, 0..1
                 ) -> Float[Tensor, "b 3 h w"]:  # what the backbone was trained on
        "Shift and scale the colours."
    def features(self,
                 x: Float[Tensor, "b 3 h w"], # picture, 0..1
                ) -> list[Float[Tensor, "b c h w"]]:  # one for each layer, of unit length at every pixel, no gradient
        "Features of a picture that does not change, to be kept and passed as `truth_features`."
    def maps(self,
             pred: Float[Tensor, "b 3 h w"], # rendering, 0..1
             truth: Float[Tensor, "b 3 h w"]|None = None, # what it should be, 0..1; it gets no gradient
             truth_features: list[Tensor]|None = None, # instead of `truth`: its `features`
            ) -> list[Float[Tensor, "b 1 h w"]]:  # one for each layer, each smaller than the last
        "The distance around each pixel, at each layer."
    def forward(self,
                pred: Float[Tensor, "b 3 h w"], # rendering, 0..1
                truth: Float[Tensor, "b 3 h w"]|None = None, # what it should be, 0..1; it gets no gradient
                truth_features: list[Tensor]|None = None, # instead of `truth`: its `features`
                mask: Float[Tensor, "b 1 h w"]|None = None, # weight of each pixel; None: all alike
               ) -> Float[Tensor, ""]:  # 0 for equal pictures; 0.1 is close, 0.5 far
        "The perceptual distance, averaged over the pictures."

def load_perceptual(net: str = 'vgg', # backbone: 'vgg' (training) or 'alex' (scores)
                    weights: Path|str|None = None, # folder of weights; None: as the settings say, see `find_weights`
                    **kwargs, # of `Perceptual`: stages, dtype, download
                   ) -> Perceptual|None:  # None, after a warning that says why, when there are no weights
    "The perceptual distance if its weights can be found; never a random one."
