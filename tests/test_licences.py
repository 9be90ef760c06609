"What an installation brings may be used with Apache-2.0, and nothing of it is known to be dangerous, as far as the network can be asked"
import json, shutil, subprocess, sys, sysconfig
from importlib import import_module
from types import SimpleNamespace

import pytest
from conftest import root

sys.path.insert(0, str(root/'tools'))
licences, tool = import_module('licences'), import_module('audit')

audit = shutil.which('pip-audit') or next((str(o) for o in [root/'.venv-audit'/'bin'/'pip-audit'] if o.exists()), None)


def test_all_licences_are_known():
    "Those of extras that are not installed here are not seen; exceptions have a reason"
    found = licences.installed(licences.declared())
    assert {'torch', 'numpy', 'viser', 'gsplat'} <= set(found)
    rows, missing = licences.judged(found)
    assert not missing, missing
    assert all(reason for _, _, terms, reason in rows if 'GPL' in terms and 'LGPL' not in terms)


def test_a_licence_that_does_not_fit_is_seen():
    class Meta(dict):
        def get_all(self, name): return self.get(name)
    def of(**kw): return SimpleNamespace(metadata=Meta({k.replace('_', '-'): v for k, v in kw.items()}), version='1', files=None)
    found = {'one': of(License_Expression='GPL-3.0-or-later'), 'two': of(Classifier=['License :: OSI Approved :: MIT License']),
             'three': of(),
             'four': of(License='AGPLv3'), 'five': of(License_Expression='MIT OR GPL-2.0'), 'six': of(License='all rights reserved')}
    assert [o.partition(':')[0] for o in licences.judged(found)[1]] == ['one', 'three', 'four', 'six']
    assert licences.judged({'pyvirtualcam': found['one']})[1] == [], 'named in pyproject.toml, with a reason'


def test_what_pip_audit_says():
    "A vulnerability is an error; no network, or an index that knows nothing, is said and is none"
    def of(*dependencies, stderr='', **kw):
        return tool.verdict(SimpleNamespace(stderr=stderr, **dict(stdout=json.dumps(dict(dependencies=dependencies))) | kw))
    good = dict(name='a', version='1', vulns=[])
    bad = dict(name='b', version='2', vulns=[dict(id='PYSEC-1', aliases=['CVE-1'], fix_versions=['3'])])
    lost = dict(name='c', skip_reason='Dependency not found on PyPI')
    assert of(good) == (['1 of 1 packages audited, 0 vulnerabilities known'], 0)
    assert of(good, bad, lost) == (['b 2: PYSEC-1, CVE-1; fixed in 3',
                                    '2 of 3 packages audited, 1 vulnerabilities known; 1 unknown to the index: c'], 1)
    assert of(lost, lost)[0][0].startswith('nothing was audited') and of(lost)[1] == 0
    assert of(stdout='', stderr='Traceback\nConnectionError: no route') == (
        ['nothing was audited, pip-audit could not ask: ConnectionError: no route'], 0)


@pytest.mark.skipif(audit is None, reason='pip-audit is not installed (make audit)')
def test_no_known_vulnerability():
    result = subprocess.run([sys.executable, root/'tools'/'audit.py', audit, sysconfig.get_path('purelib')],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    if 'nothing was audited' in result.stdout: pytest.skip(result.stdout)
