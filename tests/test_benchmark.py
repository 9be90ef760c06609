"Persons of NeRSemble's benchmark, written as its facts say, from their films to an archive"
import json
import os
import zipfile

import numpy as np
import pytest
from conftest import gha, said
from scipy.spatial.transform import Rotation

from gha_nb.capture.capture import Capture
from gha_nb.core import GhaError, load_settings
from gha_nb.readers.nersemble_benchmark import tasks, tracking_file, unseen

offset = Rotation.from_rotvec([.2, .1, -.1])  # FLAME's head does not look where ours does


pytestmark = pytest.mark.skipif(not os.environ.get('GHA_NB_LONG'), reason='15 seconds a task, and a face detector: GHA_NB_LONG=1')


@pytest.fixture(scope='module', params=tasks)
def folder(request, demo, tmp_path_factory):
    "A person of a task, who is the demo"
    pytest.importorskip('mediapipe', reason='what a data set lacks needs mediapipe and anny')
    pytest.importorskip('anny', reason='what a data set lacks needs mediapipe and anny')
    from gha_nb.studio.phone_clip import write_video
    from gha_nb.tracking.models import find_model
    try: find_model('face_landmarker')
    except GhaError as error: pytest.skip(f'data sets are not completed here: {error}')
    capture, path = Capture.read(demo, check=False), tmp_path_factory.mktemp('benchmark')

    def write(task, person, sequences, serials):
        home = path/task.folder/person
        for name, frames in sequences.items():
            for serial, camera in serials.items():
                views = [capture.view(f, camera) for f in frames]
                for kind, pictures in (('images', [(255*v.target().permute(1, 2, 0)).round().byte().numpy() for v in views]),
                                       ('alpha_maps', [v.mask.numpy()[..., None].repeat(3, 2) for v in views])):
                    (home/'sequences'/name/kind).mkdir(parents=True, exist_ok=True)
                    write_video(home/'sequences'/name/kind/f'cam_{serial}.mp4', iter(pictures), task.fps, 8)
        known = {s: capture.camera(capture.frames[0], c) for s, c in
                 (serials | dict(zip(task.held_out, ('01', '08', '13')))).items()}
        size = np.array([[task.size[0]/capture.width], [task.size[1]/capture.height], [1]])
        (home/'calibration').mkdir()
        (home/'calibration'/'camera_params.json').write_text(json.dumps(dict(
            intrinsics={s: (c.K.double().numpy()*size).tolist() for s, c in known.items()},
            world_2_cam={s: c.world_to_camera.tolist() for s, c in known.items()})))
        return home

    def track(home, name, frames):
        turned = Rotation.from_rotvec(np.stack([capture.pose(f)[:3].numpy() for f in frames]).astype(float))*offset.inv()
        e = np.zeros((len(frames), 100))
        e[:, :capture.n_expressions] = np.stack([capture.expression(f).numpy() for f in frames])
        (home/'sequences'/name/'tracking').mkdir(parents=True, exist_ok=True)
        np.savez(home/'sequences'/name/tracking_file, expression=e, rotation=turned.as_euler('XYZ'), rotation_matrices=turned.as_matrix(),
                 frames=np.arange(len(frames)), shape=np.zeros((1, 300)),
                 translation=np.stack([capture.pose(f)[3:].numpy() for f in frames]), scale=np.ones((1, 1)),
                 **{k: np.zeros((len(frames), n)) for k, n in dict(jaw=3, neck=3, eyes=6).items()})

    if request.param == 'nersemble-nvs':
        serials = '222200042', '222200044', '222200041', tasks[request.param].held_out[0]
        write(tasks[request.param], '475', {'HAIR': capture.frames[:2]}, dict(zip(serials, ('03', '07', '10', '01'))))
        return request.param, path
    home = write(tasks[request.param], '461', {'EXP-1-head': capture.frames[:4]}, {'222200037': '07'})
    track(home, 'EXP-1-head', capture.frames[:4])
    for name in unseen: track(home, name, capture.frames[4:5])
    return request.param, path


def test_benchmark(folder, tmp_path, monkeypatch):
    "One person of five: trained, drawn and scored; the archive says what it lacks, and a second call finds everything done"
    from gha_nb.evaluation.nersemble import run_benchmark
    from gha_nb.tracking.models import find_model
    from gha_nb.training.presets import find_preset, with_start
    task, folder = folder
    (tmp_path/'cache').mkdir()
    (tmp_path/'cache'/'kernels').symlink_to(load_settings().cache.expanduser()/'kernels')  # they are not compiled anew
    env = dict(GHA_NB_CACHE=str(tmp_path/'cache'), GHA_NB_MODELS=str(find_model('face_landmarker').parent), GHA_NB_PROGRESS='0')
    person, out = '475' if task == 'nersemble-nvs' else '461', tmp_path/'out'
    if task == 'nersemble-nvs':
        for k, v in env.items(): monkeypatch.setenv(k, v)
        preset = with_start(find_preset('tiny'), 'cloud')

        def call(**more): return run_benchmark(task, folder, out, preset=preset, steps=4, lpips=False, mark=False, show=False, **more)
        found = vars(call())
    else:
        result = gha('benchmark', task, folder, '--out', out, '--preset', 'tiny', '--steps', '4', '--no-lpips', '--json', **env)
        assert result.returncode == 1 and 'is not complete' in result.stderr, said(result)
        found = json.loads(result.stdout)
    assert found['wrong'] and not any(o.startswith(person) for o in found['wrong'])
    assert found['scores'][person]['seen']['psnr'] > 8
    assert ('held out' in found['scores'][person]) == (task == 'nersemble-nvs')  # one of the hidden films is in the folder
    with zipfile.ZipFile(found['archive']) as o: names = set(o.namelist())
    assert names == {f'{person}/{s}/cam_{c}.mp4' for s in tasks[task].subjects[person] for c in tasks[task].cameras()}
    before = {o: o.stat().st_mtime_ns for o in (out/person).rglob('*.mp4')}
    assert len(before) == len(names)
    if task == 'nersemble-mono': return
    assert call().scores == found['scores']
    assert {o: o.stat().st_mtime_ns for o in (out/person).rglob('*.mp4')} == before
    with pytest.raises(GhaError, match='begun with other settings'): call(seed=1)
