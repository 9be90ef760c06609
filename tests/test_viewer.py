"The viewer in a real browser: pixels, not just elements"
import io, socket, threading, time
from urllib.request import urlopen

import numpy as np
import pytest
import torch
from conftest import chromium, webgl
from PIL import Image

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope='module')
def browser():
    "A headless Chromium that draws without a GPU"
    playwright = pytest.importorskip('playwright.sync_api',
                                     reason="the viewer was not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the viewer was not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        res = p.chromium.launch(executable_path=chromium, args=webgl)
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


def until(what, page, message='waited in vain', seconds=60):
    "Wait until something holds, while the page goes on"
    end = time.monotonic() + seconds
    while not (res := what()) and time.monotonic() < end: page.wait_for_timeout(200)
    assert res, message
    return res


def again(act, what, page, message='waited in vain', seconds=60, every=5):
    "Act, and once more every few seconds, until something holds: a page on a busy machine may miss a key or a click"
    due = [0.]
    def tried():
        if time.monotonic() >= due[0]: act(); due[0] = time.monotonic() + every
        return what()
    return until(tried, page, message, seconds)


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


def changed(page, before, message):
    "The scene once it is another one and no longer changes"
    until(lambda: differs(before, scene(page)), page, message)
    res = settled(page)
    assert differs(before, res), message
    return res


def press(page, name): page.get_by_role('button', name=name, exact=True).click()


def tab(page, name): page.get_by_role('tab', name=name).click()


def slider(page, label):
    "The slider that stands beside its name: which one is first on the page changes while a search is at work"
    return page.locator(f"xpath=//*[text()='{label}']/following::*[@role='slider'][1]")


def beside(page, label): return page.locator(f"xpath=//*[text()='{label}']/following::input[1]")


def test_view(browser, trained, ball, tmp_path):
    "Splats, a slider, the true pictures, an error, playback, a sound that takes the head along, a reload and a second page"
    from gha_nb.drive.performance_file import Performance, Sound
    from gha_nb.viewer.viewer import RENDER_MODES, view
    viewer = view(trained, ball, port=0, block=False, say=lambda s: None)
    try:
        page = visit(browser, viewer.server)
        before = settled(page)
        page.screenshot(path=tmp_path/'splats.png')

        beside(page, 'search').fill('grow')
        until(lambda: viewer.controls.message.content.startswith('1 of'), page)
        again(lambda: slider(page, 'grow').press('End'), lambda: viewer.controls.sliders['grow'].value > 1, page)
        grown = changed(page, before, 'a slider moves the splats')
        page.screenshot(path=tmp_path/'slider.png')

        for i, what in enumerate(RENDER_MODES[1:4]):
            viewer.shown.value = what
            until(lambda: viewer.painted and not viewer.wake.is_set(), page)
            changed(page, grown, f'{what} is not the splats')
            assert not viewer.error
            page.screenshot(path=tmp_path/f'picture_{i}.png')
        viewer.avatar.canonical = lambda *a: 1/0
        viewer.changed()
        page.get_by_text('posing failed: ZeroDivisionError').wait_for(timeout=30000)
        del viewer.avatar.canonical
        viewer.shown.value = RENDER_MODES[0]
        page.get_by_text('posing failed').wait_for(state='hidden', timeout=30000)

        tab(page, 'frames')
        page.get_by_role('checkbox').first.check()
        until(lambda: viewer.controls.frame.value >= 2, page)
        page.get_by_role('checkbox').first.uncheck()

        page.get_by_text(f'consent: {viewer.avatar.origin.terms}').wait_for()
        tab(page, 'timeline')
        names, line = tuple(viewer.avatar.expression_names), viewer.timeline
        hum = Performance('hum', tuple(map(str, range(51))), names, torch.linspace(0, 1, 51)[:, None].expand(51, len(names)), fps=25.,
                          sound=Sound(.1*np.sin(np.arange(16000)/9).astype(np.float32), 8000, 0.))
        line.submit(lambda: line.take(hum))
        page.locator('audio').wait_for(timeout=30000)
        page.evaluate("document.querySelector('audio').play()") # somebody has clicked on this page, so it may
        until(lambda: line.now.value > .3, page, 'the sound does not move the playhead', 30)
        until(lambda: viewer.controls.inputs()[0].abs().max() > .05, page, 'the playhead does not move the head', 30)
        until(lambda: abs(line.now.value - 2) < .01, page, 'the playhead does not come to the end', 30)
        page.wait_for_function("document.querySelector('audio').paused")  # else it plays on from where it is put
        for t in (1.98, 1.99, 2.):
            page.evaluate(f"document.querySelector('audio').currentTime = {t}")
            until(lambda t=t: abs(line.now.value - t) < .001, page, f'the playhead does not follow the sound to {t} s, one step on', 30)

        page.reload()
        settled(page)
        second = visit(browser, viewer.server)
        settled(second)
        until(lambda: len(viewer.server.get_clients()) == 2, page)
        for o in (page, second): o.close()
        assert viewer.thread.is_alive()
    finally: viewer.close()


def test_questions(browser, trained, ball, tmp_path):
    "Colours, a filter and a click of the inspector; the wipe; a short video of two keys; nonsense over the socket"
    import imageio
    from gha_nb.viewer.viewer import view
    viewer = view(trained, ball, port=0, block=False, say=lambda s: None, folder=tmp_path)
    try:
        page = visit(browser, viewer.server)
        plain = settled(page)
        inspector = viewer.inspector
        tab(page, 'inspect')
        page.get_by_label('colour by', exact=True).click()
        page.get_by_role('option', name='opacity').click()
        until(lambda: inspector.values is not None, page)
        painted = changed(page, plain, 'the colours change')
        page.screenshot(path=tmp_path/'opacity.png')
        low, high = (page.locator('.multi-slider-thumb').nth(i).bounding_box() for i in range(2))
        page.mouse.move(low['x'] + low['width']/2, low['y'] + low['height']/2)
        page.mouse.down()
        page.mouse.move((low['x'] + 2*high['x'])/3, low['y'] + low['height']/2, steps=4)
        page.mouse.up()
        until(lambda: inspector.keep.value[0] > 30 and not inspector.kept.all(), page)
        changed(page, painted, 'the filter hides some')
        assert inspector.kept.sum() < len(viewer.avatar)
        page.screenshot(path=tmp_path/'filtered.png')
        inspector.keep.value, inspector.by.value = (0., 100.), 'their colour'
        settled(page)
        again(lambda: page.mouse.click(*middle(plain)), lambda: inspector.picked is not None, page, 'a click finds a Gaussian')
        page.get_by_text('of what you clicked').wait_for(timeout=30000)

        tab(page, 'compare')
        page.get_by_role('checkbox').first.check()
        until(lambda: viewer.compare.pair is not None, page)
        picture = page.locator('img[src^="blob:"]:visible').first
        picture.wait_for(timeout=30000)
        seen = lambda: np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert('RGB'))/255
        half = seen()
        again(lambda: slider(page, 'wipe').press('End'), lambda: viewer.compare.at.value == 1, page)
        until(lambda: np.abs(seen() - half).max(-1).mean() > .005, page, 'the wipe moves')
        page.screenshot(path=tmp_path/'wipe.png')
        page.get_by_role('checkbox').first.uncheck()

        tab(page, 'path')
        press(page, 'add a key')
        until(lambda: len(viewer.path.path.keys) == 1, page)
        x, y = middle(plain)
        camera = next(iter(viewer.server.get_clients().values())).camera
        at = np.array(camera.position)
        def turn():
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 90, y - 20, steps=3)
            page.mouse.up()
        again(turn, lambda: np.linalg.norm(camera.position - at) > .2, page, 'the mouse turns the camera')
        press(page, 'add a key')
        until(lambda: len(viewer.path.path.keys) == 2, page)
        a, b = viewer.path.path.keys
        assert np.linalg.norm(np.subtract(a.position, b.position)) > .05, 'the camera was dragged between the keys'
        viewer.path.fps.value = 2.
        page.screenshot(path=tmp_path/'path.png')
        with page.expect_download(timeout=60000) as download: press(page, 'render')
        assert download.value.suggested_filename == 'path_001.mp4' and len(imageio.mimread(tmp_path/'videos'/'path_001.mp4')) == 5
        page.get_by_text('5 pictures in path').wait_for(timeout=30000)

        page.locator('input[type=file]').set_input_files(dict(name='broken.json', mimeType='application/json',
                                                              buffer=b'{"kind": "gha_nb path", "keys": [1]}'))
        page.get_by_text('broken.json, key 1: expected an object').wait_for(timeout=30000)

        for nonsense in (b'GET / HTTP/9\r\n\r\n', b'\x00'*2000,
                         b'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n\xff\xff\xff'):
            with socket.create_connection(('127.0.0.1', viewer.server.get_port()), 5) as s: s.sendall(nonsense)
        speak(viewer.server.get_port())
        assert viewer.thread.is_alive()
        assert b'<html' in urlopen(f'http://127.0.0.1:{viewer.server.get_port()}', timeout=5).read()[:500].lower()
        count = len(viewer.path.path.keys)
        press(page, 'add a key')
        until(lambda: len(viewer.path.path.keys) == count + 1, page)
        page.close()
    finally: viewer.close()


