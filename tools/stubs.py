"""Type stubs (`.pyi`) for what a type checker and an editor cannot see in the source: methods that `@patch` or an assignment puts into
a class at run time, and a wing's public names, which its `__init__.py` loads lazily. Other modules need none. `make sync` runs this."""
import ast, io, re, sys, textwrap, tokenize
from pathlib import Path

known = {'property', 'cached_property', 'staticmethod', 'classmethod', 'dataclass', 'contextmanager', 'abstractmethod', 'overload',
         'setter'}
returned = dict(__init__='None', __len__='int', __repr__='str', __str__='str', __bool__='bool', __contains__='bool', __setattr__='None')
tensors = 'tensor zeros ones full empty eye stack cat arange linspace as_tensor from_numpy'.split()
called = {'np.array': 'np.ndarray'} | {f'torch.{o}': 'torch.Tensor' for o in tensors}
def_like, assign_like = (ast.FunctionDef, ast.AsyncFunctionDef), (ast.Assign, ast.AnnAssign)


def words(node): return {o.id for o in ast.walk(node) if isinstance(o, ast.Name)}


def targets(node):
    "The single assignments (target, value) of a statement; the value is None where a tuple is unpacked"
    for target in (node.targets if isinstance(node, ast.Assign) else [node.target]):
        if not isinstance(target, ast.Tuple): yield target, node.value
        else:
            pairs = isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(target.elts)
            yield from zip(target.elts, node.value.elts if pairs else [None]*len(target.elts))


