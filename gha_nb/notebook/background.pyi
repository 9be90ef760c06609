"""Training in a thread of its own, shown in a cell, while the cells below it stay usable; and the live viewer inside a cell."""
# made by tools/stubs.py: do not edit
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
import ipywidgets as w
from PIL import Image
from ..avatar.avatar import HeadAvatar
from ..viewer.live import GuidanceViewer, LiveViewer
from ..viewer.viewer import Viewer
from typing import Any

__all__ = ['progress_picture', 'BackgroundTraining', 'ViewerCell']

def progress_picture(history: list, # of (step, loss, PSNR)
                     beside: Image.Image|None = None, # truth and rendering
                    ) -> Image.Image:
    "Where a training stands."

class BackgroundTraining:
    """A run of `train` in a thread: a panel in a notebook, and the place to ask for its avatar.
        training = BackgroundTraining(capture, 'runs/me', minutes=4)
        avatar = training.wait() # raises what the training raised"""
    capture: Any
    out: Path
    callbacks: tuple[Any, ...]
    every: float
    options: Any
    avatar: Any
    run: Any
    error: Any
    step: Any
    history: list[Any]
    jobs: SimpleQueue
    lock: threading.Lock
    over: bool
    begun: threading.Event
    go_on: threading.Event
    stop_asked: bool
    next_picture: Any
    beside: Any
    status: w.HTML
    image: w.Image
    buttons: dict[Any, Any]
    panel: w.VBox
    thread: threading.Thread
    def __init__(self, capture, out: Path|str, # as in `train`
                 callbacks: tuple = (), # further ones, such as a `LiveViewer`
                 every: float = 2., # seconds between pictures of the panel; they take at most a tenth of the time
                 **options) -> None: ...  # of `train`: preset, minutes, steps, ...
    def work(self) -> None: ...
    def on_guidance_start(self, run) -> None: ...
    def on_guidance_step(self, run) -> None: ...
    def on_start(self, run) -> None: ...
    def on_step(self, run) -> None: ...
    def begin_stage(self, run) -> None:
        "A stage begins."
    def between_steps(self, run) -> None:
        "Between two steps; a pause does not count as training."
    def on_end(self, run) -> None: ...
    def answer(self) -> None:
        "Do what others have asked for."
    def current(self) -> HeadAvatar:
        "The avatar as it is, or the reason why there is none."
    def ask(self, f: Callable, # avatar -> anything
            patience: float = 120., # seconds to wait for an answer
           ) -> Any:
        "Call a function of the avatar between two steps; raises `GhaError`, and whatever the function raises."
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None:
        "End after the present step, and save."
    def wait(self, seconds: float|None = None) -> HeadAvatar:
        "Hold the notebook until the training is over; raises what ended it."
    def show_status(self, text: str) -> None: ...
    def draw(self) -> None:
        "Bring the panel up to date; its share of the time is a tenth at most."
    def _repr_mimebundle_(self, include=None, exclude=None) -> Any: ...

class ViewerCell:
    "A viewer's page inside a notebook; a picture of the head anywhere else: `ViewerCell(view(avatar, capture, block=False))`"
    viewer: Viewer | LiveViewer
    height: int
    address: str
    panel: w.VBox
    def __init__(self, viewer: Viewer|LiveViewer, # from `view(..., block=False)`, or the callback of a training
                 height: int = 520) -> None: ...  # of the cell, pixels
    def still(self) -> Image.Image:
        "The head from three sides, or a grey picture where there is none yet."
    def sides(self, inner: Viewer|GuidanceViewer) -> list: ...  # three pictures [h, w, 3]
    def close(self) -> None: ...
    def _repr_mimebundle_(self, include=None, exclude=None) -> Any: ...
