"What is made from the notebooks is what is committed. All of it on a copy: a check changes nothing."
import filecmp, json, re, sys

from conftest import bin, notebooks, root, run, said


def contents(folder, pattern):
    return {str(o.relative_to(folder)): o.read_text() for o in folder.rglob(pattern) if '__pycache__' not in o.parts}


def default_exp(notebook):
    "The module a notebook exports, or None"
    code = '\n'.join(''.join(c['source']) for c in json.loads(notebook.read_text())['cells'] if c['cell_type'] == 'code')
    m = re.search(r'^#\|\s*default_exp\s+(\S+)', code, re.M)
    return m and m[1]


def test_export(tree):
    result = run(bin/'nbdev-export', cwd=tree)
    assert result.returncode == 0, said(result)
    made, committed = contents(tree/'gha_nb', '*.py'), contents(root/'gha_nb', '*.py')
    assert made.keys() == committed.keys()
    assert [o for o in made if made[o] != committed[o]] == [], 'these modules are not what the notebooks export: run make sync'


def test_stubs(tree):
    "Type stubs are what the modules say, and none is left of a module that is gone or patches nothing any more"
    (tree/'gha_nb'/'gone.pyi').write_text('')
    result = run(sys.executable, 'tools/stubs.py', cwd=tree)
    assert result.returncode == 0, said(result)
    made, committed = contents(tree/'gha_nb', '*.pyi'), contents(root/'gha_nb', '*.pyi')
    assert made.keys() == committed.keys()
    assert [o for o in made if made[o] != committed[o]] == [], 'these stubs are not what the modules say: run make sync'
    for o in ('__init__', 'capture/capture', 'avatar/avatar', 'viewer/__init__'): assert f'{o}.pyi' in made


def test_clean(tree):
    result = run(bin/'nbdev-clean', cwd=tree)
    assert result.returncode == 0, said(result)
    dirty = [str(o.relative_to(root)) for o in notebooks if not filecmp.cmp(o, tree/o.relative_to(root), shallow=False)]
    assert dirty == [], 'these notebooks are not clean: run make sync'


def test_no_stale_module():
    modules = {'.'.join(o.relative_to(root/'gha_nb').with_suffix('').parts)
               for o in (root/'gha_nb').rglob('*.py') if o.name != '__init__.py'}
    exported = [m for o in notebooks if (m := default_exp(o))]
    assert len(exported) == len(set(exported)), 'two notebooks export the same module'
    assert modules - {'_modidx', '__main__'} == set(exported)


def test_readme_and_sidebar(tree):
    result = run(sys.executable, 'tools/docs.py', '--readme', '--sidebar', cwd=tree)
    assert result.returncode == 0, said(result)
    for o in ('README.md', 'nbs/sidebar.yml', 'nbs/map.ipynb'):
        assert (tree/o).read_text() == (root/o).read_text(), f'{o} is not what the notebooks say: run make sync'
    pictures = [{o.name: o.read_bytes() for o in (top/'index_files').glob('*')} for top in (tree, root)]
    assert pictures[0] == pictures[1], "README.md's pictures are not those of the notebook: run make sync"


def test_results(tree):
    "README.md and the performance page are made from these: what git ignores would be missing elsewhere"
    assert contents(tree/'results', '*.json').keys() == contents(root/'results', '*.json').keys()
    for kind in ('runs', 'ablations', 'bench', 'plans'): assert contents(tree/'results'/kind, '*.json'), f'results/{kind} is empty'