class Stub:
    "The stub of one module, made from its source"
    def __init__(self, source):
        self.lines, self.tree = source.splitlines(True), ast.parse(source)
        self.colons = [(o.start[0], len(o.line[:o.start[1]].encode())) for o in tokenize.generate_tokens(io.StringIO(source).readline)
                       if o.type == tokenize.OP and o.string == ':']
        self.functions = {o.name: o for o in self.tree.body if isinstance(o, def_like)}
        self.classes = {o.name: o for o in self.tree.body if isinstance(o, ast.ClassDef)}
        self.added = {o: [] for o in self.classes}  # class: (name, decorators, function) of what comes in from outside
        patches = [(o, d) for o in self.functions.values() for d in o.decorator_list if 'patch' in words(d)]
        for function, patch in patches:
            options = {o.arg for o in getattr(patch, 'keywords', ())}
            kind = ['property'] if 'as_prop' in options else ['classmethod'] if 'cls_method' in options else []
            self.added[ast.unparse(function.args.args[0].annotation).strip("'")].append((function.name, kind, function))
        for target, value in (pair for o in self.tree.body if isinstance(o, assign_like) for pair in targets(o)):
            if not (isinstance(target, ast.Attribute) and (place := ast.unparse(target.value)) in self.classes): continue
            kind, value = ([ast.unparse(value.func)], value.args[0]) if isinstance(value, ast.Call) else ([], value)
            self.added[place].append((target.attr, kind, self.functions[value.id]))
        self.patched = {o.name for o, _ in patches}

    def between(self, start, end):
        "The source between two positions, without the first line's indentation"
        (a, i), (b, j) = start, end
        if a == b: return self.lines[a-1].encode()[i:j].decode()
        shift = len(self.lines[a-1]) - len(self.lines[a-1].lstrip())
        rest = [o[shift:] if o[:shift].isspace() else o for o in (*self.lines[a:b-1], self.lines[b-1].encode()[:j].decode())]
        return self.lines[a-1].encode()[i:].decode() + ''.join(rest)

    def text(self, node): return self.between((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))

    def head(self, node):
        "Source of a definition up to its colon, and the comment behind that"
        body = (node.body[0].lineno, node.body[0].col_offset)
        colon = max(o for o in self.colons if o < body)
        comment = self.between((colon[0], colon[1] + 1), body).strip()
        return self.between((node.lineno, node.col_offset), colon), f'  {comment}' if comment.startswith('#') else ''

    def docstring(self, node): return self.text(node.body[0]) if ast.get_docstring(node) is not None else ''

    def function(self, node, name=None, kind=None):
        head, comment = self.head(node)
        if name is None: kind = [ast.unparse(o) for o in node.decorator_list if known & {ast.unparse(o).split('(')[0].split('.')[-1]}]
        else:
            shift = len(name) - len(node.name)  # of the lines that stand below the first parameter
            head = re.sub(rf'^def {node.name}\b', f'def {name}', head)
            head = re.sub(r'\n( +)(?=\S)', lambda m: '\n' + ' '*max(len(m[1]) + shift, 4), head) if shift else head
            if node.name in self.patched:
                head = re.sub(r'\(\s*(\w+)\s*:\s*' + re.escape(ast.unparse(node.args.args[0].annotation)), r'(\1', head, count=1)
        if node.returns is None:
            inner = [o for o in ast.walk(node) if isinstance(o, (*def_like, ast.Lambda)) and o is not node]
            own = set(ast.walk(node)) - {p for o in inner for p in ast.walk(o)}
            gives = any(isinstance(o, ast.Yield | ast.YieldFrom) or isinstance(o, ast.Return) and o.value for o in own)
            head += ' -> ' + returned.get(node.name, 'Any' if gives else 'None')
        doc = self.docstring(node)
        ends = f':{comment}\n' + textwrap.indent(doc, '    ') if doc else f': ...{comment}'
        return ''.join(f'@{o}\n' for o in kind) + head + ends

    def kind(self, value):
        "The type of an expression as far as it can be read off"
        if isinstance(value, ast.JoinedStr): return 'str'
        if isinstance(value, ast.Constant): return 'Any' if value.value is None else type(value.value).__name__
        if isinstance(value, ast.Compare) or isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not): return 'bool'
        if isinstance(value, ast.UnaryOp): return self.kind(value.operand)
        if isinstance(value, ast.List | ast.ListComp): return 'list[Any]'
        if isinstance(value, ast.Set | ast.SetComp): return 'set[Any]'
        if isinstance(value, ast.Dict | ast.DictComp): return 'dict[Any, Any]'
        if isinstance(value, ast.Tuple):
            return f"tuple[{', '.join(map(self.kind, value.elts)) or '()'}]" if len(value.elts) < 5 else 'tuple[Any, ...]'
        if isinstance(value, ast.Call):
            name = ast.unparse(value.func)
            if name == 'dict': return 'dict[str, Any]'
            if name in ('list', 'set', 'frozenset'): return f'{name}[Any]'
            if name == 'tuple': return 'tuple[Any, ...]'
            if name in ('str', 'int', 'float', 'bool', 'len'): return dict(len='int').get(name, name)
            if name in called: return called[name]
            if re.fullmatch(r'(\w+\.)*[A-Z]\w*', name): return name  # a class
            if name in self.functions and self.functions[name].returns: return ast.unparse(self.functions[name].returns)
        return 'Any'

    def attributes(self, node):
        """Attributes that methods assign to `self`: name and type. What is annotated keeps its type, also if something else is assigned
        later"""
        declared, found = {}, {}
        for method in [*(o for o in node.body if isinstance(o, def_like)), *(o for *_, o in self.added[node.name])]:
            if not method.args.args: continue
            self_, types = method.args.args[0].arg, {}
            for o, default in zip(reversed(method.args.args), [*reversed(method.args.defaults), *[None]*len(method.args.args)]):
                types[o.arg] = ast.unparse(o.annotation) if o.annotation else self.kind(default)
            for o in ast.walk(method):
                if isinstance(o, ast.Call) and ast.unparse(o.func) == f'{self_}.register_buffer' and isinstance(o.args[0], ast.Constant):
                    declared.setdefault(o.args[0].value, 'Tensor'), found.setdefault(o.args[0].value, set())
                if not isinstance(o, assign_like): continue
                for target, value in targets(o):
                    if not isinstance(target, ast.Attribute) or ast.unparse(target.value) != self_: continue
                    kinds = found.setdefault(target.attr, set())
                    if isinstance(o, ast.AnnAssign): declared.setdefault(target.attr, ast.unparse(o.annotation))
                    elif isinstance(value, ast.Name) and method.name == '__init__' and types.get(value.id, 'Any') != 'Any':
                        declared.setdefault(target.attr, types[value.id])
                    else: kinds.add(self.kind(value))
        return {k: declared.get(k) or (kinds.copy().pop() if len(kinds) == 1 else 'Any') for k, kinds in found.items()}

    def klass(self, node):
        head, comment = self.head(node)
        parts = [self.docstring(node)] if self.docstring(node) else []
        names = {o.name for o in node.body if isinstance(o, def_like)} | {o for o, *_ in self.added[node.name]}
        for o in node.body:
            if isinstance(o, ast.AnnAssign):
                rest = self.lines[o.end_lineno-1].encode()[o.end_col_offset:].decode().strip()
                parts.append(self.text(o) + (f'  {rest}' if rest.startswith('#') else ''))
                names.add(o.target.id)
            elif isinstance(o, ast.Assign):
                for target, value in targets(o):
                    parts.append(f'{target.id}: {self.kind(value)}')
                    names.add(target.id)
        parts += [f'{k}: {v}' for k, v in self.attributes(node).items() if k not in names]
        parts += [self.function(o) for o in node.body if isinstance(o, def_like)]
        parts += [self.function(function, name, kind) for name, kind, function in self.added[node.name]]
        decorators = ''.join(f'@{ast.unparse(o)}\n' for o in node.decorator_list)
        return f'{decorators}{head}:{comment}\n' + textwrap.indent('\n'.join(parts) or '...', '    ')

    def constant(self, target, value):
        if isinstance(value, ast.Subscript | ast.BinOp) and target.id[0].isupper() and not target.id.isupper():
            return f'{target.id} = {self.text(value)}'  # the name of a type
        return f'{target.id}: {self.kind(value)}'

    def body(self):
        for o in self.tree.body:
            if isinstance(o, def_like) and o.name not in self.patched: yield self.function(o)
            elif isinstance(o, ast.ClassDef): yield self.klass(o)
            elif isinstance(o, ast.AnnAssign): yield f'{ast.unparse(o.target)}: {ast.unparse(o.annotation)}'
            elif isinstance(o, ast.Assign):
                for target, value in targets(o):
                    if not isinstance(target, ast.Name) or target.id in ('_all_', '__getattr__', '__dir__'): continue
                    yield everything(ast.literal_eval(value)) if target.id == '__all__' and value else self.constant(target, value)

    def imports(self, body):
        "The imports that the stub needs; what `_all_` lists is offered again"
        offered = {o.value for s in self.tree.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == '_all_'
                   for o in s.value.elts}
        tree = ast.parse(body)
        docs = {id(o.value) for o in ast.walk(tree) if isinstance(o, ast.Expr)}
        used = words(tree) | {w for o in ast.walk(tree) if isinstance(o, ast.Constant) and isinstance(o.value, str) and id(o) not in docs
                              for w in re.findall(r'[A-Za-z_]\w*', o.value)} | offered
        bound = set()
        for o in (p for s in self.tree.body for p in (s.body if isinstance(s, ast.If) else [s])):
            if not isinstance(o, ast.Import | ast.ImportFrom) or getattr(o, 'module', '') == '__future__': continue
            o.names = [p for p in o.names if (p.asname or p.name.split('.')[0]) in used]
            for p in o.names:
                bound.add(p.asname or p.name)
                if p.name in offered: p.asname = p.asname or p.name
            if o.names: yield ast.unparse(o)
        if 'Any' in used - bound: yield 'from typing import Any'

    def __str__(self):
        body = '\n'.join(self.body())
        return joined(ast.get_docstring(self.tree), self.imports(body), body)


