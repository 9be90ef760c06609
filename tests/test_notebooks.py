"Every notebook runs from top to bottom, each in a process of its own"
import pytest
from conftest import bin, environment, name_of, notebooks, root, run, said


@pytest.mark.parametrize('notebook', notebooks, ids=name_of)
def test_notebook(notebook, tmp_path):
    result = run(bin/'nbdev-test', notebook, '--n-workers', '0', env=environment(TMPDIR=str(tmp_path)), timeout=600, cwd=root)
    assert result.returncode == 0 and 'Success' in result.stdout, said(result)
