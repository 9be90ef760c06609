"""Half a minute of `gha-nb train --view` with a browser that comes, plays and goes at random; `python tests/soak.py --minutes 60 --preset
laptop` is the long form"""
import pytest
from conftest import chromium
from soak import soak

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_soak(demo, tmp_path):
    pytest.importorskip('playwright.sync_api', reason="the viewer was not soaked: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the viewer was not soaked: there is no Chromium. On Debian, apt-get install chromium')
    r = soak(30, 'tiny', demo, tmp_path/'run')
    print({k: v for k, v in r.items() if k != 'memory'})
    assert not r['troubles'], r['troubles']
    assert r['exit_code'] == 0 and r['saved'], r['said']
    assert r['last_step'] > r['first_step'] and r['visits']['opened'] > 2, r
    assert sum(r['actions'].values()) - r['actions'].get('missed', 0) > 5, r
    growth = [v for v in r['growth_megabytes'].values() if v is not None]
    assert growth and max(growth) <= 200, (growth, r['memory'])
