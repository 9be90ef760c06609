"The package: quick to import, complete when installed, and set up by make alone"
import ast, importlib, json, os, re, subprocess, sys, zipfile
from importlib.metadata import packages_distributions

import pytest
from conftest import environment, flat, notebooks, project, root, run, said, wings

modules = sorted('gha_nb.' + '.'.join(o.relative_to(root/'gha_nb').with_suffix('').parts) for o in (root/'gha_nb').rglob('[!_]*.py'))

watch = '''
import sys
sys.dont_write_bytecode = True
import os
touched = []
def hook(event, args):
    if event.startswith('socket.') and event != 'socket.__new__': touched.append((event, str(args)))
    writes = event == 'open' and (set(str(args[1])) & set('wax+') or (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if writes: touched.append((event, str(args)))
    if event in ('os.mkdir', 'os.rename', 'os.remove', 'subprocess.Popen', 'urllib.Request'): touched.append((event, str(args)))
sys.addaudithook(hook)
'''


@pytest.mark.parametrize('module', ['gha_nb', 'gha_nb.core', 'gha_nb.app', *(f'gha_nb.{o}' for o in wings)])
def test_import_is_quick_and_touches_nothing(module):
    code = watch + f"import {module}\nassert not touched, touched\nassert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    result = run(sys.executable, '-c', code)
    assert result.returncode == 0, said(result)


def test_every_module_imports_without_touching():
    "Modules may load torch, but find no device, read no setting and write no file while they are imported"
    code = ('import torch, torchvision, matplotlib.pyplot, fastcore.all\n' + watch +
            f"import importlib\nfor o in {modules}: importlib.import_module(o)\n"
            "assert not [o for o in touched if 'gha_nb' in o[1]], touched")
    result = run(sys.executable, '-c', code)
    assert result.returncode == 0, said(result)


def test_openmp_waits_passively():
    code = 'import gha_nb, os; print(os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"])'
    assert run(sys.executable, '-c', code, env=environment(OMP_WAIT_POLICY=None, GOMP_SPINCOUNT=None)).stdout.split() == ['ACTIVE', '30000']
    assert run(sys.executable, '-c', code, env=environment(OMP_WAIT_POLICY='PASSIVE')).stdout.split()[0] == 'PASSIVE'


def test_wheel_carries_the_demo(tree, tmp_path):
    "An installed package finds its capture, without the checkout"
    result = run(sys.executable, '-m', 'pip', 'wheel', tree, '--no-deps', '--no-build-isolation', '-w', tmp_path/'wheel')
    assert result.returncode == 0, said(result)
    wheel, = (tmp_path/'wheel').glob('gha_nb-*.whl')
    with zipfile.ZipFile(wheel) as z: z.extractall(tmp_path/'site')
    assert (tmp_path/'site'/'gha_nb'/'py.typed').exists()
    stubs = [{str(o.relative_to(top)) for o in (top/'gha_nb').rglob('*.pyi')} for top in (root, tmp_path/'site')]
    assert stubs[0] and stubs[0] == stubs[1]
    committed = {str(o.relative_to(root/'data')) for o in (root/'data').rglob('*') if o.is_file() and '__pycache__' not in o.parts}
    installed = {str(o.relative_to(tmp_path/'site'/'gha_nb'/'data')) for o in (tmp_path/'site'/'gha_nb'/'data').rglob('*') if o.is_file()}
    assert installed == committed
    code = (f"import sys; sys.path.insert(0, {str(tmp_path/'site')!r})\nimport importlib\nfor o in {modules}: importlib.import_module(o)\n"
            "from gha_nb.core import demo_capture_path; print(demo_capture_path())")
    result = run(sys.executable, '-c', code, cwd=tmp_path)
    assert result.stdout.strip() == str(tmp_path/'site'/'gha_nb'/'data'/'demo'), said(result)


def test_packages_are_the_folders():
    "setuptools is told its packages one by one: a wing that is not named is missing from the wheel"
    folders = {'.'.join(o.parent.relative_to(root).parts) for o in (root/'gha_nb').rglob('*.py')}
    assert set(project['tool']['setuptools']['packages']) == folders | {'gha_nb.data'}
    assert {o.removeprefix('gha_nb.') for o in folders} - {'gha_nb'} == set(wings)
    assert {o.stem for o in (root/'gha_nb').glob('[!_]*.py')} == set(flat)


def imported(source):
    "The packages from elsewhere that a source imports, at its top or inside its functions, without the standard library"
    nodes = list(ast.walk(ast.parse(source)))
    names = [p.name for o in nodes if isinstance(o, ast.Import) for p in o.names]
    names += [o.module for o in nodes if isinstance(o, ast.ImportFrom) and not o.level]
    return {o.split('.')[0] for o in names} - sys.stdlib_module_names - {'gha_nb'}


