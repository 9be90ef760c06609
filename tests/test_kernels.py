"The C kernels stay within bounds on scenes made to break them, and use their memory again"
import shutil, subprocess, sys
from pathlib import Path

import pytest
from conftest import environment, root, run, said


def runtime(name):
    "A sanitizer's library of the system's gcc, or None"
    if sys.platform != 'linux' or not shutil.which('gcc'): return None
    found = subprocess.run(['gcc', f'-print-file-name={name}'], capture_output=True, text=True).stdout.strip()
    return found if Path(found).is_absolute() else None


def test_kernels_stay_within_bounds(tmp_path):
    "With gcc's sanitizers where the system has them; else ziglang's, which know undefined behaviour but not addresses"
    asan, ubsan = runtime('libasan.so'), runtime('libubsan.so')
    if asan and ubsan:
        how = ['gcc', '-fsanitize=address,undefined,float-cast-overflow', '-fno-sanitize-recover=all']
        env = dict(LD_PRELOAD=f'{asan} {ubsan}', ASAN_OPTIONS='detect_leaks=0')
    else:
        pytest.importorskip('ziglang', reason='neither gcc with sanitizers nor ziglang')
        how, env = [f'{sys.executable} -m ziglang cc', '-fsanitize=undefined', '-fsanitize-trap=undefined'], {}
    result = run(sys.executable, root/'tests'/'adversarial_scenes.py', *how,
                 env=environment(GHA_NB_CACHE=str(tmp_path), GHA_NB_THREADS='1', **env), cwd=root, timeout=900)
    assert result.returncode == 0 and 'pictures' in result.stdout, said(result)


@pytest.fixture
def native(monkeypatch):
    "The module as in a fresh process; it finds no compiler but those that a test lets it find"
    from gha_nb import native
    def forget():
        for o in (native.find_compiler, native.compiler_version, native.temporary_folder, native.compile_kernel, native.warn_fallback):
            o.cache_clear()
    forget()
    monkeypatch.delenv('CC', raising=False)
    monkeypatch.delenv('GHA_NB_NATIVE', raising=False)
    yield native
    forget()


twice = 'int twice(int x) { return 2*x; }'
system_compilers = [o for o in ('cc', 'gcc', 'clang') if shutil.which(o)]


def hide_wheel(native, monkeypatch): monkeypatch.setattr(native, 'ziglang_version', lambda: None)


def test_wheel_comes_first(native, monkeypatch):
    pytest.importorskip('ziglang')
    monkeypatch.setenv('CC', 'gcc')
    assert native.find_compiler() == (sys.executable, '-m', 'ziglang', 'cc')
    assert native.compiler_runs(native.find_compiler(), 'a.c', 'a.so', native.FLAGS)[0][4:] == [*native.FLAGS, '-o', 'a.so', 'a.c', '-lm']


@pytest.mark.skipif(not system_compilers, reason='no system compiler')
@pytest.mark.parametrize('CC',
                         ['', system_compilers and system_compilers[0], f'{system_compilers and system_compilers[0]} -DUNUSED=1',
                          'no-such-compiler', 'cl', '/opt/msvc/CL.EXE'])
def test_system_compiler_where_the_wheel_is_missing(CC, native, monkeypatch, tmp_path):
    monkeypatch.setenv('GHA_NB_CACHE', str(tmp_path))
    wheel = native.kernel_key(twice) if native.ziglang_version() is not None else None
    native.find_compiler.cache_clear(), native.compiler_version.cache_clear()
    hide_wheel(native, monkeypatch)
    monkeypatch.setenv('CC', CC)
    command = native.find_compiler()
    assert Path(command[0]).is_absolute() and list(command[1:]) == CC.split()[1:]
    assert native.compile_kernel(twice, 'twice').twice(21) == 42
    assert native.kernel_key(twice) != wheel
    assert [o.name for o in (tmp_path/'kernels').glob('*.so')] == [f'twice-{native.kernel_key(twice)}.so']
    with pytest.raises(native.NativeError, match='undeclared'): native.compile_kernel('int f(void) { return x; }', 'broken')


@pytest.mark.skipif(not system_compilers, reason='no system compiler')
def test_system_compiler_leaves_denormals_alone(native, monkeypatch, tmp_path):
    "gcc, when it links with -ffast-math, adds a start-up routine that flushes denormals in the whole process"
    script = tmp_path/'load.py'
    script.write_text('import numpy as np\nfrom gha_nb import native\nnative.ziglang_version = lambda: None\n'
                      f'assert native.compile_kernel({twice!r}, "twice").twice(4) == 8\nassert np.float32(1e-40)*np.float32(.5) != 0\n')
    result = run(sys.executable, script, env=environment(GHA_NB_CACHE=str(tmp_path)), cwd=root)
    assert result.returncode == 0, said(result)


