"The page of a baked head in a real browser: its pictures against the rasterizer's, its controls, its manners"
import functools, http.server, io, threading, time
from base64 import b64decode

import numpy as np
import pytest
import torch
from conftest import chromium, webgl
from PIL import Image

from gha_nb.export.baked import BakedAvatar, load_baked, rounded
from gha_nb.export.web import export_web
from gha_nb.geometry import Camera, look_at, perspective

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group('browser')]
NAMES = ('jawOpen', 'mouthSmileLeft', 'mouthSmileRight', 'browInnerUp', 'eyeBlinkLeft')


def ball(points=2500, antialiased=False):
    "A ball that swells, opens and blushes; its lower part stays with the torso"
    r = torch.Generator().manual_seed(0)
    places = torch.nn.functional.normalize(torch.randn(points, 3, generator=r), dim=1)*(.9 + .1*torch.rand(points, 1, generator=r))
    base = torch.zeros(points, 14)
    base[:, :3], base[:, 3:6] = places, -3 + .4*torch.randn(points, 3, generator=r)
    base[:, 6:10] = torch.nn.functional.normalize(torch.randn(points, 4, generator=r), dim=1)
    base[:, 10], base[:, 11:] = 1 + torch.randn(points, generator=r), .5 + .4*places
    deltas = .05*torch.randn(3, points, 14, generator=r)
    deltas[0, :, :3] += .3*places
    units = (deltas.abs().amax(1)/127).clamp_min(1e-12)
    mix = torch.zeros(3, 11)
    mix[:, :3], mix[:, 3], mix[1, 6], mix[2, 9] = torch.eye(3), .5, .3, .2
    limits = torch.tensor([[0.]*5, [1.]*4 + [0.]])
    return rounded(BakedAvatar(base, (deltas/units[:, None]).round().to(torch.int8), units, mix,
                               torch.sigmoid(-6*places[:, 1] - 3), torch.zeros(5),
                               torch.tensor([.1, .2, 0, .02, 1.6, .01]), torch.tensor(.1), torch.tensor([0, .1, 0, 0, .1, 0]), limits,
                               torch.tensor([1., .9, .8]), NAMES, (192, 192), antialiased, 'the ball agreed'))


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    "Pages of the ball in a folder, and the address of a server for them"
    folder = tmp_path_factory.mktemp('site')
    clip = dict(fps=10, frames=[dict(expression=dict(jawOpen=0)), dict(expression=dict(jawOpen=1))])
    export_web(ball(), folder, title='Ball')
    export_web(ball(antialiased=True), folder/'compensated', title='Ball')
    export_web(ball(), folder/'clip', title='Ball', clip=clip)
    export_web(ball(), folder/'single.html', single=True, title='Ball', clip=clip)
    whole = (folder/'head.baked').read_bytes()
    newer = whole.replace(b'\\"version\\": 1', b'\\"version\\": 9')
    for name, data in dict(cut=whole[:-5000], foreign=b'not a head at all', newer=newer).items():
        export_web(ball(), folder/name, title='Ball')
        (folder/name/'head.baked').write_bytes(data)
    (folder/'frame.html').write_text('<iframe id="me" width="300" height="300" src="index.html?embed"></iframe>'
                                     '<script>said = []; onmessage = e => said.push(e.data)</script>')
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


