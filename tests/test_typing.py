"What a type checker and an editor know of the package: methods that come in by `@patch`, and public names that load lazily"
import re, sys

import jedi
import pytest
from conftest import bin, environment, root, run, said
from typed_program import main

program = (root/'tests'/'typed_program.py').read_text()
stubs = sorted((root/'gha_nb').rglob('*.pyi'))

mistakes = {  # line of a program: what mypy says of it
    'capture.veiw("0000", "front")': r'"Capture" has no attribute "veiw"',
    'capture.view("0000", cam="front")': r'Unexpected keyword argument "cam" for "view"',
    'capture.view("0000")': r'Missing positional argument "camera"',
    'capture.view("0000", 3)': r'Argument 2 to "view" of "Capture" has incompatible type "int"',
    'capture.view("0000", "front").pixels': r'"View" has no attribute "pixels"',
    'HeadAvatar.load("run", gpu=True)': r'Unexpected keyword argument "gpu" for "load"',
    'HeadAvatar.laod("run")': r'has no attribute "laod"',
    'gha.tarin(capture, "run")': r'Module has no attribute "tarin"',
    'gha.train(capture, "run", steps="many")': r'Argument "steps" to "train" has incompatible type "str"',
    'gha.evaluate(capture=capture)': r'Missing positional argument "avatar"',
    'Camera.looking': r'has no attribute "looking"',
    'reveal_type(capture.view("0000", "front"))': r'Revealed type is "gha_nb.capture.capture.View"',
    'reveal_type(capture.camera("0000", "front"))': r'Revealed type is "gha_nb.geometry.Camera"',
    'reveal_type(HeadAvatar.load("run"))': r'Revealed type is "gha_nb.avatar.avatar.HeadAvatar"',
    'reveal_type(HeadAvatar.load("run").pose())': r'Revealed type is "gha_nb.raster.gaussians.Gaussians"',
    'reveal_type(gha.demo_capture().frames)': r'Revealed type is "(builtins\.)?list\[(builtins\.)?str\]"'}


@pytest.fixture(scope='module')
def checked(tmp_path_factory):
    "What mypy says of the program and of the mistakes, in one call: torch takes most of its time"
    folder = tmp_path_factory.mktemp('mypy')
    (folder/'mypy.ini').write_text('[mypy]\nstrict = True\nfollow_imports = silent\nfollow_imports_for_stubs = True\n'
                                   f'ignore_missing_imports = True\npython_executable = {sys.executable}\n')
    (folder/'right.py').write_text(program)
    top = 'import gha_nb as gha\nfrom gha_nb import Camera, HeadAvatar\ncapture = gha.Capture.read("capture")\n'
    (folder/'wrong.py').write_text(top + '\n'.join(mistakes) + '\n')
    result = run(bin/'mypy', '--config-file', 'mypy.ini', 'right.py', 'wrong.py', cwd=folder, env=environment(MYPYPATH=str(root)))
    found = [(m[1], int(m[2]) - top.count('\n') - 1, m[3])
             for m in re.finditer(r'^(.+?):(\d+): (?:error|note): (.+)$', result.stdout, re.M)]
    assert any(file == 'wrong.py' for file, *_ in found), said(result)
    return found


def test_program_passes_mypy(checked): assert [o for o in checked if o[0] != 'wrong.py'] == []


@pytest.mark.parametrize('line', mistakes)
def test_mypy_knows(checked, line):
    says = [text for file, number, text in checked if file == 'wrong.py' and number == [*mistakes].index(line)]
    assert any(re.search(mistakes[line], o) for o in says), says


