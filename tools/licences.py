"""The licence of everything that an installation brings: `python tools/licences.py [--out licences.md] [EXTRA ...]`

Read from pyproject.toml and what is installed, so it needs no network. A distribution whose licence is not among those that may
be combined with Apache-2.0 freely has to have a reason here, or the exit code is 1. Without extras, all are followed."""
import argparse, re, sys, tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

# permissive, and weak copyleft of the kind that ends at the file or library; SPDX names and what classifiers call them
ALLOWED = re.compile(r'''\b(?:MIT|MIT-0|MIT-CMU|HPND|BSD|0BSD|
    [23]-Clause|BSD-[23]-Clause|Apache|Apache-2\.0|ISC|ISCL|PSF|PSF-2\.0|Python\ Software\ Foundation|
    Unlicense|Zlib|MPL|MPL-2\.0|Mozilla\ Public|CC0|CNRI-Python|LLVM-exception|Public\ Domain|Historical\ Permission)\b''', re.X | re.I)
# what is none of them, and why it may be there
REASONS = {
    'espeakng-loader': 'GPL-3.0 inside (espeak-ng): a shared library in an extra of its own, `speech`, loaded by who asks for speech',
    'pyvirtualcam': 'GPL-2.0: only in the extra `live`, imported by one output, and the rest works without it',
    'tqdm': 'MPL-2.0 and MIT: used as it is',
    'certifi': 'MPL-2.0: used as it is',
    'pathspec': 'MPL-2.0: a tool of development, used as it is',
    'fqdn': 'MPL-2.0: comes with JupyterLab, used as it is',
}
NVIDIA = re.compile(r'(nvidia|cuda)[-_]')  # what PyTorch's builds for GPUs bring, under terms of its own


def licence(dist):
    "What a distribution says of its licence: the SPDX expression, else its classifiers, else the first line of the field, else its files"
    meta = dist.metadata
    if expression := meta.get('License-Expression'): return expression
    found = [o.rpartition('::')[2].strip() for o in meta.get_all('Classifier') or [] if o.startswith('License ::') and o.count('::') > 1]
    if found: return ', '.join(found)
    if field := (meta.get('License') or '').strip(): return field.splitlines()[0][:60]
    for file in dist.files or ():
        if re.match(r'(?i)(licen[sc]e|copying)', file.name):
            try: text = file.read_text()[:1500]
            except (OSError, UnicodeDecodeError): continue
            for name, words in (('Apache-2.0', 'Apache License'), ('MIT', 'Permission is hereby granted, free of charge'),
                                ('GPL', 'GNU GENERAL PUBLIC'),
                                ('BSD-3-Clause', 'Redistribution and use in source and binary forms')):
                if words in text: return f'{name} (from {file.name})'
    return 'unknown'


def declared(extras=None):
    "(name, extras) of what pyproject.toml asks for; None: with all extras"
    project = tomllib.loads((Path(__file__).parent.parent/'pyproject.toml').read_text())['project']
    optional = project['optional-dependencies']
    texts = [*project['dependencies'], *(o for e in (optional if extras is None else extras) for o in optional[e])]
    return [(o.name, tuple(sorted(o.extras))) for o in map(Requirement, texts)]


def installed(roots):
    "Name -> distribution of all that these need here; what is not installed is left out"
    found, waiting, seen = {}, list(roots), set()
    while waiting:
        name, wanted = waiting.pop()
        try: dist = distribution(name)
        except PackageNotFoundError: continue
        key = re.sub(r'[-_.]+', '-', dist.metadata['Name']).lower()
        found[key] = dist
        for text in dist.requires or ():
            need = Requirement(text)
            here = need.marker is None or any(need.marker.evaluate({'extra': e}) for e in (wanted or ('',)) + ('',))
            if here and (pair := (need.name, tuple(sorted(need.extras)))) not in seen:
                seen.add(pair)
                waiting.append(pair)
    return dict(sorted(found.items()))


def judged(dists):
    "Rows of (name, version, licence, reason), and the names of those that need a reason and have none"
    rows, missing = [], []
    for name, dist in dists.items():
        terms = licence(dist)
        reason = REASONS.get(name) or ("NVIDIA's terms: part of PyTorch's builds for GPUs, not shipped by us" if NVIDIA.match(name) else '')
        strong = re.search(r'\bA?GPL', terms.replace('LGPL', '')) and not re.search(r'\bor\b|\bMIT\b', terms, re.I)
        if (strong or not ALLOWED.search(terms)) and not reason: missing.append(f'{name}: {terms}')
        rows.append((name, dist.version, terms, reason))
    return rows, missing


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('extras', nargs='*', help='extras to follow; default: all')
    parser.add_argument('--out', type=Path, help='write the table here instead of printing it')
    args = parser.parse_args()
    rows, missing = judged(installed(declared(args.extras or None)))
    head = ['| package | version | licence | why it may be there |', '|---|---|---|---|']
    table = '\n'.join([*head, *('| ' + ' | '.join(o) + ' |' for o in rows)])
    if args.out: args.out.write_text(table + '\n', encoding='utf-8')
    else: print(table)
    for o in missing: print(f'no reason is given for {o}', file=sys.stderr)
    sys.exit(bool(missing))
