"""How does a video become a capture: frames, landmarks, mattes, and a joint fit of a parametric head"""
# made by tools/stubs.py: do not edit
from .models import find_model as find_model, fetch_models as fetch_models
from .video import read_video as read_video, choose_frames as choose_frames
from .detection import detect as detect, Detections as Detections, load_detections as load_detections
from .matte import mattes as mattes
from .correspondence import learn_correspondence as learn_correspondence, load_correspondence as load_correspondence
from .fit import fit_head as fit_head, load_fit as load_fit, HeadFit as HeadFit
from .photometric import refine_poses as refine_poses
from .texture import fit_texture as fit_texture
from .registration import register_views as register_views
from .truth import compare_with_truth as compare_with_truth
from .synchronization import synchronize as synchronize
from .multiview import fit_rig as fit_rig, read_cameras as read_cameras
from .photos import read_photos as read_photos
from .tracker import track as track
from .photo_design import design_from_photo as design_from_photo

__all__ = ['find_model', 'fetch_models', 'read_video', 'choose_frames', 'detect', 'Detections', 'load_detections', 'mattes',
           'learn_correspondence', 'load_correspondence', 'fit_head', 'load_fit', 'HeadFit', 'refine_poses', 'fit_texture',
           'register_views', 'compare_with_truth', 'synchronize', 'fit_rig', 'read_cameras', 'read_photos', 'track', 'design_from_photo']
