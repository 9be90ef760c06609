"""Heads on several processes and machines, with real launchers and a real Ctrl-C: minutes, so only with GHA_NB_LONG=1

The lessons of `fleet` and `training/11_distributed` test the same in one or two processes; `tests/fleet.py` loses a machine."""
import json, os, pty, select, signal, subprocess, sys, time
from collections import Counter
from importlib.util import find_spec

import pytest
from conftest import bin, environment, run, said

long = pytest.mark.skipif(not os.environ.get('GHA_NB_LONG'), reason='takes minutes: set GHA_NB_LONG=1')
needs_ray = pytest.mark.skipif(find_spec('ray') is None, reason='Ray is not installed: pip install "gha_nb[fleet]"')
train = ['-m', 'gha_nb', 'train', 'ball', '--preset', 'tiny', '--steps', '30', '--init', 'cloud', '--out', 'run']
small = ['--set', 'points=300', 'checkpoint_every=5', 'stages.gaussians.color_steps=5', 'stages.gaussians.views=2']
launchers = dict(torchrun=['torchrun', '--nproc-per-node', '2'],
                 accelerate=['accelerate', 'launch', '--multi_gpu', '--num_processes', '2', '--num_machines', '1',
                             '--mixed_precision', 'no', '--dynamo_backend', 'no'])  # here they find no GPU


def test_module_is_the_command():
    "What launchers start"
    result = run(sys.executable, '-m', 'gha_nb', '--version')
    assert result.returncode == 0 and result.stdout.strip(), said(result)


@pytest.fixture
def shop(ball, tmp_path):
    "A folder with a capture in it"
    (tmp_path/'ball').symlink_to(ball)
    return tmp_path


def launch(launcher, *args, cwd):
    if launcher == 'accelerate' and find_spec('accelerate') is None: pytest.skip('accelerate is not installed')
    name, *options = launchers[launcher]
    return run(bin/name, *options, *args, cwd=cwd, env=environment(CUDA_VISIBLE_DEVICES=''))


@long
@pytest.mark.parametrize('launcher', launchers)
def test_launched(launcher, shop):
    result = launch(launcher, *train, *small, cwd=shop)
    assert result.returncode == 0, said(result)
    assert json.loads((shop/'run'/'run.json').read_text())['steps'] == 30
    assert result.stdout.count('avatar.safetensors') == 1, said(result)  # one process writes, and says so


@long
@pytest.mark.parametrize('launcher', launchers)
def test_views_that_cannot_be_divided(launcher, shop):
    "One sentence by one of the processes, which shows that there are two"
    result = launch(launcher, *train, cwd=shop)
    lines = [o for o in result.stderr.splitlines() if 'gha-nb:' in o and 'cannot share' in o]
    assert result.returncode and len(lines) == 1 and 'stages.gaussians.views=2' in lines[0], said(result)
    assert not list((shop/'run').glob('*')), said(result)


def until(fd, there, seconds):
    "Read what a terminal shows until something is there"
    end = time.monotonic() + seconds
    while not there() and time.monotonic() < end:
        if select.select([fd], [], [], .2)[0]:
            try: os.read(fd, 65536)
            except OSError: time.sleep(.1)  # the other end is closed: the program is about to end


@long
@needs_ray
@pytest.mark.parametrize('how', ['SIGINT', 'SIGTERM'])
def test_interrupted_in_a_terminal(how, ball, tmp_path):
    "Ctrl-C, or Slurm's signal, while heads are trained by Ray: checkpoints are kept, --resume goes on, nothing is done twice"
    plan = dict(captures=[str(ball)], seeds=[0, 1, 2], preset='tiny', init='cloud', steps=400, lpips=False, do=['train', 'evaluate'],
                set=['points=300', 'checkpoint_every=10'])
    (tmp_path/'plan.json').write_text(json.dumps(plan))
    command = [sys.executable, '-m', 'gha_nb', 'fleet', str(tmp_path/'plan.json')]
    parent, child = pty.openpty()
    process = subprocess.Popen(command, env=environment(GHA_NB_PROGRESS=None, COLUMNS='120', LINES='30', TERM='xterm'), stdin=child,
                               stdout=child, stderr=child, start_new_session=True)
    os.close(child)
    out = tmp_path/'plan'
    until(parent, lambda: len(list(out.glob('*/checkpoints/step_*'))) >= 2, 120)
    if how == 'SIGINT': os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    else: process.terminate()
    until(parent, lambda: process.poll() is not None, 90)
    assert process.poll() in ((130,) if how == 'SIGINT' else (143, 15)), process.poll()
    states = Counter(h['state'] for h in json.loads((out/'fleet.json').read_text())['heads'])
    assert states['stopped'] >= 1 and not states['running'], states
    result = run(*command, '--resume')
    assert result.returncode == 0, said(result)
    for k in range(3):
        events = [json.loads(o) for o in (out/f'{ball.name}-{k}'/'events.jsonl').read_text().splitlines()]
        assert Counter(e['what'] for e in events)['train finished'] == 1, events
        starts = [e['step'] for e in events if e['what'] == 'train']
        assert starts == sorted(starts) and (len(starts) == 1 or starts[1] > 0), events  # it goes on from where it was
