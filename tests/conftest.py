"What the tests share: where things are, the environment of a subprocess, and copies that can be written to"
import io, os, shutil, subprocess, sys, tempfile, tomllib, traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

if 'PYTEST_XDIST_WORKER' in os.environ: os.environ.setdefault('OMP_NUM_THREADS', '1')  # tests share the cores; before anything loads torch

import pytest

root = Path(__file__).resolve().parent.parent
bin = Path(sys.executable).parent
chromium = next((o for name in ('chromium', 'chromium-browser', 'google-chrome') if (o := shutil.which(name))), None)
# options of a headless Chromium that draws without a GPU
webgl = ('--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync '
         '--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist').split()
project = tomllib.loads((root/'pyproject.toml').read_text())
wings, flat = project['tool']['gha_nb']['wings'], project['tool']['gha_nb']['flat']
notebooks = sorted(o for o in (root/'nbs').rglob('*.ipynb') if not any(p[0] in '._' for p in o.relative_to(root).parts))


trust = str(Path(tempfile.gettempdir())/f'gha_nb-trust-{getattr(os, "getuid", int)()}')  # the key that signs what tests make

# files whose tests go to one worker: what they share is made once, and one browser runs at a time
together = dict(test_docs='docs', test_typing='typing', test_parts='parts', test_resume='resume', test_faults='faults',
                test_signals='faults', test_tracking='tracking') | dict.fromkeys(
    ('test_design_panel', 'test_soak', 'test_viewer', 'test_web', 'test_widgets'), 'browser')


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    "As `--dist loadgroup`, whose marks pytest-xdist 3.8 does not find under pytest 9.2: by the names of files"
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid): return together.get(Path(nodeid.split('::')[0]).stem, nodeid)
    return Together(config, log)


def name_of(notebook):
    "A notebook's name in the list of tests: 'studio/08_hair'"
    return str(notebook.relative_to(root/'nbs').with_suffix(''))


def environment(**kw):
    """This environment with the smallest sizes, no progress bars, no settings of the developer's own, and no perceptual weights,
    so that no test waits for a download or depends on one; values of None are removed"""
    keep = {k: v for k, v in os.environ.items() if not k.startswith('GHA_NB_')}
    env = dict(keep, GHA_NB_FAST='1', GHA_NB_PROGRESS='0', GHA_NB_WEIGHTS=str(root/'tests'/'no_weights'), GHA_NB_TRUST=trust,
               MPLBACKEND='agg',
               PATH=f"{bin}{os.pathsep}{os.environ['PATH']}") | kw
    if 'PYTEST_XDIST_WORKER' in os.environ: env = dict(GHA_NB_THREADS='1', OMP_NUM_THREADS='1') | env # a test a core
    if 'GHA_NB_CACHE' in os.environ: env.setdefault('GHA_NB_CACHE', os.environ['GHA_NB_CACHE'])
    return {k: v for k, v in env.items() if v is not None}


def run(*args, env=None, timeout=300, **kw):
    "Run a command and capture what it says"
    return subprocess.run([str(o) for o in args], env=env or environment(), capture_output=True, text=True, timeout=timeout, **kw)


def said(result):
    "What a command said, for the message of an assertion"
    return f'exit {result.returncode}\n{result.stdout[-6000:]}\n{result.stderr[-6000:]}'


def copy_tree(to):
    "The working tree with its uncommitted changes, without what git ignores"
    listed = run('git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', cwd=root)
    if listed.returncode == 0: files = {o for o in listed.stdout.split('\0') if o}
    else: files = {str(o.relative_to(root)) for top in ('nbs', 'gha_nb', 'data', 'tools') for o in (root/top).rglob('*') if o.is_file()} | {
        o.name for o in root.iterdir() if o.is_file()}
    for o in files:
        if not (root/o).is_file(): continue  # deleted but not yet committed
        (to/o).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root/o, to/o)
    return to


@pytest.fixture
def tree(tmp_path):
    "A copy of the working tree, so that a check cannot harm uncommitted work"
    return copy_tree(tmp_path/'tree')


@pytest.fixture(scope='session')
def demo():
    "The embedded demo capture"
    from gha_nb.core import demo_capture_path
    return demo_capture_path()


@pytest.fixture(scope='session')
def ball(tmp_path_factory):
    "A small synthetic capture: a ball that grows and blushes, 4 frames x 3 cameras"
    from gha_nb.capture.writer import record_ball
    return record_ball(tmp_path_factory.mktemp('captures')/'ball', frames=4, cameras=3, size=64)


def gha(*args, **env):
    "Call the command line here, which saves loading torch each time, with these environment variables besides the usual ones"
    from gha_nb.app import main
    args, out, err, old, new = [str(o) for o in args], io.StringIO(), io.StringIO(), dict(os.environ), environment(**env)
    os.environ.clear()
    os.environ.update(new)
    try:
        with redirect_stdout(out), redirect_stderr(err): code = main(args)
    except SystemExit as e: code = e.code
    except Exception as e:  # what --debug lets through
        traceback.print_exception(e, file=err)
        code = 1
    finally:
        os.environ.clear()
        os.environ.update(old)
    return subprocess.CompletedProcess(args, code, out.getvalue(), err.getvalue())


def gha_process(*args, **kw):
    "Call the command line in a process of its own"
    return run(sys.executable, '-c', 'import sys; from gha_nb.app import main; sys.exit(main())', *args, **kw)


@pytest.fixture(scope='session')
def trained(ball, tmp_path_factory):
    "A run of a few steps on the ball"
    out = tmp_path_factory.mktemp('runs')/'ball'
    result = gha('train', ball, '--out', out, '--preset', 'tiny', '--steps', '12')
    assert result.returncode == 0, said(result)
    return out
