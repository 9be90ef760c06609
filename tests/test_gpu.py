"The GPU's code without a GPU: Triton kernels interpreted and compiled, training with the device swapped, the GPU check end to end"
import json, os, sys

import pytest
from conftest import environment, root, run, said

pytest.importorskip('triton', reason='Triton comes with torch on Linux only')


@pytest.fixture(scope='module')
def scenes():
    "What tests/triton_scenes.py prints"
    result = run(sys.executable, root/'tests'/'triton_scenes.py', env=environment(TRITON_INTERPRET='1', GHA_NB_THREADS='1'), cwd=root)
    assert result.returncode == 0, said(result)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{')]


def test_triton_draws_what_the_c_kernels_draw(scenes):
    "Pictures and gradients of scenes made to break a kernel; in double precision, where no rounding hides a wrong term"
    found = [o for o in scenes if 'scene' in o]
    assert len(found) >= 19 and all(o['finite'] for o in found)
    assert sum(o['drawn'] > 1 for o in found) >= 10, 'most scenes show something'
    limits = dict(float64=1e-7, float32=1e-4)
    wrong = [(o['scene'], o['kind'], k, e) for o in found for k, e in o['errors'].items() if not e < limits[o['kind']]]
    assert wrong == []


def test_triton_sees_the_same_faces(scenes):
    found = [o for o in scenes if 'mesh' in o]
    assert len(found) == 12 and sum(o['seen'] > .02 for o in found) >= 5
    assert [o for o in found if o['other'] > 2e-3 or o['depths'] > 1e-4 or o['barycentrics'] > 1e-3] == []


program = """
import json
from gha_nb.raster.triton_compile import compile_kernel_for
hard = 'composite_backward', 'visibility'  # the notebook compiles all of them for both, at its full size
print(json.dumps([compile_kernel_for(name, capability) for capability in (80, 90) for name in hard]))
"""


def test_compiles_for_sm_80_and_sm_90(tmp_path):
    "Down to machine code, within the shared memory of a card of 8 GB, and with few registers spilled"
    result = run(sys.executable, '-c', program, env=environment(TRITON_INTERPRET=None, TRITON_CACHE_DIR=str(tmp_path)), cwd=root)
    assert result.returncode == 0, said(result)
    rows = json.loads(result.stdout.splitlines()[-1])
    assert len(rows) == 4
    assert [o for o in rows if o['shared'] > 99*1024 or o.get('spilled', 0) > 1024] == []


@pytest.mark.skipif(not os.environ.get('GHA_NB_LONG'), reason='half a minute of the GPU check in the interpreter: GHA_NB_LONG=1')
def test_gpu_check_end_to_end(tmp_path):
    "All parts at tiny sizes, with Triton's interpreter as the GPU; what an earlier call has measured is kept"
    (tmp_path/'some-gpu.json').write_text(json.dumps(dict(name='some-gpu', interpreted=True, parts=dict(versions=dict(gpu='kept')))))
    result = run(sys.executable, root/'tools'/'gpu_check.py', 'some-gpu', '--interpret', '--out', tmp_path, cwd=root)
    assert result.returncode == 0 and result.stdout.count('there already') == 1, said(result)
    found = json.loads((tmp_path/'some-gpu.json').read_text())
    parts = found['parts']
    assert found['interpreted'] and list(parts) == ['versions', 'parity', 'rasterizer', 'mesh step', 'step laptop', 'step networks',
                                                    'step gpu', 'step paper', 'frames', 'training']
    assert all(e < 1e-3 for k, errors in parts['parity'].items() if k.startswith('triton') for e in errors.values())
    assert parts['parity']['mesh']['other_face'] < 2e-3 < .05 < parts['parity']['mesh']['seen']
    assert parts['step gpu']['views'] == 4 and parts['step gpu']['milliseconds']['backward'] > 0
    assert parts['training']['steps'] == 2 and parts['training']['groups'][-1]['psnr'] > 5
    assert parts['versions'] == dict(gpu='kept') and parts['frames']['per_second']


def test_gpu_check_says_what_is_wrong(tmp_path):
    for args, words in ((['no name'], 'is no name'), (['a', '--capture', tmp_path/'nowhere'], 'is no folder')):
        result = run(sys.executable, root/'tools'/'gpu_check.py', *args, '--interpret', '--out', tmp_path, cwd=root)
        assert result.returncode == 1 and words in result.stderr and 'Traceback' not in result.stderr, said(result)
