"""The views of a step are divided between processes, on as many GPUs, and their gradients are averaged."""
# made by tools/stubs.py: do not edit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
import torch
from torch import Tensor
from torch import distributed as dist
from ..core import GhaError
from .presets import Preset
from typing import Any

__all__ = ['LostProcess', 'Processes', 'join_processes', 'whole_number']

class LostProcess(GhaError):
    "Another process of the same training has ended."

class Processes:
    "The processes that share a training; one of them is this one."
    rank: int
    count: int
    device: torch.device
    step: Any
    def __init__(self, rank: int, count: int, device: torch.device) -> None: ...
    @property
    def is_first(self) -> bool: ...
    def __repr__(self) -> str: ...
    def exchanged(self, values: Tensor, how=dist.ReduceOp.SUM) -> Tensor:  # the same tensor
        "The sum of a tensor over all processes, in place; raises `LostProcess` where one is gone."
    def check(self, preset: Preset, cameras: int) -> None:  # of the training split
        "Raise `GhaError` where views cannot be divided evenly."
    def share(self, sample) -> Any:  # its `cameras` are those of this process
        "The part of a step's views that this process draws."
    def mean(self, total: Tensor, terms: dict) -> tuple[Tensor, dict]:
        "Loss and terms of all views, as numbers; not finite where any process has a number that is not."
    def average(self, grads: Sequence[Tensor]) -> None:  # on one device
        "Average gradients over all processes, in place."
    def agree(self, run) -> None:
        "The same time and the same end for all; changes the run."
    def align(self, run) -> None:
        "Make sure that all processes are at the same place, with the same numbers; raises `GhaError`."
    def folder(self, out: Path) -> Iterator[Path]:
        "Where this process writes: into the run, if it is the first, else to a place that is thrown away."

@contextmanager

def join_processes(device: str = 'auto', # 'cpu', 'cuda' or 'auto', as for one process
                  ) -> Iterator[Processes|None]:  # None: this process is alone
    """Join the processes that a launcher has started; raises `GhaError` for variables that make no sense.
        with join_processes() as processes: train('data/me', 'runs/me', processes=processes)"""

def whole_number(name: str, default: int) -> int:
    "An environment variable; raises `GhaError`."
