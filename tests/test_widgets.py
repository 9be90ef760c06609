"The widgets in a real JupyterLab: a slider is moved with the keyboard, and the picture changes"
import json, os, re, signal, subprocess, sys, time

import pytest
from conftest import chromium, environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group('browser')]  # one browser at a time
code = '''from gha_nb.widgets import Driver
driver = Driver({run!r})
driver'''


def notebook(path, run):
    cells = [dict(cell_type='code', id='a', execution_count=None, metadata={}, outputs=[], source=code.format(run=str(run)))]
    path.write_text(json.dumps(dict(cells=cells, metadata=dict(kernelspec=dict(name='python3', display_name='Python 3', language='python')), nbformat=4, nbformat_minor=5)))


@pytest.fixture
def lab(tmp_path, trained):
    "A JupyterLab with one notebook, on a free port"
    pytest.importorskip('jupyterlab', reason="the widgets were not looked at in JupyterLab: pip install -e '.[dev]' brings it")
    folder = tmp_path/'lab'
    folder.mkdir()
    notebook(folder/'head.ipynb', trained)
    env = environment(JUPYTER_CONFIG_DIR=str(tmp_path/'config'), JUPYTER_DATA_DIR=str(tmp_path/'data'), JUPYTER_RUNTIME_DIR=str(tmp_path/'runtime'), IPYTHONDIR=str(tmp_path/'ipython'))
    options = ['--no-browser', '--allow-root', '--IdentityProvider.token=', '--ServerApp.port=0', f'--ServerApp.root_dir={folder}', '--LabApp.news_url=', '--ServerApp.disable_check_xsrf=True']
    with open(tmp_path/'log', 'w') as log:
        server = subprocess.Popen([sys.executable, '-m', 'jupyterlab', *options], env=env, stdout=log, stderr=log, cwd=folder)
    try:
        end, found = time.monotonic() + 60, None
        while not found and server.poll() is None and time.monotonic() < end:
            time.sleep(.3)
            found = re.search(r'http://(?:localhost|127\.0\.0\.1):(\d+)/lab', (tmp_path/'log').read_text())
        assert found, (tmp_path/'log').read_text()[-3000:]
        yield f'http://127.0.0.1:{found[1]}/lab/tree/head.ipynb?reset'
    finally:
        server.send_signal(signal.SIGTERM)
        try: server.wait(15)
        except subprocess.TimeoutExpired: server.kill()


def test_driver_in_jupyterlab(lab):
    playwright = pytest.importorskip('playwright.sync_api', reason="the widgets were not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the widgets were not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=['--no-sandbox', '--disable-quic', '--disable-background-networking'])
        page = browser.new_page(viewport=dict(width=1280, height=900))
        page.goto(lab)
        page.locator('.jp-CodeCell .cm-content').first.click(timeout=60000)
        page.keyboard.press('Shift+Enter')
        image = page.locator('.jp-OutputArea img.widget-image').first
        image.wait_for(timeout=60000)
        before = image.get_attribute('src')
        slider = page.locator('.widget-slider .noUi-handle').first
        slider.focus()
        for _ in range(5): page.keyboard.press('ArrowRight')
        end = time.monotonic() + 20
        while image.get_attribute('src') == before and time.monotonic() < end: page.wait_for_timeout(200)
        assert image.get_attribute('src') != before, 'the picture is the same as before'
        size = image.bounding_box()
        assert size['width'] > 100 and size['height'] > 100
        if 'GHA_NB_SHOTS' in os.environ: page.screenshot(path=os.environ['GHA_NB_SHOTS'] + '/jupyterlab.png')
        browser.close()
