"""A performance beside the head in the browser: curves with the sound, a playhead, keys set by sliders, layers, and a file to take away"""
# made by tools/stubs.py: do not edit
from pathlib import Path
import numpy as np
from typing import Any

__all__ = ['SERIES', 'NOWHERE', 'CLOCK', 'plotted', 'PanelTab', 'TimelineTab']
SERIES: tuple[Any, ...]
NOWHERE: float
CLOCK: str

def plotted(timeline, track: str, # its name
            now: float, # seconds
            loud: np.ndarray, # [T] 0..1
            most: int = 1500, # moments
           ) -> tuple:  # an array [K] for each of `SERIES`
    "The data of the plot; a series that has no point there lies far below what is shown, as the browser's plot knows no NaN."

class PanelTab:
    "A tab whose controls leave their work to the thread that owns the head; it has a `loop` and, for what is said, a `message`."
    def submit(self, job) -> None:
        "Leave a job to that thread; a `GhaError` is shown in the tab."
    def report(self, text: str, wrong: bool = False) -> None:
        "Show a message in the tab."

class TimelineTab(PanelTab):
    "Curves, playhead, keys and layers, and what can be done with them."
    loop: Any
    avatar: Any
    controls: Any
    folder: Path | None
    server: Any
    editor: Any
    quiet: bool
    next_picture: Any
    driven: Any
    loud: Any
    end: Any
    moving: bool
    message: Any
    group: Any
    track: Any
    plot: Any
    sound: Any
    now: Any
    play: Any
    value: Any
    mode: Any
    region: Any
    layer: Any
    weight: Any
    last: Any
    def __init__(self, loop, # a `ViewerLoop`: whose thread owns the head
                 avatar, controls, # `AvatarControls`, whose sliders show the moment
                 folder: Path|None) -> None: ...  # where performances are kept; None: they are only sent to the browser
    def scales(self, low: float, high: float) -> dict:  # of the track
        "The axes of the plot, with some air."
    @property
    def timeline(self) -> Any: ...
    def opened(self, content: bytes, name: str, then) -> Any:  # then: called with the path of the file
        "Do something with what a visitor sent."
    def load(self, content: bytes, name: str) -> None: ...
    def take(self, driver) -> None:
        "Edit another performance; raises `GhaError`."
    def quietly(self, change) -> None:
        "Move controls without being told of it."
    def playhead_moved(self) -> None:
        "Show the moment, once, however often the playhead has moved until there is time for it."
    def list_tracks(self) -> None:
        "Offer the tracks of a part, the busiest first."
    def changed(self, said: str = '') -> None:
        "The timeline is another one: bake it, and show it."
    def show(self) -> None:
        "Draw the curves, and put head and sliders where they are at this moment."
    def set_value(self) -> None:
        "A key at this moment."
    def edit(self, what: str) -> None:
        "Undo, redo, or delete the key that is nearest to the playhead."
    def lay(self, content: bytes, name: str) -> None:
        "Lay another performance over this one."
    def chosen_layer(self) -> int|None:
        "Which layer the dropdown names."
    def show_layer(self) -> None:
        "Put the slider where the chosen layer's weight is."
    def change_layer(self, weight: float|None) -> None:  # None: remove it
        "Give the chosen layer another weight."
    def save(self, client) -> None:
        "Send the performance to the visitor, and keep it in the folder."
    def tick(self, now: float) -> float:  # seconds of a clock; seconds until the next picture is due
        "Play on."
