"Every notebook runs from top to bottom, each in a process of its own, several at a time"
import os, time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import bin, environment, notebooks, root, run, said

at_once = min(4, os.cpu_count())
slowest = 120  # seconds; 25 on an idle core is the aim


def run_notebook(notebook, folder):
    "Run a notebook at its smallest sizes on one core; the result and the seconds it took"
    folder.mkdir()
    env = environment(TMPDIR=str(folder), GHA_NB_THREADS='1', OMP_NUM_THREADS='1')
    start = time.monotonic()
    return run(bin/'nbdev-test', notebook, '--n-workers', '0', env=env, timeout=600, cwd=root), time.monotonic() - start


@pytest.fixture(scope='module')
def running(request, tmp_path_factory):
    "The selected notebooks, started in their order"
    chosen = [o.callspec.params['notebook'] for o in request.session.items if getattr(o, 'function', None) is test_notebook]
    top = tmp_path_factory.mktemp('notebooks')
    with ThreadPoolExecutor(at_once) as pool:
        yield {o: pool.submit(run_notebook, o, top/o.stem) for o in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize('notebook', notebooks, ids=lambda o: str(o.relative_to(root/'nbs').with_suffix('')))
def test_notebook(notebook, running):
    result, seconds = running[notebook].result()
    assert result.returncode == 0 and 'Success' in result.stdout, said(result)
    assert seconds < slowest, f'{seconds:.0f} s'