def test_no_webgl(browser, trained):
    "A browser that cannot draw says so, and the server stays up"
    from gha_nb.viewer.viewer import view
    viewer = view(trained, port=0, block=False, say=lambda s: None)
    try:
        blind = browser.browser_type.launch(executable_path=chromium,
                                            args=['--no-sandbox', '--disable-quic', '--disable-gpu', '--disable-3d-apis'])
        visit(blind, viewer.server).get_by_text('WebGL is unavailable').wait_for(timeout=20000)
        blind.close()
        assert b'<html' in urlopen(f'http://127.0.0.1:{viewer.server.get_port()}', timeout=5).read()[:500].lower()
        assert viewer.thread.is_alive() and not viewer.error
    finally: viewer.close()


def middle(picture):
    "Page coordinates of the middle of what a picture of the scene shows"
    y, x = np.nonzero(picture.min(-1) < .8)
    return float(np.median(x)), float(np.median(y)) + 160


def face_part(viewer, landmarks):
    "Where some landmarks are in a picture of the scene, as a box that can index it"
    from gha_nb.geometry import to_world
    from gha_nb.viewer.page import world_camera
    a, seen = viewer.avatar, next(iter(viewer.server.get_clients().values())).camera
    points = to_world(a.landmarks[landmarks], a.neutral_pose, a.neutral_scale)
    x, y = world_camera(seen, viewer.placement, 480).project(points)[0].T
    return slice(int(y.min()) - 164, int(y.max()) - 156), slice(int(x.min()) - 4, int(x.max()) + 4)


