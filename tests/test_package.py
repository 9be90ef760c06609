"The package: quick to import, complete when installed, and set up by make alone"
import importlib, os, subprocess, sys, zipfile

import pytest
from conftest import environment, flat, project, root, run, said, wings

modules = sorted('gha_nb.' + '.'.join(o.relative_to(root/'gha_nb').with_suffix('').parts) for o in (root/'gha_nb').rglob('[!_]*.py'))

watch = '''
import sys
sys.dont_write_bytecode = True
import os
touched = []
def hook(event, args):
    if event.startswith('socket.') and event != 'socket.__new__': touched.append((event, str(args)))
    if event == 'open' and (set(str(args[1])) & set('wax+') or (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)): touched.append((event, str(args)))
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


@pytest.mark.parametrize('wing', ['', *wings], ids=lambda o: o or 'gha_nb')
def test_face(wing):
    "Everything a face names is there, is no module, and cannot be hidden by a module that is called the same"
    name = f'gha_nb.{wing}'.strip('.')
    face = importlib.import_module(name)
    assert face.__doc__ and face.__all__ and set(dir(face)) >= set(face.__all__)
    for o in face.__all__:
        assert not (root/'gha_nb'/wing/f'{o}.py').exists() and not (root/'gha_nb'/wing/o).exists(), f'{name}.{o} is a module, too'
        assert getattr(face, o) is not None
    with pytest.raises(AttributeError, match='no attribute'): getattr(face, 'nothing_like_that')  # noqa: B009


def test_demo_capture_is_small(demo):
    assert sum(o.stat().st_size for o in demo.parent.rglob('*') if o.is_file()) <= 8*2**20


def test_make_refuses_an_old_python(tree, tmp_path):
    "With only an old Python, make says what is needed and makes nothing"
    fake = tmp_path/'bin'
    fake.mkdir()
    for o in ('python3', 'python3.11', 'python3.12', 'python3.13', 'python3.14'):
        (fake/o).write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; esac\necho "Python 3.9.2"\n')
        (fake/o).chmod(0o755)
    result = subprocess.run(['make', 'demo'], cwd=tree, capture_output=True, text=True, env=environment(PATH=f"{fake}{os.pathsep}/usr/bin{os.pathsep}/bin"))
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
