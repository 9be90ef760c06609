"What README.md says can be done, can be done"
import re, shlex, sys

import pytest
from conftest import environment, root, run, said

text = (root/'README.md').read_text()
blocks = re.findall(r'^``` ?(\w+)\n(.*?)^```', text, re.M | re.S)
lines = [o.split('#')[0].strip() for lang, body in blocks if lang == 'sh' for o in body.splitlines()]


@pytest.mark.parametrize('line', [o for o in lines if o.startswith('gha-nb ')])
def test_command_is_understood(line):
    from gha_nb import app  # noqa: F401 - it registers its commands
    from gha_nb.command_line import parse
    assert type(parse(shlex.split(line)[1:])).__name__ == line.split()[1]


@pytest.mark.parametrize('line', [o for o in lines if o.startswith('make ')])
def test_target_exists(line):
    assert run('make', '-n', line.split()[1], cwd=root).returncode == 0


def test_example(tmp_path):
    "The library example, word for word"
    code, = [body for lang, body in blocks if lang == 'python']
    code += "\nassert image.shape == (view.camera.height, view.camera.width, 3), image.shape\n"
    result = run(sys.executable, '-c', code, cwd=tmp_path, env=environment())
    assert result.returncode == 0, said(result)


def test_linked_files_exist():
    for o in re.findall(r'\]\(([^)#:]+)\)', text): assert (root/o).exists(), o