def test_program_runs(ball, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('GHA_NB_WEIGHTS', str(tmp_path))  # nothing is to be downloaded
    picture = main(ball, tmp_path/'run')
    assert picture.ndim == 3 and picture.shape[2] == 3 and 'True' in capsys.readouterr().out


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    "jedi writes what it has parsed below the home folder, not atomically: two workers read each other's half files"
    monkeypatch.setattr(jedi.settings, 'cache_directory', str(tmp_path_factory.getbasetemp()/'jedi'))


@pytest.mark.usefixtures('own_cache')
@pytest.mark.parametrize('typed,offered', [
    ('gha.', 'Capture HeadAvatar train evaluate rasterize demo_capture'), ('gha.demo_capture().', 'view frames cameras split views'),
    ('Capture.', 'read'), ('Capture.read("x").view("f", "c").', 'image mask camera expression target'),
    ('HeadAvatar.', 'load save'), ('HeadAvatar.load("x").', 'pose render expression_names'),
    ('HeadAvatar.load("x").pose().', 'means quats opacities')])
def test_editor_offers(typed, offered):
    "Completion by jedi, which IPython, JupyterLab's language servers and several editors use"
    source = '\n'.join(o for o in program.splitlines() if o.startswith(('import', 'from'))) + f'\n{typed}'
    found = {o.name for o in jedi.Script(source, project=jedi.Project(root)).complete()}
    assert set(offered.split()) <= found, sorted(found)


@pytest.mark.usefixtures('own_cache')
def test_editor_shows_parameters():
    "The signature and the documentation of a method that comes in by `@patch`"
    signature, = jedi.Script('import gha_nb as gha\ngha.demo_capture().view(', project=jedi.Project(root)).get_signatures()
    assert [o.name for o in signature.params][-2:] == ['frame', 'camera'] and 'view' in signature.docstring()


def test_stubs_say_what_is_there(tmp_path):
    "mypy's stubtest imports the modules and compares: names, parameters, defaults, properties"
    modules = ['.'.join(o.relative_to(root).with_suffix('').parts) for o in stubs if o.stem != '__init__']
    (tmp_path/'mypy.ini').write_text('[mypy]\nignore_missing_imports = True\nignore_errors = True\nfollow_imports = silent\n'
                                     '[mypy-torch.*]\nfollow_imports = skip\n')
    result = run(sys.executable, '-m', 'mypy.stubtest', '--concise', '--mypy-config-file', tmp_path/'mypy.ini', *modules,
                 env=environment(MYPYPATH=str(root), PYTHONPATH=str(root)), cwd=tmp_path)
    # torch is not read, which would take longer than all the rest, so nobody knows its metaclasses
    assert [o for o in result.stdout.splitlines() if 'metaclass differs' not in o] == [] and result.returncode in (0, 1), said(result)


def test_stub_of_every_kind_of_method(tmp_path):
    "What `tools/stubs.py` does with each way to put something into a class"
    (tmp_path/'toy.py').write_text('''"A toy"
from __future__ import annotations
import json, math
from fastcore.basics import patch
from pathlib import Path

LIMIT, names = 3, ['é', 'b']
Pair = tuple[int, int]
class Toy:
    "With a colon: here"
    kind = 'toy'
    def __init__(self, size: int, parts=()): self.size, self.parts, self.on, self.scale = size, list(parts), False, math.pi
    def f(self): return lambda: 1 # a lambda: has a colon
@patch
def turn(self: Toy, by: float = .5, # turns: é
         path: Path|None = None) -> Pair: # how far
    """Turn
    it."""
    self.turned = True
    def inner(): return 3
@patch(as_prop=True)
def weight(self: Toy) -> float: return 1.
@patch(cls_method=True)
def make(cls: Toy, n): return cls(n)
def save(toy: Toy,
         path: str): json.dumps(path)
Toy.store, Toy.read = save, staticmethod(save)
''')
    result = run(sys.executable, root/'tools'/'stubs.py', tmp_path)
    assert result.returncode == 0, said(result)
    assert (tmp_path/'toy.pyi').read_text() == '''"""A toy"""
# made by tools/stubs.py: do not edit
from pathlib import Path
from typing import Any

LIMIT: int
names: list[Any]
Pair = tuple[int, int]

class Toy:
    "With a colon: here"
    kind: str
    size: int
    parts: list[Any]
    on: bool
    scale: Any
    turned: bool
    def __init__(self, size: int, parts=()) -> None: ...
    def f(self) -> Any: ...
    def turn(self, by: float = .5, # turns: é
             path: Path|None = None) -> Pair:  # how far
        """Turn
        it."""
    @property
    def weight(self) -> float: ...
    @classmethod
    def make(cls, n) -> Any: ...
    def store(toy: Toy,
              path: str) -> None: ...
    @staticmethod
    def read(toy: Toy,
             path: str) -> None: ...

def save(toy: Toy,
         path: str) -> None: ...
'''