@pytest.fixture(scope='module')
def browser():
    "A headless Chromium that draws without a GPU"
    playwright = pytest.importorskip('playwright.sync_api', reason="the page was not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the page was not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        res = p.chromium.launch(executable_path=chromium, args=webgl)
        yield res
        res.close()


@pytest.fixture
def visit(browser, request):
    "Open a page, wait for its head; what it asks for and complains about is in `asked` and `errors`"
    pages = []
    def go(address, ready='window.head?.about', motion='reduce', script=None):
        page = browser.new_page(viewport=dict(width=900, height=600), reduced_motion=motion)
        pages.append(page)
        page.set_default_timeout(60_000)
        page.asked, page.errors = [], []
        page.on('request', lambda r: page.asked.append(r.url))
        page.on('console', lambda m: page.errors.append(m.text) if m.type == 'error' else None)
        page.on('pageerror', lambda e: page.errors.append(str(e)))
        if script: page.add_init_script(script)
        page.goto(address)
        if ready: until(page, ready)
        return page
    yield go
    for page in pages: page.close()


def until(page, what, seconds=60):
    "Wait until an expression holds; the page's own policy refuses Playwright's way, which needs eval"
    end = time.monotonic() + seconds
    while not page.evaluate(what):
        assert time.monotonic() < end, f'waited in vain for {what}: {page.errors}'
        page.wait_for_timeout(100)


DRAW = """([frame, camera]) => {
  head.stop(); head.renderer.draw(frame, camera);
  return [document.getElementById('head').toDataURL('image/png').split(',')[1], head.renderer.ms];
}"""


def drawn(page, inputs, camera):
    "What the page's renderer draws of a frame, floats [H, W, 3]"
    frame = dict(zip(('expression', 'pose', 'scale', 'torso'), (v.tolist() for v in inputs)))
    matrices = dict(K=camera.K.flatten().tolist(), world_to_camera=camera.world_to_camera.flatten().tolist())
    camera = matrices | dict(width=camera.width, height=camera.height)
    png, ms = page.evaluate(DRAW, [frame, camera])
    return np.asarray(Image.open(io.BytesIO(b64decode(png))).convert('RGB'))/255, ms


def closeness(a, b) -> float:
    "PSNR, dB"
    return float(-10*np.log10(np.square(a - b).mean()))


def ten_frames(head, seed=1):
    "Views and expressions, with turned heads and torsos, and pictures of two shapes"
    r = torch.Generator().manual_seed(seed)
    for i in range(10):
        turn = torch.cat([.4*torch.randn(3, generator=r)*(i > 1), .02*torch.randn(3, generator=r)])
        torso = torch.cat([.2*torch.randn(3, generator=r), .02*torch.randn(3, generator=r)])*(i > 5)
        aside = torch.randn(3, generator=r) + torch.tensor([0, 0, 2.])
        eye = .62*torch.nn.functional.normalize(aside, dim=0) + head.neutral_pose[3:]
        camera = Camera(perspective(w := (192, 256)[i % 2], 192, 28), look_at(eye, head.neutral_pose[3:]), w, 192)
        expression, scale = torch.rand(5, generator=r)*(i > 0), torch.tensor(.1 if i < 8 else .11)
        yield (expression, head.neutral_pose + turn, scale, head.neutral_torso + torso), camera


@pytest.mark.parametrize('name', ['', 'compensated/'])
def test_parity(site, visit, name):
    folder, address = site
    page, head = visit(f'{address}/{name}index.html'), load_baked(folder/name/'head.baked')
    for i, (inputs, camera) in enumerate(ten_frames(head)):
        seen, truth = drawn(page, inputs, camera)[0], head.render(camera, *inputs).numpy()
        decibels = closeness(seen, truth)
        assert decibels > 50 and truth.std() > .05, f'view {i}: {decibels:.1f} dB'
    assert not page.errors and all(u.startswith(address) or u.startswith('data:') for u in page.asked)


def test_controls(site, visit):
    page = visit(site[1])
    assert page.locator('.slider input').count() == 4 + 3 and 'the ball agreed' in page.content()
    value = lambda i=0: page.evaluate(f'head.frame.expression[{i}]')
    page.get_by_role('slider', name='jaw open').evaluate("e => { e.value = .5; e.dispatchEvent(new Event('input')); }")
    assert value() == .5
    page.get_by_role('button', name='Smile').click()
    assert value() == 0 and value(1) == pytest.approx(.9)
    page.get_by_role('button', name='Neutral').click()
    assert value(1) == 0
    page.get_by_role('slider', name='turn').evaluate("e => { e.value = .4; e.dispatchEvent(new Event('input')); }")
    assert abs(page.evaluate('head.frame.pose[1] - head.about.neutral_pose[1]') - .4) < .03
    canvas = page.locator('canvas')
    canvas.focus()
    for key in ('ArrowLeft', '+'): page.keyboard.press(key)
    assert page.evaluate('head.eye.turn') > .05 and page.evaluate('head.eye.distance') < 6
    page.keyboard.press('0')
    assert page.evaluate('head.eye.turn') == 0
    box = canvas.bounding_box()
    page.mouse.move(box['x'] + 100, box['y'] + 100); page.mouse.down(); page.mouse.move(box['x'] + 190, box['y'] + 100); page.mouse.up()
    assert page.evaluate('head.eye.turn') < -.3
    page.locator('#clip').set_input_files(dict(name='x.json', mimeType='application/json', buffer=b'{"frames": 3}'))
    page.get_by_role('alert').wait_for()
    assert 'cannot be played' in page.locator('#notice').inner_text() and not page.errors
    unnamed = page.evaluate("""[...document.querySelectorAll('button, input, canvas')].filter(e => !(e.textContent.trim()
        || e.closest('label')?.textContent.trim() || e.ariaLabel)).length""")
    assert unnamed == 0


def test_clip_and_reduced_motion(site, visit):
    page = visit(f'{site[1]}/clip/index.html')
    page.wait_for_timeout(500)
    assert not page.evaluate('head.playing') # nothing moves unasked
    page = visit(f'{site[1]}/clip/index.html', 'window.head?.playing', 'no-preference')
    until(page, 'head.frame.expression[0] > .2')
    page.get_by_role('button', name='Stop').click()
    until(page, '!head.playing')


def test_single_file_from_disk(site, visit):
    folder, _ = site
    page = visit((folder/'single.html').as_uri())
    page.get_by_role('button', name='Play').click()
    until(page, 'head.playing')
    inputs, camera = next(ten_frames(head := load_baked(folder/'head.baked')))
    assert closeness(drawn(page, inputs, camera)[0], head.render(camera, *inputs).numpy()) > 50
    assert not page.errors and {u.split(':')[0] for u in page.asked} <= {'file', 'data'}


def test_embedded(site, visit):
    page = visit(f'{site[1]}/frame.html', "said.some(m => m.gha_nb === 'ready')")
    page.evaluate("me.contentWindow.postMessage({ gha_nb: 'set', expression: { jawOpen: .6, nose: 1 } }, '*')")
    until(page, "said.some(m => m.unknown)")
    assert page.evaluate("said.find(m => m.unknown).unknown") == ['nose']
    inner = page.frames[1]
    assert inner.evaluate('head.frame.expression[0]') == pytest.approx(.6) and not inner.locator('#panel').is_visible()


@pytest.mark.parametrize('name, words', [('cut', 'cut off'), ('foreign', 'not a baked avatar'), ('newer', 'export the page again')])
def test_bad_files_are_named(site, visit, name, words):
    page = visit(f'{site[1]}/{name}/index.html', None)
    page.get_by_role('alert').wait_for()
    assert words in page.locator('#notice').inner_text()


def test_no_webgl(site, visit):
    page = visit(site[1], None, script='HTMLCanvasElement.prototype.getContext = () => null')
    page.get_by_role('alert').wait_for()
    assert 'no WebGL2' in page.locator('#notice').inner_text()


def test_any_prefix_is_a_head(site, visit):
    folder, address = site
    page, head = visit(address), load_baked(folder/'head.baked').first(900)
    page.evaluate('head.renderer.count = 900')
    inputs, camera = list(ten_frames(head))[3]
    assert closeness(drawn(page, inputs, camera)[0], head.render(camera, *inputs).numpy()) > 50


def test_policy_refuses_other_hosts(site, visit):
    page = visit(site[1])
    assert page.evaluate("fetch('http://127.0.0.2:9/').then(() => 'sent', () => 'refused')") == 'refused'
    assert any('Content Security Policy' in e for e in page.errors)
