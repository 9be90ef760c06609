"The widgets and the viewer in a real JupyterLab: sliders are moved with the keyboard, and the pictures change"
import io, json, os, re, signal, subprocess, sys, time

import numpy as np
import pytest
from conftest import chromium, environment, webgl
from PIL import Image
from test_viewer import again, slider, until

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope='module')
def browser():
    "A Chromium that plays sound without being clicked at"
    playwright = pytest.importorskip('playwright.sync_api', reason="the timeline was not heard: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the timeline was not heard: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        res = p.chromium.launch(executable_path=chromium, args=['--autoplay-policy=no-user-gesture-required'])
        yield res
        res.close()


codes = ('''from gha_nb.notebook.widgets import AvatarPanel
panel = AvatarPanel({run!r})
panel''', '''from gha_nb.notebook.background import ViewerCell
from gha_nb.viewer.viewer import view
ViewerCell(view({run!r}, port=0, block=False, say=lambda text: None), height=420)''', '''import torch
from gha_nb.drive.performance_file import Performance
from gha_nb.notebook.timeline import TimelinePanel
curve = torch.tensor([[0.], [.5], [.1], [.6], [0.]])
TimelinePanel(Performance('hum', tuple('abcde'), ('jawOpen',), curve, fps=2.), tracks=['jawOpen', 'head nod'])''')


def notebook(path, run):
    cells = [dict(cell_type='code', id=f'cell{i}', execution_count=None, metadata={}, outputs=[], source=c.format(run=str(run)))
             for i, c in enumerate(codes)]
    path.write_text(json.dumps(dict(cells=cells, metadata=dict(kernelspec=dict(name='python3', display_name='Python 3', language='python')),
                                    nbformat=4, nbformat_minor=5)))


@pytest.fixture
def lab(tmp_path, trained):
    "A JupyterLab with one notebook, on a free port"
    pytest.importorskip('jupyterlab', reason="the widgets were not looked at in JupyterLab: pip install -e '.[dev]' brings it")
    folder = tmp_path/'lab'
    folder.mkdir()
    notebook(folder/'head.ipynb', trained)
    env = environment(JUPYTER_CONFIG_DIR=str(tmp_path/'config'), JUPYTER_DATA_DIR=str(tmp_path/'data'),
                      JUPYTER_RUNTIME_DIR=str(tmp_path/'runtime'), IPYTHONDIR=str(tmp_path/'ipython'))
    options = ['--no-browser', '--allow-root', '--IdentityProvider.token=', '--ServerApp.port=0', f'--ServerApp.root_dir={folder}',
               '--LabApp.news_url=', '--ServerApp.disable_check_xsrf=True']
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


def test_panel_in_jupyterlab(lab):
    playwright = pytest.importorskip('playwright.sync_api',
                                     reason="the widgets were not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the widgets were not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=list(webgl))
        page = browser.new_page(viewport=dict(width=1280, height=900))
        page.goto(lab)
        page.locator('.jp-CodeCell .cm-content').first.click(timeout=60000)
        image = page.locator('.jp-OutputArea img.widget-image').first
        def run_cell():
            page.locator('.jp-CodeCell .cm-content').first.click()
            page.keyboard.press('Shift+Enter')
        again(run_cell, image.is_visible, page, 'the cell shows no picture', 240, 60)  # a page on a busy machine may miss a key
        before = image.get_attribute('src')
        handle = page.locator('.widget-slider .noUi-handle').first
        def right():
            for _ in range(5): handle.press('ArrowRight')
        again(right, lambda: image.get_attribute('src') != before, page, 'the picture is the same as before')
        size = image.bounding_box()
        assert size['width'] > 100 and size['height'] > 100
        shoot(page, 'jupyterlab')

        page.locator('.jp-CodeCell .cm-content').nth(1).click()
        page.keyboard.press('Shift+Enter')
        cell, inside = page.locator('iframe[title=viewer]'), page.frame_locator('iframe[title=viewer]')
        inside.get_by_role('tab', name='face').wait_for(timeout=60000)
        cell.scroll_into_view_if_needed()
        def head():
            "The lower left of the cell: neither the panel nor a notice covers it"
            picture = np.asarray(Image.open(io.BytesIO(cell.screenshot())).convert('RGB'))/255
            return picture[180:, :300]
        last = [np.zeros(1)]
        def still():
            "A head that no longer changes: splats fade in"
            before, last[0] = last[0], head()
            same = before.shape == last[0].shape and np.abs(before - last[0]).max() < .02
            return same and (last[0].min(-1) < .8).mean() > .02
        until(lambda: page.wait_for_timeout(1000) or still(), page, 'no head in the cell')
        small = head()
        shoot(page, 'viewer_cell')
        inside.get_by_text('search', exact=True).locator('xpath=following::input[1]').fill('grow')
        inside.get_by_text('1 of').wait_for(timeout=20000)
        again(lambda: slider(inside, 'grow').press('End'), lambda: np.abs(head() - small).max(-1).mean() > .002, page,
              'a slider inside the cell does nothing')
        shoot(page, 'viewer_cell_moved')

        page.locator('.jp-CodeCell .cm-content').nth(2).click()
        page.keyboard.press('Shift+Enter')
        row = page.locator('.gha-timeline g[data-track=jawOpen]')
        row.wait_for(timeout=60000)
        keys = row.locator('circle[fill="#e8590c"]')
        assert row.locator('circle').count() == 5 and keys.count() == 0
        dot = row.locator('circle').nth(2)
        dot.scroll_into_view_if_needed()
        at = dot.bounding_box()
        x, y = at['x'] + at['width']/2, at['y'] + at['height']/2
        page.mouse.move(x, y); page.mouse.down(); page.mouse.move(x + 20, y - 15, steps=4); page.mouse.up()
        until(lambda: keys.count() == 1, page, 'a dot that was dragged is no key')
        now = keys.bounding_box()
        assert abs(now['x'] - at['x'] - 20) < 4 and abs(now['y'] - at['y'] + 15) < 6, 'the key is not where it was dropped'
        page.get_by_role('button', name='undo').click()
        until(lambda: keys.count() == 0, page, 'undo does nothing')
        shoot(page, 'timeline')
        browser.close()


def test_sound_moves_the_playhead(browser):
    "The sound of a timeline takes the playhead along, tells the panel where it is, and goes where a click in the chart says"
    import torch

    from gha_nb.drive.performance_file import Performance, Sound
    from gha_nb.notebook.timeline import TimelinePanel
    hum = Performance('hum', tuple(map(str, range(101))), ('jawOpen',), torch.rand(101, 1), fps=25.,
                      sound=Sound(.1*np.sin(np.arange(64000)/9).astype(np.float32), 16000, 0.))
    panel = TimelinePanel(hum, lambda performance, i: torch.zeros(8, 8, 3), tracks=['jawOpen'])
    audio = next(o.value for row in panel.panel.children for o in getattr(row, 'children', ()) if '<audio' in str(getattr(o, 'value', '')))
    page, said = browser.new_page(), ['']
    page.on('pageerror', lambda e: pytest.fail(str(e)))
    page.evaluate('html => { document.body.innerHTML = html; }', f'<div class=gha-timeline><div id=chart>{panel.chart.value}</div>'
                  f'<div class=gha-said><input></div>{audio}</div>')

    def heard(what, why):
        "Wait, and be what ipywidgets is otherwise: it carries what the page says to Python, and the chart back"
        def turn():
            if (now := page.evaluate("document.querySelector('.gha-said input').value")) != said[0]:
                said[0] = panel.said.value = now
                page.evaluate("html => { document.getElementById('chart').innerHTML = html; }", panel.chart.value)
            page.wait_for_timeout(30)
            return what()
        until(turn, page, why)
    both = "[document.querySelector('audio').currentTime, +document.querySelector('.now').getAttribute('x1')]"
    page.evaluate("document.querySelector('audio').play()")
    heard(lambda: panel.now > .6, 'the sound does not move the playhead')
    at, line = page.evaluate(both)
    assert abs((line - 120)/630*4 - at) < .5 and line > 120 + .1*630
    page.evaluate("document.querySelector('audio').pause()")
    heard(lambda: abs(panel.now - page.evaluate("document.querySelector('audio').currentTime")) < .01, 'they stand apart after a pause')
    box = page.locator('svg').bounding_box()
    page.mouse.click(box['x'] + box['width']*(120 + 630*.75)/760, box['y'] + 40)
    heard(lambda: abs(panel.now - 3) < .05, 'a click does not move the sound')
    assert abs(page.evaluate("document.querySelector('audio').currentTime") - 3) < .05
    page.close()


def shoot(page, name):
    "Keep what is seen, for people, in the folder that GHA_NB_SHOTS names"
    if 'GHA_NB_SHOTS' in os.environ: page.screenshot(path=f"{os.environ['GHA_NB_SHOTS']}/{name}.png")
