"Make README.md, the sidebar and the website from the notebooks, without Quarto (which no package registry carries)."
import argparse, base64, html, json, os, re, shutil, subprocess, sys, tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from fastcore.nbio import read_nb
from latex2mathml.converter import convert
from nbdev.processors import FilterDefaults
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs

root = Path(__file__).resolve().parent.parent
wings = tomllib.loads((root/'pyproject.toml').read_text())['tool']['gha_nb']['wings']


def front_matter(cells):
    "The page options that nbdev puts into a leading raw cell, and the other cells"
    if cells and cells[0]['cell_type'] == 'raw':
        return yaml.safe_load(''.join(cells[0]['source']).strip().strip('-')), cells[1:]
    return {}, cells


def fence(text, lang=''):
    return f'``` {lang}'.rstrip() + f'\n{text.rstrip()}\n```'


def output_markdown(output, picture):
    "An output as Markdown; `picture` stores PNG bytes and returns their path"
    data = output.get('data', {})
    if output['output_type'] == 'error': return ''
    if 'image/png' in data: return f"![]({picture(base64.b64decode(''.join(data['image/png'])))})"
    if 'text/markdown' in data: return ''.join(data['text/markdown'])
    text = ''.join(data.get('text/plain', output.get('text', '')))
    return '\n'.join('    ' + o for o in text.rstrip().splitlines())


def readme():
    "README.md's text, and its pictures by path"
    nb = read_nb(root/'nbs'/'index.ipynb')
    FilterDefaults().nb_proc(nb).process()
    front, cells = front_matter(nb.cells)
    parts, pictures = [f"# {front['title']}"], {}
    if front.get('description'): parts.append(f"> {front['description'].strip()}")
    def picture(png):
        path = f'index_files/picture-{len(pictures)}.png'
        pictures[path] = png
        return path
    for c in cells:
        source = ''.join(c['source']).strip()
        if c['cell_type'] == 'markdown': parts.append(source)
        elif c['cell_type'] == 'code':
            options = [o for o in source.splitlines() if o.startswith('#|')]
            code = '\n'.join(o for o in source.splitlines() if not o.startswith('#|')).strip()
            if code and '#| echo: false' not in options: parts.append(fence(code, 'python'))
            parts += filter(None, [output_markdown(o, picture) for o in c.get('outputs', [])])
    text = '\n\n'.join(parts) + '\n'
    text = re.sub(r'\]\(((?!https?:)[\w/]+\.ipynb)', r'](nbs/\1', text)
    text = re.sub(r'\[(`[^`]*`)\]\(/[^)]*\)', r'\1', text)  # nbdev's links into the website
    return text, pictures


def write_readme():
    text, pictures = readme()
    (root/'README.md').write_text(text)
    shutil.rmtree(root/'index_files', ignore_errors=True)
    for path, png in pictures.items():
        (root/path).parent.mkdir(exist_ok=True)
        (root/path).write_bytes(png)


def sidebar():
    "The text of nbs/sidebar.yml: the notebooks by wing"
    def inside(folder): return sorted(str(o.relative_to(root/'nbs')) for o in (root/'nbs'/folder).glob('[0-9]*.ipynb'))
    flat = inside('.')
    contents = [{'text': 'Overview', 'href': 'index.ipynb'}, {'section': 'Tutorials', 'contents': inside('tutorials')},
                'measurements.ipynb',
                {'section': 'Foundations', 'contents': [o for o in flat if not o.endswith('_app.ipynb')]},
                *({'section': o.capitalize(), 'contents': inside(o)} for o in wings),
                {'section': 'Command line', 'contents': [o for o in flat if o.endswith('_app.ipynb')]}]
    return '# made by `make sync`\n' + yaml.dump({'website': {'sidebar': {'contents': contents}}}, sort_keys=False)


def readable(markdown):
    "The signatures that `show_doc` writes, as a person would: classes as classes, annotations without quotes and without their modules"
    def line(text):
        code, mark, comment = text.partition(' # ')
        code = re.sub(r'(?<=\w:)"([^"]*)"|(?<=->)"([^"]*)"', lambda m: m[1] or m[2], code)
        return re.sub(r'(?<![\w.\'"])(?:[a-z_]\w*\.)+(?=[A-Z])', '', code) + mark + comment
    def signature(m):
        text = '\n'.join(map(line, m[0].split('\n')))
        return re.sub(r'\)->None:', '):', 'class' + text[3:]) if re.match(r'def [A-Z]', text) else text
    return re.sub(r'(?<=^```python\n)def .*?(?=\n```$)', signature, markdown, flags=re.M | re.S)


def tidy_signatures(cache):
    "Make the signatures on all pages readable"
    for page in cache.rglob('*.ipynb'):
        nb = json.loads(page.read_text())
        for data in (o['data'] for c in nb['cells'] for o in c.get('outputs', []) if 'text/markdown' in o.get('data', {})):
            data['text/markdown'] = readable(''.join(data['text/markdown']))
        page.write_text(json.dumps(nb))


