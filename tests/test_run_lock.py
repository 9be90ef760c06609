"Two trainings never work in one folder, whatever is asked for and whenever they start"
import json, os, shutil, subprocess, sys, threading, time
from dataclasses import asdict, replace

import numpy as np
import pytest
from conftest import gha, said

from gha_nb.capture.capture import Capture
from gha_nb.capture.layout import camera_file
from gha_nb.core import GhaError
from gha_nb.processes import LOCK_NAME, Owner, lock_folder, place_lock, read_owner


@pytest.fixture
def busy(tmp_path):
    "A run folder in which another, living process works"
    run = tmp_path/'run'
    run.mkdir()
    (run/'avatar.safetensors').write_bytes(b'of the other one')
    process = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
    owner = replace(Owner.of_this_process('a training'), pid=process.pid, born='')
    assert place_lock(run/LOCK_NAME, owner)
    yield run, process
    process.kill()
    process.wait()


@pytest.mark.parametrize('how', [(), ('--overwrite',), ('--resume',)])
def test_second_training_is_refused(how, busy, ball):
    run, process = busy
    result = gha('train', ball, '--out', run, '--preset', 'tiny', '--steps', '2', *how)
    assert result.returncode == 1 and f'in use by a training of process {process.pid}' in result.stderr, said(result)
    assert f'kill {process.pid}' in result.stderr and result.stderr.count('\n') == 1
    assert (run/'avatar.safetensors').read_bytes() == b'of the other one' and sorted(o.name for o in run.iterdir()) == [
        LOCK_NAME, 'avatar.safetensors']


def test_capture_that_changed(ball, tmp_path):
    "Another calibration, other pictures: refused with what to type, or done when told so; another machine is only said"
    top, run = shutil.copytree(ball, tmp_path/'ball'), tmp_path/'run'
    train = lambda *how: gha('train', top, '--out', run, '--preset', 'tiny', '--steps', '2', '--init', 'cloud', *how)
    assert train().returncode == 0
    file = top/camera_file(*Capture.read(top).views('train')[0])
    with np.load(file) as o: values = dict(o)
    np.savez(file, **values)  # saved again, with other bytes: the same numbers
    assert train('--resume').returncode == 0
    np.savez(file, **values | {k: v*np.float32([[1.001], [1.001], [1]]) for k, v in values.items() if v.shape[-2:] == (3, 3)})
    result = train('--resume')
    assert result.returncode == 1 and 'ball has changed' in result.stderr, said(result)
    assert '(cameras); use --accept-changes' in result.stderr, said(result)
    result = train('--resume', '--accept-changes')
    assert result.returncode == 0 and 'going on with it as it is now' in result.stdout, said(result)
    newest = sorted((run/'checkpoints').iterdir())[-1]/'state.json'
    newest.write_text(json.dumps(json.loads(newest.read_text()) | dict(processor='another one')))
    np.savez(file, **values)
    result = train('--resume')
    assert result.returncode == 0 and 'was made with processor another one' in result.stdout, said(result)


def test_lock_of_the_dead_is_taken_over(busy, ball):
    "And it is gone when the training is over, also when it ends with an error"
    run, process = busy
    process.kill()
    process.wait()
    result = gha('train', ball, '--out', run, '--preset', 'tiny', '--steps', '2', '--overwrite')
    assert result.returncode == 0 and not (run/LOCK_NAME).exists(), said(result)
    result = gha('train', ball, '--out', run, '--preset', 'tiny', '--steps', '2', '--resume', '--seed', '9')
    assert result.returncode == 1 and 'has seed 0' in result.stderr and not (run/LOCK_NAME).exists(), said(result)


def test_file_system_without_hard_links(tmp_path, monkeypatch):
    def refuse(*args, **kw): raise PermissionError(1, 'Operation not permitted')
    monkeypatch.setattr(os, 'link', refuse)
    with lock_folder(tmp_path) as mine:
        assert read_owner(tmp_path/LOCK_NAME) == mine
        with pytest.raises(GhaError, match='in use'), lock_folder(tmp_path): pass
    assert list(tmp_path.iterdir()) == []


def test_sign_of_life_goes_on(tmp_path):
    "The lock is touched while it is held, and neither removed nor touched when it has become another's"
    with lock_folder(tmp_path, beat=.02) as mine:
        os.utime(tmp_path/LOCK_NAME, (0, 0))
        end = time.monotonic() + 10
        while (tmp_path/LOCK_NAME).stat().st_mtime < 1e9 and time.monotonic() < end: time.sleep(.01)
        assert (tmp_path/LOCK_NAME).stat().st_mtime > 1e9
        (tmp_path/LOCK_NAME).write_text(json.dumps(asdict(replace(mine, key='another'))))
        os.utime(tmp_path/LOCK_NAME, (0, 0))
        time.sleep(.1)
        assert (tmp_path/LOCK_NAME).stat().st_mtime < 1e9
    assert read_owner(tmp_path/LOCK_NAME).key == 'another'


def test_run_folder_that_vanishes(tmp_path):
    "Who deletes a folder in which somebody works gets no second error from the lock"
    with lock_folder(tmp_path/'run'): shutil.rmtree(tmp_path/'run')
    assert not (tmp_path/'run').exists()


def test_threads_of_one_process(tmp_path):
    got, refused, start = [], [], threading.Barrier(8)
    def work():
        start.wait()
        try:
            with lock_folder(tmp_path/'run'):
                got.append(1)
                while len(refused) < 7: time.sleep(.001)
        except GhaError as e: refused.append(str(e))
    threads = [threading.Thread(target=work) for _ in range(8)]
    for o in threads: o.start()
    for o in threads: o.join(20)
    assert len(got) == 1 and len(refused) == 7 and all('this process' in o for o in refused)
