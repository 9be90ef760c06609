"""Known vulnerabilities of what is installed, by pip-audit: `python tools/audit.py PIP_AUDIT SITE_PACKAGES`

Without a network nothing is known, which is said and is no error; so is a package that the index does not have. The exit code is 1
only where a vulnerability is known."""
import json, subprocess, sys


def audited(said): # the JSON that pip-audit prints -> lines of vulnerabilities; names of packages that could not be asked for
    found, unknown = [], []
    for o in json.loads(said)['dependencies']:
        if 'skip_reason' in o: unknown.append(o['name'])
        for v in o.get('vulns', ()):
            names = ', '.join([v['id'], *v.get('aliases', ())])
            fixed = f"; fixed in {', '.join(v['fix_versions'])}" if v.get('fix_versions') else '; no version is known that fixes it'
            found.append(f"{o['name']} {o['version']}: {names}{fixed}")
    return found, unknown


def verdict(result): # of the process -> sentences, exit code
    try: found, unknown = audited(result.stdout)
    except (ValueError, KeyError, TypeError):
        last = (result.stderr.strip().splitlines() or ['no reason is given'])[-1]
        return [f'nothing was audited, pip-audit could not ask: {last[:300]}'], 0
    count = len(json.loads(result.stdout)['dependencies'])
    some = f": {', '.join(unknown[:6])}{', ...' if len(unknown) > 6 else ''}" if unknown else ''
    if count and len(unknown) == count:
        return [f'nothing was audited: the index that was asked knows none of {count} packages (no network?)'], 0
    return [*found, f'{count - len(unknown)} of {count} packages audited, {len(found)} vulnerabilities known'
                    + (f'; {len(unknown)} unknown to the index{some}' if unknown else '')], int(bool(found))


if __name__ == '__main__':
    if len(sys.argv) != 3: sys.exit(__doc__)
    command = [sys.argv[1], '--skip-editable', '--progress-spinner', 'off', '--format', 'json', '--path', sys.argv[2]]
    try: result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as e: sys.exit(print(f'nothing was audited: {e}'))
    lines, code = verdict(result)
    print(*lines, sep='\n')
    sys.exit(code)