def speak(port):
    "A client that speaks websocket, and nonsense"
    from websockets.sync.client import connect
    for message in (b'\x93\x01\x02\xc1', 'hello', b'\x81\xa4type\xb0GuiUpdateMessage'):
        try:
            with connect(f'ws://127.0.0.1:{port}', open_timeout=5, close_timeout=1) as s:
                s.send(message)
                time.sleep(.2)
        except OSError: pass
        except Exception as e: assert type(e).__module__.startswith('websockets'), e


def test_live(browser, demo, tmp_path):
    "Both stages of a training: the mesh and its directions, pause, one step, go on; then the splats, a mouth that opens, stop"
    from gha_nb.viewer.live import LiveViewer
    from gha_nb.training.training import train
    live, seen, res = LiveViewer(every=5, port=0, say=lambda s: None), {}, {}
    class Watch:
        def on_guidance_step(self, run): seen['step'] = run.step
        def on_start(self, run): seen['avatar'] = run.avatar
        def on_step(self, run): seen['step'], seen['splats'] = run.step, True
    def work(): res['avatar'] = train(demo, tmp_path/'run', 'tiny', steps=400, progress=False, device='cpu', callbacks=(Watch(), live))
    live.paused.set() # stand still at the first step, until somebody has come
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        page = visit(browser, live.server)
        page.get_by_text('(mesh), step 1').wait_for(timeout=60000)
        mesh = settled(page)
        page.screenshot(path=tmp_path/'mesh.png')
        live.viewer.paint.value = 'directions'
        directions = settled(page)
        assert differs(mesh, directions), 'the mesh has another paint'
        page.screenshot(path=tmp_path/'directions.png')
        step = seen['step']
        page.wait_for_timeout(700)
        assert seen['step'] == step == 1
        press(page, 'one step')
        page.get_by_text('paused (mesh), step 2').wait_for(timeout=30000)
        page.wait_for_timeout(300)
        assert seen['step'] == 2
        press(page, 'go on')
        until(lambda: seen['step'] > 4, page)
        until(lambda: 'splats' in seen, page, 'the Gaussians come', 120)
        press(page, 'pause')
        page.get_by_text('paused (Gaussians), step').wait_for(timeout=30000)
        closed, step = settled(page), seen['step']
        beside(page, 'search').fill('jawOpen')
        until(lambda: live.viewer.controls.message.content.startswith('1 of'), page)
        page.screenshot(path=tmp_path/'paused.png')
        live.viewer.controls.sliders['jawOpen'].value = live.viewer.controls.sliders['jawOpen'].max
        mouth, brows = (face_part(live.viewer, slice(*o)) for o in ((48, 68), (17, 27))) # of the 68 landmarks
        def change():
            seen = np.abs(scene(page) - closed).max(-1)
            return seen[mouth].mean(), seen[brows].mean()
        until(lambda: change()[0] > .004, page)
        page.wait_for_timeout(700)
        moved, still = change()
        assert moved > 1.15*still, f'the mouth of a tiny avatar of a hundred steps moves more than its brows: {moved:.4f} and {still:.4f}'
        page.screenshot(path=tmp_path/'open.png')
        assert seen['step'] == step
        press(page, 'go on')
        until(lambda: seen['step'] > step + 2, page)
        live.rest_until = time.monotonic() + 1000
        second = visit(browser, live.server)
        until(lambda: live.rest_until < time.monotonic() + 500, second) # who comes does not wait for the end of a rest
        second.close()
        press(page, 'stop and save')
        thread.join(60)
        assert not thread.is_alive() and (tmp_path/'run'/'avatar.safetensors').exists()
        page.get_by_text('finished (Gaussians), step').wait_for(timeout=30000)
        page.screenshot(path=tmp_path/'finished.png')
        page.close()
    finally: live.close()


