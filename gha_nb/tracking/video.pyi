"""Frames of any file that ffmpeg reads, upright and with their times; sharpness, scene cuts, and which frames to keep"""
# made by tools/stubs.py: do not edit
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
import numpy as np

__all__ = ['hdr_transfers', 'lens_key', 'tone_mapping', 'ffmpeg_path', 'ask_ffmpeg', 'Video', 'stream_facts', 'moov_atom', 'atom_notes',
           'noted_lens', 'packet_times', 'read_video', 'has_filters', 'runs_of', 'any_of', 'filter_chain', 'decode', 'decode_all', 'frames',
           'focal_pixels', 'noted_focal', 'to_gray', 'sharpness', 'thumbnail', 'scene_cuts', 'choose_frames']

def ffmpeg_path() -> str:
    "The ffmpeg binary that imageio brings (or `IMAGEIO_FFMPEG_EXE` names); raises `GhaError` if there is none."

def ask_ffmpeg(path: Path) -> tuple[str, str]:  # its list of packets, what it says about the file
    "List the packets of a file's first video stream."

@dataclass(frozen=True)

class Video:
    "A video file; see `read_video`."
    path: Path
    width: int  # pixels, upright
    height: int  # pixels, upright
    times: np.ndarray  # [F] seconds from the first frame, rising
    rotation: int = 0  # degrees by which the file says to turn its pictures
    transfer: str = ''  # of high dynamic range: 'smpte2084' (PQ) or 'arib-std-b67' (HLG); '': ordinary
    codec: str = ''
    equivalent: float = 0.  # millimetres on 35 mm film, as the camera noted its lens; 0: it did not
    @property
    def count(self) -> int:
        "Number of frames."
    @property
    def fps(self) -> float:
        "Frames a second, from the median time between two."
    @property
    def duration(self) -> float:
        "Seconds, the last frame's own time included."
    def size(self, longer: int|None = None, # pixels; None: as filmed
            ) -> tuple[int, int]:  # width, height
        "The size of a picture whose longer side has at most so many pixels; both are multiples of 4 then."
    def frames(video: Video,
               numbers: Sequence[int]|None = None, # of the frames wanted, from 0; None: all
               size: int|None = None, # pixels of the longer side, see `Video.size`; None: as filmed
              ) -> Iterator[tuple[int, float, np.ndarray]]:  # number, seconds, picture uint8 [H, W, 3] RGB
        "Decode frames in order, upright. Raises `GhaError` for numbers there are not, and where more than a fiftieth cannot be decoded."
hdr_transfers: tuple[str, str]

def stream_facts(words: str, # what ffmpeg says about a file
                ) -> dict|None:  # fields of `Video`; None if there is no video stream
    "Read codec, size, rotation and transfer function of the first video stream."
lens_key: bytes

def moov_atom(path: Path) -> bytes:
    "The part of a QuickTime or MP4 file that says what is in it; empty for other files."

def atom_notes(moov: bytes) -> dict[bytes, float|str]:  # by their keys
    "All notes in a file, of the film and of its tracks; numbers where they are numbers."

def noted_lens(path: Path) -> float:  # millimetres on 35 mm film; 0: nothing is noted
    "The focal length that a phone wrote into its video."

def packet_times(packets: str) -> np.ndarray:  # [F] seconds, rising, from zero
    "Presentation times from ffmpeg's list of packets."

def read_video(path: Path|str) -> Video:
    """Find out what a video file holds; no frame is decoded yet.
    Raises `GhaError`, with the file and what to do, if it is missing, holds no video, or ends early.
        video = read_video('me.mov')
        for number, time, image in video.frames(size=512): ... # image uint8 [H, W, 3] RGB"""
tone_mapping: str

def has_filters(*names: str) -> bool:
    "Whether this ffmpeg knows some filters."

def runs_of(numbers: Sequence[int]) -> list[tuple[int, int]]:  # first and last of each run
    "Rising numbers as runs of neighbours."

def any_of(terms: Sequence[str]) -> str:
    "A sum of halves of halves: ffmpeg reads no sum of more than a hundred terms in a row."

def filter_chain(video: Video, numbers: Sequence[int]|None, size: int|None) -> str:
    "What ffmpeg does to each frame: choose, map tones, scale."

def decode(video: Video, numbers: Sequence[int]|None, size: int|None, width: int, height: int,
           words: list[str], # what ffmpeg says in the end is added here
          ) -> Iterator[np.ndarray]:
    "The pictures of some frames, uint8 [height, width, 3]; ffmpeg is stopped when nobody wants more."

def decode_all(video: Video, numbers: Sequence[int], size: int|None, words: list[str],
               most: int = 2000, # runs of neighbours in one call of ffmpeg: a command cannot be of any length
              ) -> Iterator[np.ndarray]:
    "The pictures of any number of frames."

def frames(video: Video,
           numbers: Sequence[int]|None = None, # of the frames wanted, from 0; None: all
           size: int|None = None, # pixels of the longer side, see `Video.size`; None: as filmed
          ) -> Iterator[tuple[int, float, np.ndarray]]:  # number, seconds, picture uint8 [H, W, 3] RGB
    "Decode frames in order, upright. Raises `GhaError` for numbers there are not, and where more than a fiftieth cannot be decoded."

def focal_pixels(said: str|None, # '26mm' as a phone's data sheet has it (equivalent of 35 mm film), or pixels of the video as filmed
                 video: Video,
                 width: int, # of the detections, pixels
                ) -> float|None:  # pixels of the detections; None: not given
    "What was said about the lens; raises `GhaError` for what is no length."

def noted_focal(video: Video, width: int, # of the detections, pixels
               ) -> float|None:  # pixels of the detections; None: nothing is noted
    "The lens that the phone noted, on its sensor of 4 : 3, whose longer side a film uses in full. Steadied films are cut by up to a tenth."

def to_gray(image: np.ndarray, # uint8 [H, W, 3]
           ) -> np.ndarray:  # float32 [H, W], 0..1
    "Luminance, ITU-R BT.601."

def sharpness(image: np.ndarray, # uint8 [H, W, 3] or gray [H, W], 0..1
             ) -> float:  # about 0.01 blurred, 1 in fine detail
    "Variance of the Laplacian, as a fraction of the picture's own variance."

def thumbnail(image: np.ndarray, # uint8 [H, W, 3]
             ) -> np.ndarray:  # float32 [24, 24, 3], 0..1
    "A tiny copy for comparing pictures."

def scene_cuts(thumbnails: Sequence[np.ndarray], # [F] of `thumbnail`, in order
               least: float = .12, # mean change of a pixel that can be a cut, 0..1
               ratio: float = 4., # how many times the median change around it
              ) -> list[int]:  # indices of frames that begin a new scene
    "Where a film cuts."

def choose_frames(features: np.ndarray, # [F, D] what a frame shows, in units in which distances compare
                  count: int, # how many to keep
                  weights: np.ndarray|None = None, # [F] 0..1 how good each is; 0: never; None: all alike
                 ) -> np.ndarray:  # [min(count, F)] indices, rising
    "Frames spread over what there is to see, by farthest-point sampling; rows with NaN are never chosen."
