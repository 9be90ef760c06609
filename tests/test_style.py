"Notebooks stay lessons that a person can read, that import in one direction, and that a docs build can run"
import ast, importlib, importlib.util, json, re
from pathlib import Path

import pytest
from conftest import bin, flat, name_of, notebooks, project, root, run, said, wings
from test_sync import default_exp

machine_path = re.compile(r'/(?:work|root|home|tmp|Users)/[\w.]')
lessons = [o for o in notebooks if default_exp(o)]


def cells(notebook, kind=None):
    return [(c, ''.join(c['source'])) for c in json.loads(notebook.read_text())['cells'] if kind in (None, c['cell_type'])]


def exported(source): return re.search(r'^#\|\s*export', source, re.M)


def test_ruff():
    result = run(bin/'ruff', 'check', '.', cwd=root)
    assert result.returncode == 0, said(result)


def test_no_undefined_name():
    "Ruff's F821, which takes the one-word shapes of jaxtyping for names: those follow a quotation mark"
    result = run(bin/'ruff', 'check', '.', '--isolated', '--extend-exclude', 'nbs', '--select', 'F821', '--output-format', 'json', cwd=root)
    found = [(o['filename'], o['location']['row'], o['location']['column'], o['message']) for o in json.loads(result.stdout)]
    lines = {name: Path(name).read_text().splitlines() for name, *_ in found}
    assert [o for o in found if lines[o[0]][o[1] - 1][:o[2] - 1][-1:] not in ('"', "'")] == []


@pytest.mark.parametrize('notebook', notebooks, ids=name_of)
def test_any_notebook(notebook):
    first = cells(notebook)[0]
    assert first[0]['cell_type'] == 'markdown' and re.match(r'# .+\n\n> .+', first[1]), 'the first cell is a title and a one-line subtitle'
    assert notebook.stat().st_size <= 300*1024
    outputs = json.dumps([c.get('outputs', []) for c, _ in cells(notebook, 'code')])
    assert not machine_path.search(outputs), f'an output names a path of one machine: {machine_path.search(outputs)}'
    assert 'captures/statue' not in notebook.read_text(), 'the private capture is not to be named, let alone shown'


@pytest.mark.parametrize('notebook', notebooks, ids=name_of)
def test_lines_fit(notebook):
    "Code that a reader need not scroll sideways; ruff says the same of what is exported"
    limit = project['tool']['ruff']['line-length']
    assert [line for _, source in cells(notebook, 'code') for line in source.splitlines() if len(line) > limit] == []


@pytest.mark.parametrize('notebook', lessons, ids=name_of)
def test_lesson(notebook):
    code = cells(notebook, 'code')
    python = [re.sub(r"r'''.*?'''", '', s, flags=re.S) for _, s in code if exported(s)]  # C sources are explained where they stand
    assert sum(len(s.splitlines()) for s in python) <= 280, 'split it: this is two lessons'
    assert any(re.search(r'\b(test_\w+|assert |expect_fail)', s) for _, s in code if not exported(s)), 'a lesson tests what it claims'
    assert any('image/png' in o.get('data', {}) for c, _ in code for o in c.get('outputs', [])), 'a lesson shows something'


@pytest.mark.parametrize('notebook', lessons, ids=name_of)
def test_imports_stand_alone(notebook):
    "A docs build runs cells with an import, and only those and exported ones: such a cell cannot use what a lesson has made"
    mixed = []
    for _, source in cells(notebook, 'code'):
        if exported(source) or re.search(r'^#\|\s*eval:\s*false', source, re.M): continue
        try: body = ast.parse(''.join('\n' if o.startswith(('%', '!', '#|')) else o for o in source.splitlines(True))).body
        except SyntaxError: continue
        imports = ast.Import | ast.ImportFrom
        alone = all(isinstance(o, imports | ast.FunctionDef) or isinstance(o, ast.Try) and all(isinstance(p, imports) for p in o.body)
                    for o in body)
        if any(isinstance(o, imports) for top in body for o in ast.walk(top)) and not alone: mixed.append(source)
    assert mixed == [], 'imports get cells of their own'


def imported(source, module):
    "Modules of ours that a source imports, at its top or inside its functions: 'studio.hair'; 'studio' for a wing's public names"
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import): names = [o.name for o in node.names if o.name.split('.')[0] == 'gha_nb']
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level: base = '.'.join(['gha_nb', *module.split('.')[:-node.level], *filter(None, [base])])
            if base.split('.')[0] != 'gha_nb': continue
            names = [base if module_path(base) else f'{base}.{o.name}' for o in node.names]
        else: continue
        found |= {o.removeprefix('gha_nb').strip('.') for o in names}
    return found - {''}