def test_no_compiler_names_both_ways(native, monkeypatch, tmp_path):
    hide_wheel(native, monkeypatch)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert not native.have_compiler() and native.compiler_version() == ''
    with pytest.raises(native.NativeError, match='pip install ziglang.*gcc or clang.*CC.*MSVC is not supported'):
        native.compile_kernel(twice)
    with pytest.warns(UserWarning, match='splat: .*torch fallback.*pip install ziglang.*gcc or clang'): native.warn_fallback('splat')


def test_switched_off_says_so(native, monkeypatch):
    monkeypatch.setenv('GHA_NB_NATIVE', '0')
    assert not native.have_compiler()
    with pytest.raises(native.NativeError, match='unset GHA_NB_NATIVE=0'): native.compile_kernel(twice)
    with pytest.warns(UserWarning, match='switched off by GHA_NB_NATIVE=0'): native.warn_fallback('splat')


@pytest.mark.parametrize('way', ['a file in its place', 'read only'])
def test_unwritable_cache(way, native, monkeypatch, tmp_path, recwarn):
    "Kernels are compiled into a private folder, which is said once"
    if not native.have_compiler(): pytest.skip('no compiler')
    monkeypatch.setenv('GHA_NB_CACHE', str(tmp_path/'cache'))
    if way == 'a file in its place': (tmp_path/'cache').write_text('')
    else: monkeypatch.setattr(native.os, 'access', lambda *args: False)  # tests may run as root, who may write everywhere
    first, second = native.compile_kernel(twice, 'twice'), native.compile_kernel(twice + ' ', 'twice')
    assert first.twice(3) == second.twice(3) == 6
    folder = Path(first._name).parent
    assert folder == Path(second._name).parent and tmp_path not in folder.parents and folder.stat().st_mode & 0o777 == 0o700
    assert [str(o.message).split(',')[0] for o in recwarn
            if 'cannot be written' in str(o.message)] == [f'{tmp_path}/cache/kernels cannot be written']


page_faults = """
import math, resource, sys, torch
from gha_nb.geometry import Camera, look_at, perspective
from gha_nb.raster import splat
from gha_nb.raster.gaussians import Gaussians

if sys.argv[1] == 'fresh': splat.workspace().empty = torch.empty # what the kernels did before they had a workspace
torch.manual_seed(0); torch.set_num_threads(2)
n, size, channels = 5000, 768, 32
tensors = [torch.randn(n, 3)*.4, torch.randn(n, 4), torch.rand(n, 3)*.03 + .005, torch.rand(n), torch.rand(n, channels)]
inputs, down = [v.requires_grad_() for v in tensors], (torch.randn(size, size, channels), torch.randn(size, size))
def faults(f):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    f()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
def view(k): # cameras on a circle: another number of tile intersections for each
    return Camera(perspective(size, size, 40.), look_at([3*math.sin(k), .3, 3*math.cos(k)], [0., 0., 0.]), size, size)
def train(k): torch.autograd.grad(splat.rasterize(Gaussians(*inputs), view(k)), inputs, down)
def show(k):
    with torch.no_grad(): splat.rasterize(Gaussians(*inputs), view(k))
for f in (train, show):
    counts = [faults(lambda: f(k)) for k in range(9)]
    print(*counts[3:])
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='page faults are counted where freed memory is known to go back to the system')
def test_memory_is_used_again():
    "A caller that prepares nothing takes next to no fresh pages for a forward and backward pass, or for a picture, after the first few"
    def counts(how):
        result = run(sys.executable, '-c', page_faults, how, env=environment(GHA_NB_PROGRESS='0'), cwd=root)
        assert result.returncode == 0, said(result)
        return [[int(o) for o in line.split()] for line in result.stdout.splitlines()]
    train, show = counts('kept')
    assert max(train) < 200 and max(show) < 200, (train, show)
    huge = Path('/sys/kernel/mm/transparent_hugepage/enabled')
    if huge.exists() and '[always]' in huge.read_text(): return # with pages of 2 MB, the number of faults says little
    train, show = counts('fresh')
    if not any(train + show): pytest.skip('this system counts no page faults')
    assert min(train) > 10_000 and min(show) > 10_000, f'the measure has gone blind: {train}, {show}'
