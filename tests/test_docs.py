"The website builds from the notebooks without a warning, and what it links to is there"
import re, sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from conftest import copy_tree, environment, notebooks, root, run, said


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    "The website, built from a copy of the working tree"
    tree = copy_tree(tmp_path_factory.mktemp('docs')/'tree')
    result = run(sys.executable, 'tools/docs.py', '--no-serve', cwd=tree, timeout=600)
    assert result.returncode == 0 and 'warning' not in result.stderr, said(result)
    return tree/'_docs'


class Page(HTMLParser):
    "Links, names that links can point to, and the text that a reader sees"
    def __init__(self, text):
        super().__init__()
        self.links, self.names, self.words, self.inside = [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names |= {attrs[k] for k in ('id', 'name') if attrs.get(k)}
        self.links += [attrs[k] for k in ('href', 'src') if attrs.get(k)]
        if tag in ('script', 'style', 'pre', 'code'): self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self.inside: self.inside.remove(tag)

    def handle_data(self, data):
        if not self.inside: self.words.append(data)


@pytest.fixture(scope='module')
def pages(site): return {o.resolve(): Page(o.read_text()) for o in sorted(site.rglob('*.html'))}


def test_every_notebook_has_a_page(site):
    stems = {str(o.relative_to(site).with_suffix('')) for o in site.rglob('*.html')}
    named = [str((o.parent/o.stem.lstrip('0123456789_')).relative_to(root/'nbs')) for o in notebooks]
    assert set(named) <= stems
    assert len(set(named)) == len(named), f'two notebooks would share a page: {sorted(o for o in named if named.count(o) > 1)}'
    assert 'make demo' in (site/'index.html').read_text()


def test_internal_links(site, pages):
    "Every link inside of the website leads to a page, and to a place on it"
    dead = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link in ('#', ''): continue
            to = ((site.resolve()/unquote(parts.path.lstrip('/'))) if parts.path.startswith('/')
                  else file.parent/unquote(parts.path)).resolve() if parts.path else file
            if to.is_dir(): to /= 'index.html'
            if not to.exists(): dead.append(f'{file.name}: {link}')
            elif parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].names:
                dead.append(f'{file.name}: {link} (no such place on that page)')
    assert not dead, dead


def test_pages_are_clean(pages):
    "No directive, no traceback, no path of somebody's machine where a reader looks"
    found = []
    for file, page in pages.items():
        text = ' '.join(page.words)
        found += [f'{file.name}: a formula that nobody has drawn: {m[0]!r}' for m in re.finditer(r'\\[(\[].{0,60}', text)]
        found += [f'{file.name}: {m[0]!r}'
                  for m in re.finditer(r'#\|\s*\w+|^:{3,}|Traceback \(most recent|\{\{<|/(?:work|root|home|tmp|Users)/\w\S*', text, re.M)]
    assert not found, found


def test_links_between_files():
    "README and the other Markdown files of the repository"
    dead = []
    for file in [*root.glob('*.md'), root/'data'/'README.md', root/'results'/'README.md']:
        text = re.sub(r'^```.*?^```', '', file.read_text(), flags=re.M | re.S)
        for to in re.findall(r'\]\(([^)#:\s]+)(?:#[^)]*)?\)', text):
            if not (file.parent/to).exists(): dead.append(f'{file.name}: {to}')
    assert not dead, dead


def test_signatures_are_readable():
    "Classes are shown as classes, and annotations without quotes and without the modules where they live"
    code = r"""import docs; print(docs.readable('''```python
def Ribbons(
    points:jaxtyping.Float[Tensor, 'n 3'], # as gha_nb.Foo
)->None:
```
```python
def join(
    a:__main__.Ribbons, s:str="x", m:"Float[Tensor, 'n']"
)->"UInt8[np.ndarray, 'h w']":
```'''))"""
    result = run(sys.executable, '-c', code, env=environment(PYTHONPATH=str(root/'tools')))
    assert result.stdout == ('''```python
class Ribbons(
    points:Float[Tensor, 'n 3'], # as gha_nb.Foo
):
```
```python
def join(
    a:Ribbons, s:str="x", m:Float[Tensor, 'n']
)->UInt8[np.ndarray, 'h w']:
```
'''), said(result)