def drag(page):
    "Turn the camera with the mouse, there and back"
    page.mouse.move(180, 300)
    page.mouse.down()
    for x in (230, 280, 230, 180): page.mouse.move(x, 300, steps=4)
    page.mouse.up()


def test_nerf(browser, demo, tmp_path):
    """nerfview's viewer: a training below it, a pause, an exception that ends neither; coarse pictures while the mouse drags, sharp ones
    after"""
    from gha_nb.training.training import train
    from gha_nb.viewer.nerf_view import NerfCallback, NerfViewer
    class Slow(NerfViewer):
        rows, broken = [], False
        def picture(self, camera, *inputs):
            if self.broken: raise ValueError('on purpose')
            self.rows.append(camera.height)
            time.sleep(camera.width*camera.height/1e5)  # so that a coarse picture is coarse on any machine
            return super().picture(camera, *inputs)
    class Watch:
        def on_step(self, run): self.run, self.step = run, run.step
    callback, watch = NerfCallback(Slow, port=0, say=lambda s: None), Watch()
    options = dict(steps=10**6, init='cloud', progress=False, device='cpu', callbacks=(callback, watch))
    thread = threading.Thread(target=train, args=(demo, tmp_path/'run', 'tiny'), kwargs=options, daemon=True)
    thread.start()
    try:
        until(lambda: hasattr(watch, 'step'), page := visit(browser, callback.server))
        viewer = callback.viewer
        settled(page)
        page.screenshot(path=tmp_path/'training.png')

        Slow.broken = True
        drag(page)
        page.get_by_text('rendering failed: ValueError: on purpose').wait_for(timeout=30000)
        page.screenshot(path=tmp_path/'failed.png')
        step = watch.step
        until(lambda: watch.step > step + 3, page)
        Slow.broken = False
        drag(page)
        page.get_by_text('rendering failed').wait_for(state='hidden', timeout=30000)

        press(page, 'Pause')
        until(lambda: viewer.state == 'paused', page)
        def rests():
            step = watch.step
            page.wait_for_timeout(1000)
            return watch.step == step
        until(rests, page, 'a paused training makes no step')
        step = watch.step
        press(page, 'Resume')
        until(lambda: watch.step > step + 3, page)
        watch.run.request_stop()
        thread.join(60)
        assert not thread.is_alive() and (tmp_path/'run'/'avatar.safetensors').exists() and viewer.state == 'completed'

        full = viewer.render_tab_state.viewer_res
        until(lambda: viewer.rows[-1] == full, page)
        before, count = settled(page), len(viewer.rows)
        drag(page)
        until(lambda: len(viewer.rows) > count + 1 and viewer.rows[-1] == full, page)
        assert min(viewer.rows[count:]) < full, 'coarse while the camera moves'
        viewer.controls.turns['turn'].value = 30.
        changed(page, before, 'a slider turns the head')
        page.screenshot(path=tmp_path/'turned.png')
        page.close()
    finally: callback.close()
