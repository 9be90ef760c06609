"How does a video become a capture: frames, landmarks, mattes, and a joint fit of a parametric head"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    models='find_model fetch_models',
    video='read_video choose_frames',
    detection='detect Detections load_detections',
    matte='mattes',
    correspondence='learn_correspondence load_correspondence',
    fit='fit_head load_fit HeadFit',
    photometric='refine_poses',
    texture='fit_texture',
    registration='register_views',
    truth='compare_with_truth',
    synchronization='synchronize',
    multiview='fit_rig read_cameras',
    photos='read_photos',
    tracker='track',
    photo_design='design_from_photo'))
