"What a terminal, a scheduler and a person say to a training: it ends between two steps with checkpoint and avatar, or goes on"
import json, os, pty, select, signal, time

import pytest
from conftest import environment
from forks import Forks

pytestmark = pytest.mark.skipif(not hasattr(signal, 'SIGHUP'), reason='no such signals on this system')
steps = 40  # enough to be asked in the middle of them


@pytest.fixture(scope='module')
def forks(tmp_path_factory):
    forks = Forks(environment(GHA_NB_THREADS='1', OMP_NUM_THREADS='1'), tmp_path_factory.mktemp('forks'))
    yield forks
    forks.close()


def start(forks, capture, out, *more, **kw):
    return forks.start('train', capture, '--out', out, '--preset', 'tiny', '--steps', steps, '--init', 'cloud', *more, **kw)


def steps_of(out): return sorted(int(o.name[5:]) for o in (out/'checkpoints').glob('step_*'))


def test_checkpoint_then_terminate_then_the_same_bits(forks, ball, tmp_path):
    "SIGUSR1 saves and goes on; SIGTERM ends with 143; the resumed run has the bits of one that was left alone"
    out = tmp_path/'run'
    process = start(forks, ball, out)
    assert process.until(lambda: (out/'previews'/'first_splat.png').exists())
    process.send(signal.SIGUSR1)
    assert process.until(lambda: steps_of(out)), process.said
    process.send(signal.SIGTERM)
    assert process.wait() == 143, process.said
    first, last = steps_of(out)[0], steps_of(out)[-1]
    assert f'a checkpoint of step {first}' in process.said and f'SIGTERM at step {last}: saving' in process.said, process.said
    assert '--resume goes on' in process.said and not (out/'.in_use').exists()
    about = json.loads((out/'run.json').read_text())
    assert about['stopped'] == 'SIGTERM' and about['steps'] == last < steps and (out/'avatar.safetensors').exists()
    again, whole = start(forks, ball, out, '--resume'), start(forks, ball, tmp_path/'whole')
    assert (again.wait(), whole.wait()) == (0, 0) and f'resumed at step {last}' in again.said, again.said
    assert (out/'avatar.safetensors').read_bytes() == (tmp_path/'whole'/'avatar.safetensors').read_bytes()


def test_terminal_is_closed(forks, ball, tmp_path):
    "Writing to it is an error from then on; the run is saved all the same, and the exit code is 129"
    out = tmp_path/'run'
    terminal, other_end = pty.openpty()
    process = start(forks, ball, out, tty=os.ttyname(other_end), GHA_NB_PROGRESS='1')
    def begun():
        if select.select([terminal], [], [], 0)[0]: os.read(terminal, 4096)
        return (out/'previews'/'first_splat.png').exists()
    assert process.until(begun)
    for fd in (terminal, other_end): os.close(fd)
    assert process.wait() == 129
    assert json.loads((out/'run.json').read_text())['stopped'] == 'SIGHUP' and (out/'avatar.safetensors').exists()


def test_interrupt_between_steps(forks, ball, tmp_path):
    "Ctrl-C saves, too, with the exit code it always had"
    out = tmp_path/'run'
    process = start(forks, ball, out)
    assert process.until(lambda: (out/'previews'/'first_splat.png').exists())
    time.sleep(.05)
    process.send(signal.SIGINT)
    assert process.wait() == 130 and 'interrupted at step' in process.said, process.said
    assert json.loads((out/'run.json').read_text())['stopped'] == 'interrupted' and not (out/'.in_use').exists()
