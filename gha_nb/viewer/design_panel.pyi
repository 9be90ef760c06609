"""The same panel for people without a notebook: `gha-nb studio` opens it"""
# made by tools/stubs.py: do not edit
import threading
from pathlib import Path
import numpy as np
import viser
from ..studio.design import Design
from .page import ScenePlacement
from ..studio.live_preview import LivePreview
from typing import Any

__all__ = ['recording_folder', 'portrait_camera', 'DesignPanel', 'design_in_browser']

def recording_folder(name: str) -> Path:
    "Where a recording of this name goes; raises `GhaError` for what is no plain name."

def portrait_camera(placement: ScenePlacement) -> dict:  # position and fov on the page
    "Where a visitor starts: near enough that head and collar fill the window."

class DesignPanel:
    "The designer as a web page. The thread that calls `step` is the only one that draws."
    server: viser.ViserServer
    preview: LivePreview
    height: int
    placement: ScenePlacement
    lock: threading.RLock
    wake: threading.Event
    closed: threading.Event
    quiet: bool
    recording: Any
    dirty: Any
    rough: Any
    error: Any
    last: Any
    note: Any
    controls: Any
    muscles: Any
    preset: Any
    seed: Any
    surprise: Any
    save: Any
    load: Any
    out: Any
    rig: Any
    clip: Any
    frames: Any
    pixels: Any
    buttons: Any
    bar: Any
    progress: Any
    def __init__(self, server: viser.ViserServer, # from `open_server`
                 design: Design|None = None, # to begin with; None: the neutral person
                 height: int = 384, # of the picture, pixels
                 strands: int = 1500) -> None: ...  # of the live picture's hair
    def build(self, gui, groups, control) -> dict:
        "Folders of controls."
    def control(self, gui, name) -> Any:
        "The control of one entry of the design."
    def build_people(self, gui) -> None:
        "Presets, surprises, files."
    def build_record(self, gui) -> None:
        "The options of a recording, and its progress."
    def begin(self) -> None:
        "Record what is designed, in the background."
    def saved(self) -> bytes:
        "The design as a file's content."
    def loaded(self, content: bytes) -> None:
        "Take a design from a file's content."
    def attempt(self, action) -> None:
        "Do something; what goes wrong is shown in the panel."
    def control_moved(self, name: str) -> None:
        "A control was moved."
    def muscle_moved(self, name: str) -> None:
        "A muscle was moved."
    def set_design(self, design: Design) -> None:
        "Show another design."
    def show_values(self, expression: dict|None = None) -> None:
        "Move all controls to the values of the preview."
    def changed(self) -> None:
        "Note that every picture is out of date."
    def arrived(self, client) -> None:
        "Note that a browser has come, and when it turns."
    def forget(self, key: int) -> None:
        "A browser has gone."
    def picture(self, seen, quality: str) -> np.ndarray:  # uint8 [H, W, 3]
        "What a browser's camera sees."
    def step(self, timeout: float = 0.0) -> bool:  # was anything drawn?
        "Draw what is out of date: drafts, or smooth pictures once nothing has moved for a while."
    def run(self) -> None:
        "Draw until closed."
    def close(self) -> None:
        "Stop drawing, recording and listening."

def design_in_browser(design: Design|None = None, # to begin with
                      host: str|None = None, # address to listen on; None: the settings', by default this machine alone
                      port: int|None = None, # 0: any free one; None: the settings'
                      block: bool = True, # until Ctrl-C? Otherwise it returns at once
                      say=print, # where the address is announced
                      **options # of `DesignPanel`
                     ) -> DesignPanel:  # with `close()`
    "Open the designer; raises `GhaError`."
