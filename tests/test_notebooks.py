"Every notebook runs from top to bottom, each in a process of its own"
import json

import pytest
from conftest import environment, name_of, notebooks, root
from warm import WarmProcess


@pytest.fixture(scope='session')
def warm():
    "A process that forks for each notebook"
    process = WarmProcess(environment(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1'))  # no pool of threads: it forks
    yield process
    process.close()


@pytest.mark.parametrize('notebook', notebooks, ids=name_of)
def test_notebook(notebook, warm, tmp_path):
    said = tmp_path/'said.txt'
    code = warm.run(notebook, environment(TMPDIR=str(tmp_path)), root, said)
    assert code == 0 and 'Success' in said.read_text(), f'exit {code}\n{said.read_text()[-12000:]}'


@pytest.mark.parametrize('cell,code,words', [
    ('assert 1 == 2, "never"', 1, 'never'), ('import os; os._exit(7)', 7, ''),
    ('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)', -11, ''),
    ('import sys; assert "gha_nb" not in sys.modules', 0, 'Success')])
def test_failing_notebook_fails(warm, tmp_path, cell, code, words):
    (tmp_path/'pyproject.toml').write_text('[project]\nname = "other"\nversion = "1"\n[tool.nbdev]\nnbs_path = "."\nlib_path = "."\n')
    notebook = tmp_path/'some.ipynb'
    notebook.write_text(json.dumps(dict(nbformat=4, nbformat_minor=5, metadata={}, cells=[
        dict(cell_type='code', id='a', metadata={}, outputs=[], execution_count=None, source=cell)])))
    found = warm.run(notebook, environment(TMPDIR=str(tmp_path)), tmp_path, tmp_path/'said.txt')
    assert found == code and words in (tmp_path/'said.txt').read_text(), (tmp_path/'said.txt').read_text()
