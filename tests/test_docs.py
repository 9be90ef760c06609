"The website builds from the notebooks without a warning"
import sys

from conftest import notebooks, run, said


def test_docs(tree):
    result = run(sys.executable, 'tools/docs.py', '--no-serve', cwd=tree, timeout=600)
    assert result.returncode == 0 and 'warning' not in result.stderr, said(result)
    pages = {o.stem for o in (tree/'_docs').rglob('*.html')}
    assert {o.stem.lstrip('0123456789_') for o in notebooks} <= pages
    assert 'make demo' in (tree/'_docs'/'index.html').read_text()