def cells(notebook):
    "The Python of a notebook's cells, without magics"
    for o in json.loads(notebook.read_text())['cells']:
        source = ''.join('\n' if line.lstrip().startswith(('%', '!')) else line for line in o['source'])
        if o['cell_type'] == 'code' and not source.startswith('\n'): yield source


def normal(name): return re.sub(r'[-_.]+', '-', re.match(r'[\w.-]+', name)[0]).lower()


declared = {normal(o) for o in project['project']['dependencies']}
extras = {k: {normal(o) for o in v} for k, v in project['project']['optional-dependencies'].items()}
distributions = {k: {normal(o) for o in v} for k, v in packages_distributions().items()}


def of_library(): return {o for file in (root/'gha_nb').rglob('*.py') for o in imported(file.read_text())}


def undeclared(imports, allowed): return sorted(o for o in imports if not distributions.get(o, {normal(o)}) & allowed)


def test_imports_of_the_library_are_declared():
    "What the package imports comes with it, or with one of its extras"
    wanted = ('studio', 'track', 'live', 'call', 'colmap', 'speech', 'trust', 'fleet', 'gpu')
    assert undeclared(of_library(), declared.union(*(extras[o] for o in wanted))) == []


def test_imports_of_tests_tools_and_notebooks_are_declared():
    local = {o.stem for o in (root/'tests').glob('*.py')}
    # another Python runs this one: see test_tracker.py
    files = [o for o in [*(root/'tests').glob('*.py'), *(root/'tools').glob('*.py')] if o.name != 'tracker_scores.py']
    found = {p for o in files for p in imported(o.read_text())} - local | {p for o in notebooks for c in cells(o) for p in imported(c)}
    assert undeclared(found, declared.union(*extras.values())) == []


def test_what_is_declared_is_used():
    "Nothing is installed for nothing; ziglang is run, not imported"
    used = {p for o in of_library() for p in distributions.get(o, ())}
    assert declared - used - {'ziglang'} == set()


@pytest.mark.parametrize('wing', ['', *wings], ids=lambda o: o or 'gha_nb')
def test_public_names(wing):
    "Everything that a package offers in its `__init__.py` exists, and no module of the same name can hide it"
    name = f'gha_nb.{wing}'.strip('.')
    package = importlib.import_module(name)
    assert package.__doc__ and package.__all__ and set(dir(package)) >= set(package.__all__)
    for o in package.__all__:
        assert not (root/'gha_nb'/wing/f'{o}.py').exists() and not (root/'gha_nb'/wing/o).exists(), f'{name}.{o} is a module, too'
        assert getattr(package, o) is not None
    with pytest.raises(AttributeError, match='no attribute'): getattr(package, 'nothing_like_that')  # noqa: B009


def test_demo_capture_is_small(demo):
    assert sum(o.stat().st_size for o in demo.parent.rglob('*') if o.is_file()) <= 8*2**20


def test_make_refuses_an_old_python(tree, tmp_path):
    "With only an old Python, make says what is needed and makes nothing"
    fake = tmp_path/'bin'
    fake.mkdir()
    for o in ('python3', 'python3.11', 'python3.12', 'python3.13', 'python3.14'):
        (fake/o).write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; esac\necho "Python 3.9.2"\n')
        (fake/o).chmod(0o755)
    result = subprocess.run(['make', 'demo'], cwd=tree, capture_output=True, text=True,
                            env=environment(PATH=f"{fake}{os.pathsep}/usr/bin{os.pathsep}/bin"))
    assert result.returncode != 0 and 'needs Python 3.11 or newer' in result.stderr, said(result)
    assert not (tree/'.venv').exists()


def test_hooks(tree):
    "The hooks are this clone's own, and git still shows and merges notebooks when the environment is gone"
    def git(*args): return run('git', *args, cwd=tree)
    assert git('init', '-q').returncode == 0
    assert run('bash', 'tools/hooks.sh', cwd=tree).returncode == 0
    assert 'nbdev-merge' in git('config', '--local', 'merge.jupyternotebook.driver').stdout
    assert (tree/'.git'/'hooks'/'post-merge').exists()
    git('add', '-A')
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'all', '--no-verify')
    page = tree/'nbs'/'index.ipynb'
    page.write_text(page.read_text().replace('"cells"', '"cells" ', 1))
    result = git('diff')
    assert result.returncode == 0 and '"cells" ' in result.stdout, said(result)
