"Run by test_tracker.py, perhaps with another Python: what mediapipe's face tracker says of pictures, as JSON"
import json, sys

import mediapipe as mp
import numpy as np
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

pictures, model = np.load(sys.argv[1])['pictures'], sys.argv[2]
options = vision.FaceLandmarkerOptions(base_options=tasks.BaseOptions(model_asset_path=model), output_face_blendshapes=True, num_faces=1)
answers = []
with vision.FaceLandmarker.create_from_options(options) as tracker:
    for picture in pictures:
        found = tracker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture)))
        answers.append({o.category_name: o.score for o in found.face_blendshapes[0]} if found.face_blendshapes else None)
print(json.dumps(answers))