def wrapped(text, indent=4): return '\n'.join(textwrap.wrap(text, 140, subsequent_indent=' '*indent, break_long_words=False))


def everything(names): return wrapped(f'__all__ = {names}', 11)


def joined(doc, imports, body):
    lines = [o if len(o) <= 140 else wrapped(o.replace('import ', 'import (', 1) + ')') for o in imports]
    body = re.sub(r'\n(?=(@.*\n)*(def|class) )', '\n\n', re.sub(r'(?<=\n)(@.*\n)\n', r'\1', body))
    return '\n'.join([f'"""{doc}"""', '# made by tools/stubs.py: do not edit', *lines, '', body]) + '\n'


def public_names(source):
    "The stub of an `__init__.py`: the names of its lazy table, imported"
    stub = Stub(source)
    stub.tree.body = [o for o in stub.tree.body if 'lazy(' not in ast.unparse(o) or isinstance(o, def_like)]
    call = next(o for o in ast.walk(ast.parse(source)) if isinstance(o, ast.Call) and ast.unparse(o.func) == 'lazy')
    table = call.args[1]
    keys = [o.value for o in table.keys] if isinstance(table, ast.Dict) else [o.arg for o in table.keywords]
    values = [o.value for o in (table.values if isinstance(table, ast.Dict) else [o.value for o in table.keywords])]
    imports = [f"from .{k} import {', '.join(f'{o} as {o}' for o in v.split())}" for k, v in zip(keys, values)]
    body = '\n'.join([everything(' '.join(values).split()), *stub.body()])
    return joined(ast.get_docstring(stub.tree), [*stub.imports(body), *imports], body)


def stub_of(file):
    "The stub that a module of the package should have, or None"
    source = file.read_text()
    if file.name == '__init__.py': return public_names(source) if 'lazy(' in source else None
    stub = Stub(source)
    return str(stub) if any(stub.added.values()) else None


def main(package):
    made = {o.with_suffix('.pyi'): s for o in sorted(package.rglob('*.py')) if o.name != '_modidx.py' and (s := stub_of(o))}
    for o in package.rglob('*.pyi'):
        if o not in made: o.unlink()
    for o, s in made.items():
        if not o.exists() or o.read_text() != s: o.write_text(s)


if __name__ == '__main__': main(Path(sys.argv[1] if sys.argv[1:] else Path(__file__).resolve().parent.parent/'gha_nb'))
