"Training killed at any moment and resumed ends with the same bits as if it had not been"
import os, random, re, signal, subprocess, sys, time

import pytest
from conftest import environment

train = '''
import sys
from gha_nb.capture.capture import Capture
from gha_nb.training.training import train
train(Capture.read(sys.argv[1]), sys.argv[2], preset='tiny', steps=int(sys.argv[3]), resume='resume' in sys.argv)
'''
steps = 150


def start(capture, out, *more):
    return subprocess.Popen([sys.executable, '-c', train, str(capture), str(out), str(steps), *more], env=environment(), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    process.stdout_text, process.stderr_text = process.communicate(timeout=300)
    assert process.returncode == 0, f'exit {process.returncode}\n{process.stdout_text}\n{process.stderr_text}'
    return process.stdout_text + process.stderr_text


def kill_after(process, out, delay):
    "SIGKILL, some time after the first checkpoint is complete; whether it was still running"
    deadline = time.monotonic() + 120
    while not list(out.glob('checkpoints/step_*')) and process.poll() is None and time.monotonic() < deadline: time.sleep(.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.fixture(scope='module')
def uninterrupted(demo, tmp_path_factory):
    "The bytes of a run that was left alone, and how long it took after its first checkpoint"
    out = tmp_path_factory.mktemp('whole')/'run'
    process = start(demo, out)
    while not list(out.glob('checkpoints/step_*')) and process.poll() is None: time.sleep(.01)
    began = time.monotonic()
    finish(process)
    return (out/'avatar.safetensors').read_bytes(), time.monotonic() - began


@pytest.mark.parametrize('kills', [1, 2, 3] if 'GHA_NB_LONG' in os.environ else [2])
def test_killed_and_resumed(kills, demo, uninterrupted, tmp_path):
    whole, seconds = uninterrupted
    chance = random.Random()
    out, delays = tmp_path/'run', []
    process = start(demo, out)
    for _ in range(kills):
        delays.append(chance.uniform(0, .8*seconds/kills))
        if not kill_after(process, out, delays[-1]): break  # it was faster this time
        (out/'checkpoints'/f'.step_99999{len(delays)}.abcdef.tmp').mkdir()  # half-written: does not count as a checkpoint
        process = start(demo, out, 'resume')
    else:
        text = finish(process)
        assert re.search(r'resumed at step [1-9]\d*', text), text
    assert delays and (out/'avatar.safetensors').exists()
    assert (out/'avatar.safetensors').read_bytes() == whole, f'other bits after kills {delays} s after a checkpoint'
