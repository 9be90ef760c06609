"The embedded capture: what was committed is what was recorded, it is valid, and it needs nothing but the package itself"
import hashlib
import sys

from conftest import environment, root, run, said

data = root/'data'


def test_checksums():
    listed = dict(reversed(line.split('  ', 1)) for line in (data/'CHECKSUMS.sha256').read_text().splitlines())
    found = {o.relative_to(data).as_posix() for o in (data/'demo').rglob('*') if o.is_file()}
    assert set(listed) == found, f'not listed: {sorted(found - set(listed))[:5]}; listed and missing: {sorted(set(listed) - found)[:5]}'
    changed = [name for name, digest in listed.items() if hashlib.sha256((data/name).read_bytes()).hexdigest() != digest]
    assert changed == []


def test_size():
    assert sum(o.stat().st_size for o in data.rglob('*') if o.is_file()) <= 8 * 1024**2


def test_valid_and_read_without_the_studio_extra():
    code = '''
import importlib.abc, sys
class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('anny', 'warp', 'roma', 'trimesh'): raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
from gha_nb.capture.capture import Capture
from gha_nb.capture.check import check_capture
from gha_nb.core import demo_capture_path
path = demo_capture_path()
assert check_capture(path) == [], check_capture(path)[:5]
capture = Capture.read(path)
split = capture.split
print(len(capture.frames), len(capture.cameras), len(split.test_frames), len(split.test_cameras), capture.width, capture.n_expressions)
view = capture.view(capture.frames[0], capture.cameras[0])
assert abs(view.expression).max() == 0 and view.image.shape == (384, 384, 3) and view.vertices.shape[1] == 3 and len(view.landmarks) == 68
'''
    result = run(sys.executable, '-c', code, env=environment(), cwd=root)
    assert result.returncode == 0 and result.stdout.split() == '24 16 4 2 384 52'.split(), said(result)