def map_page():
    "The text of nbs/map.ipynb: every module with the subtitle of its notebook, by wing"
    def said(path):
        first = ''.join(read_nb(root/'nbs'/path).cells[0].source)
        title, subtitle = re.match(r'# (.+)\n\n> (.+)', first).groups()
        folder, stem = os.path.split(path)
        module = '.'.join(filter(None, [folder, re.sub(r'^\d+_|\.ipynb$', '', stem)]))
        return f'| `{module}` | [{title}]({path}) | {subtitle.strip()} |'
    def inside(folder): return sorted(str(o.relative_to(root/'nbs')) for o in (root/'nbs'/folder).glob('[0-9]*.ipynb'))
    groups = [('Foundations and command line', inside('.')), *((o.capitalize(), inside(o)) for o in wings)]
    head = '| module | notebook | what it is about |\n|---|---|---|\n'
    cells = ['# Where is what\n\n> Every module of the library in one line, in the order of the data.',
             *(f'## {name}\n\n{head}' + '\n'.join(map(said, paths)) for name, paths in groups)]
    made = [dict(cell_type='markdown', id=f'map{i:05d}', metadata={}, source=o.splitlines(True)) for i, o in enumerate(cells)]
    kernel = json.loads((root/'nbs'/'index.ipynb').read_text())['metadata']
    return json.dumps(dict(cells=made, metadata=kernel, nbformat=4, nbformat_minor=5), indent=1, ensure_ascii=False) + '\n'


def move_pages(cache):
    "Give each page the name its output has, since smalldocs takes a page's name from its file, and point what links to it there"
    moved = {}  # path in the cache before and after
    for page in sorted(cache.rglob('*.ipynb')):
        nb = json.loads(page.read_text())
        front, cells = front_matter(nb['cells'])
        out = front.pop('output-file', None)
        if out is None: continue
        front = {k: v.strip() if isinstance(v, str) else v for k, v in front.items()}
        nb['cells'] = [{'cell_type': 'raw', 'metadata': {}, 'source': f'---\n{yaml.dump(front, sort_keys=False)}---\n'}, *cells]
        page.write_text(json.dumps(nb))
        moved[page] = page.with_name(Path(out).with_suffix('.ipynb').name)
        page.rename(moved[page])
    back = {b: a for a, b in moved.items()}
    for text in [*cache.rglob('*.ipynb'), cache/'sidebar.yml']:
        folder = back.get(text, text).parent
        def target(m, folder=folder):
            new = moved.get(Path(os.path.normpath(folder/m[0])))
            return m[0] if new is None else os.path.relpath(new, folder)
        page = re.sub(r'(?<![\w/.])(?:\.\./)*(?:\w+/)?\d\d_\w+\.ipynb\b', target, text.read_text())
        text.write_text(re.sub(r'\[source\]\(/blob/[^)]*\)\{[^}]*\}', '', page))  # where an installed package names no repository


def with_formulas(text):
    """Formulas as MathML, which browsers draw themselves: smalldocs leaves them to a script from the network. Raises ValueError with one
    that is not understood"""
    def drawn(m):
        source = re.sub(r'\\[bB]igg?(?=\\[lr]Vert)', '', html.unescape(m[2]))
        res = convert(source, display='block' if m[1] == 'display' else 'inline')
        if '\\' in res: raise ValueError(source)
        return f'<span class="math {m[1]}">{res}</span>'
    text = re.sub(r'<span class="math (inline|display)">\\[(\[](.*?)\\[)\]]</span>', drawn, text, flags=re.S)
    return re.sub(r'<link[^>]*katex[^>]*>|<script[^>]*katex[^>]*></script>', '', text)


def build(out):
    "Render the website; a warning is an error"
    os.chdir(root)
    refresh_quarto_yml()
    cache = proc_nbs(force=True)
    tidy_signatures(cache)
    move_pages(cache)
    config = cache/'_quarto.yml'
    options = yaml.safe_load(config.read_text())
    options['format'].pop('commonmark', None)
    options['format']['html'].pop('keep-md', None)
    config.write_text(yaml.dump(options, sort_keys=False))
    project = cache/'nbdev.yml'
    options = {k: v for k, v in yaml.safe_load(project.read_text()).items() if k != 'format-links'}
    project.write_text(yaml.dump(options, sort_keys=False))
    smalldocs = Path(sys.executable).with_name('smalldocs')
    if subprocess.run([smalldocs, 'render', '--strict', cache]).returncode: sys.exit('the pages are not right: see the warnings above')
    for page in (cache/'_docs').rglob('*.html'):
        try: page.write_text(with_formulas(page.read_text()))
        except Exception as e: sys.exit(f'{page.name}: a formula cannot be drawn: {e}')
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(cache/'_docs', out)
    shutil.rmtree(cache)


def serve(folder, port):
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', port), handler) as server:
        print(f'http://127.0.0.1:{server.server_port} (Ctrl-C to stop)', flush=True)
        try: server.serve_forever()
        except KeyboardInterrupt: pass


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--readme', action='store_true', help='write README.md and stop')
    p.add_argument('--sidebar', action='store_true', help='write nbs/sidebar.yml and nbs/map.ipynb and stop')
    p.add_argument('--no-serve', action='store_true', help='build _docs and stop')
    p.add_argument('--port', type=int, default=8000, help='where to serve; 0: any free port')
    args = p.parse_args()
    if args.readme: write_readme()
    if args.sidebar:
        (root/'nbs'/'map.ipynb').write_text(map_page())
        (root/'nbs'/'sidebar.yml').write_text(sidebar())
    if args.readme or args.sidebar: return
    build(root/'_docs')
    if not args.no_serve: serve(root/'_docs', args.port)


if __name__ == '__main__': main()
