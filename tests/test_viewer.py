"The viewer in a real browser: pixels, not just elements"
import io, shutil, threading, time

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser
chromium = next((o for name in ('chromium', 'chromium-browser', 'google-chrome') if (o := shutil.which(name))), None)
flags = ('--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync '
         '--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist').split()


@pytest.fixture(scope='module')
def browser():
    "A headless Chromium that draws without a GPU"
    playwright = pytest.importorskip('playwright.sync_api', reason="the viewer was not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the viewer was not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        res = p.chromium.launch(executable_path=chromium, args=flags)
        yield res
        res.close()


def visit(browser, server):
    "A page of the viewer, from its start"
    page = browser.new_page(viewport=dict(width=760, height=480))
    page.goto(f'http://127.0.0.1:{server.get_port()}/?fixedDpr=1')
    return page


def scene(page):
    "The part of a page that neither the panel nor a notice covers, as floats 0..1"
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=dict(x=0, y=160, width=360, height=320)))).convert('RGB'))/255


def until(what, page, seconds=20):
    "Wait until something holds, while the page goes on"
    end = time.monotonic() + seconds
    while not (res := what()) and time.monotonic() < end: page.wait_for_timeout(200)
    assert res, 'waited in vain'
    return res


def settled(page):
    "The scene once a head is in it that no longer changes"
    last = [np.zeros(1)]
    def same():
        now = scene(page)
        still = now.shape == last[0].shape and np.abs(now - last[0]).max() < .02 and (now.min(-1) < .8).mean() > .02
        last[0] = now
        return still
    until(same, page)
    page.wait_for_timeout(400)
    return scene(page)


def differs(a, b): return np.abs(a - b).max(-1).mean() > .002


def test_view(browser, trained, ball, tmp_path):
    "Splats, a slider, the true pictures, an error, playback, a reload and a second page"
    from gha_nb.viewer import SHOWN, view
    viewer = view(trained, ball, port=0, block=False, say=lambda s: None)
    try:
        page = visit(browser, viewer.server)
        before = settled(page)
        page.screenshot(path=tmp_path/'splats.png')

        page.get_by_role('slider').nth(0).focus()
        page.keyboard.press('End')
        until(lambda: viewer.sliders['grow'].value > 1, page)
        grown = settled(page)
        assert differs(before, grown), 'a slider moves the splats'
        page.screenshot(path=tmp_path/'slider.png')

        for i, what in enumerate(SHOWN[1:]):
            viewer.shown.value = what
            until(lambda: viewer.painted and not viewer.wake.is_set(), page)
            picture = settled(page)
            assert differs(picture, grown) and not viewer.error
            page.screenshot(path=tmp_path/f'picture_{i}.png')
        viewer.avatar.render_parts = lambda *a: 1/0
        viewer.changed()
        page.get_by_text('rendering failed: ZeroDivisionError').wait_for(timeout=5000)
        del viewer.avatar.render_parts
        viewer.shown.value = SHOWN[0]
        page.get_by_text('rendering failed').wait_for(state='hidden', timeout=5000)

        page.get_by_role('tab', name='frames').click()
        page.get_by_role('checkbox').check()
        until(lambda: viewer.frame.value >= 2, page)
        page.get_by_role('checkbox').uncheck()

        page.reload()
        settled(page)
        second = visit(browser, viewer.server)
        settled(second)
        until(lambda: len(viewer.server.get_clients()) == 2, page)
        for o in (page, second): o.close()
        assert viewer.thread.is_alive()
    finally: viewer.close()


def test_live(browser, ball, tmp_path):
    "Open it during training, pause, one step, go on, stop"
    from gha_nb.live import LiveViewer
    from gha_nb.train import train
    live, seen, res = LiveViewer(every=5, port=0, say=lambda s: None), {}, {}
    class Watch:
        def on_step(self, run): seen['step'] = run.step
    def work(): res['avatar'] = train(ball, tmp_path/'run', 'tiny', steps=10**6, progress=False, device='cpu', callbacks=(Watch(), live))
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        page = visit(browser, live.server)
        until(lambda: seen.get('step', 0) > 5, page, 60)
        page.get_by_role('button', name='pause').click()
        page.get_by_text('paused, step').wait_for(timeout=5000)
        settled(page)
        page.screenshot(path=tmp_path/'paused.png')
        step = seen['step']
        page.wait_for_timeout(1000)
        assert seen['step'] == step
        page.get_by_role('button', name='one step').click()
        until(lambda: seen['step'] == step + 1, page, 5)
        page.wait_for_timeout(500)
        assert seen['step'] == step + 1
        page.get_by_role('button', name='go on').click()
        until(lambda: seen['step'] > step + 5, page)
        page.get_by_role('button', name='stop and save').click()
        thread.join(30)
        assert not thread.is_alive() and (tmp_path/'run'/'avatar.safetensors').exists()
        page.get_by_text('finished, step').wait_for(timeout=5000)
        page.screenshot(path=tmp_path/'finished.png')
        page.close()
    finally: live.close()