def module_path(name):
    "The file of a module or package of ours, or None"
    path = root.joinpath(*name.split('.'))
    return next((o for o in (path.with_suffix('.py'), path/'__init__.py') if o.is_file() and path != root/'gha_nb'), None)


def level(module):
    "Where a module stands in the order of imports: the flat modules are 0, then the wings in their order, then the command line"
    wing = module.split('.')[0]
    return len(wings) + 1 if module == 'app' else 0 if module in flat else 1 + wings.index(wing)


modules = {default_exp(o): o for o in lessons}


@pytest.mark.parametrize('module', modules)
def test_imports_point_down(module):
    "A wing imports from itself and from the wings before it; inside a wing, and among the flat modules, from lower numbers"
    for other in imported((root/'gha_nb'/(module.replace('.', '/') + '.py')).read_text(), module):
        if other in ('__version__', 'lazy'): continue
        assert level(other) <= level(module), f'{module} imports {other}, whose wing comes later'
        if level(other) == level(module):
            assert other in modules, f"{module} imports from its own wing's __init__.py: name the module"
            assert modules[other].name[:2] < modules[module].name[:2], f'{module} imports {other}, whose number is not lower'


def test_imported_names_are_there():
    "Also those that are imported inside functions, where no import of the module would notice"
    gone = []
    for file in [*(root/'gha_nb').rglob('*.py'), *(root/'tests').glob('*.py'), *(root/'tools').glob('*.py')]:
        package = '.'.join(file.relative_to(root).with_suffix('').parts[:-1])
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.ImportFrom): continue
            name = importlib.util.resolve_name('.'*node.level + (node.module or ''), package) if node.level else node.module
            if name.split('.')[0] != 'gha_nb': continue
            module = importlib.import_module(name)
            gone += [f'{file.relative_to(root)}:{node.lineno}: {name}.{o.name}' for o in node.names
                     if not hasattr(module, o.name) and importlib.util.find_spec(f'{name}.{o.name}') is None]
    assert gone == []


def test_import_rule_sees():
    "The rule reads dotted, relative, nested and plain imports"
    source = """
from ..core import GhaError
from .hair import Ribbons
def f():
    import gha_nb.viewer.page as page
    from gha_nb.training import train
    from gha_nb import app
"""
    assert imported(source, 'studio.facial_hair') == {'core', 'studio.hair', 'viewer.page', 'training', 'app'}
    assert level('core') < level('capture.capture') < level('viewer') < level('app')


def test_numbers_and_titles():
    "Two notebooks of a folder share no number, and no two notebooks a title"
    places = [(o.parent, o.name[:2]) for o in notebooks if o.name[:2].isdigit()]
    assert len(places) == len(set(places))
    titles = [re.match(r'# (.+)', cells(o)[0][1])[1] for o in notebooks]
    assert [o for o in titles if titles.count(o) > 1] == []
    assert [o for o in titles if o[0].islower() and o != 'gha_nb'] == []


@pytest.mark.parametrize('notebook', [o for o in notebooks if o.parent.name == 'tutorials'], ids=name_of)
def test_tutorial(notebook):
    code = cells(notebook, 'code')
    assert re.search(r'^start\(', code[0][1], re.M), 'the first cell says what is missing'
    assert sum('image/png' in o.get('data', {}) for c, _ in code for o in c.get('outputs', [])) >= 2, 'a tutorial explains by pictures'
    playing = [c for c, s in code if re.search(r'^(Play|AvatarPanel|comparison)\(', s, re.M)]
    assert any('image/png' in o.get('data', {}) for c in playing for o in c.get('outputs', [])), 'there is something to play with: show it'
    assert any('assert ' in s for _, s in code), 'what is claimed is tested'
    assert max(len(s.splitlines()) for _, s in code) <= 30, 'code that a reader can hold in the head'


def test_expected_failures_are_run():
    "`expect_fail` is a context manager: called as a function, it checks nothing"
    idle = [f'{o.name}: {line}' for o in notebooks for cell in json.loads(o.read_text())['cells'] if cell['cell_type'] == 'code'
            for line in ''.join(cell['source']).splitlines() if re.match(r'\s*expect_fail\(', line)]
    assert not idle, idle
