"A few faults while a training works, each time the same kinds (`python tests/faults.py` does all of them, and a hundred kills)"
import os

import pytest
from faults import Faults


@pytest.fixture(scope='module')
def faults(tmp_path_factory):
    faults = Faults(tmp_path_factory.mktemp('faults'), kinds=('train',))
    yield faults
    faults.close()


@pytest.mark.skipif(not os.environ.get('GHA_NB_LONG'), reason='test_resume kills, too: GHA_NB_LONG=1')
def test_killed(faults): assert faults.kill('train', most=1) <= 1


def test_full_disk(faults): assert faults.full_disk('train', 12_000) == 'one line'


def test_unwritable(faults): assert faults.unwritable('train') == 'one line'
