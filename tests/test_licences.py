"What an installation brings may be used with Apache-2.0, and nothing of it is known to be dangerous, as far as the network can be asked"
import shutil, subprocess, sys, sysconfig
from importlib import import_module
from types import SimpleNamespace

import pytest
from conftest import root

sys.path.insert(0, str(root/'tools'))
licences = import_module('licences')

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


@pytest.mark.skipif(audit is None, reason='pip-audit is not installed (make audit)')
def test_no_known_vulnerability():
    here = sysconfig.get_path('purelib')
    result = subprocess.run([audit, '--skip-editable', '--progress-spinner', 'off', '--timeout', '5', '--path', here],
                            capture_output=True, text=True, timeout=120)
    if any(o in result.stderr for o in ('ConnectionError', 'Max retries', 'ServiceError', 'timed out', 'Temporary failure', 'not known')):
        pytest.skip('the list of vulnerabilities cannot be reached: ' + result.stderr.strip().splitlines()[-1][:200])
    assert result.returncode == 0, result.stdout + result.stderr
