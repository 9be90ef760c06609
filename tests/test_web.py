"The page of a baked head in a real browser: its pictures against the rasterizer's, its controls, its manners"
import functools, http.server, io, json, os, shutil, threading, time, wave
from base64 import b64decode, b64encode

import numpy as np
import pytest
import torch
from conftest import chromium, webgl
from PIL import Image

from gha_nb.export.baked import BakedAvatar, load_baked, rounded
from gha_nb.export import web
from gha_nb.export.web import export_web
from gha_nb.geometry import Camera, look_at, perspective
from gha_nb.trust.spread_spectrum import payload_of
from gha_nb.trust.watermark import find_watermark

pytestmark = [pytest.mark.browser]
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
    with wave.open(str(folder/'tone.wav'), 'wb') as f:
        f.setnchannels(1); f.setsampwidth(2); f.setframerate(8000)
        f.writeframes((8000*np.sin(np.arange(16000)/3)).astype('<i2').tobytes())
    export_web(ball(), folder/'single.html', single=True, title='Ball', clip=clip, sound=folder/'tone.wav')
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


STAND_IN = """
export const FilesetResolver = { forVisionTasks: async base => base };
export class FaceLandmarker {
  static async createFromOptions(files, options) { window.options = options; return new FaceLandmarker(); }
  detectForVideo(video, ms) { return window.answer ?? { faceLandmarks: [] }; }
  close() { window.finished = true; }
}
"""


@pytest.fixture(scope='module')
def tracked(site, tmp_path_factory):
    "The address of a page whose tracker says what the test wants"
    package, model = tmp_path_factory.mktemp('package'), tmp_path_factory.mktemp('model')/'face.task'
    (package/'wasm').mkdir()
    for name in web.TRACKER: (package/name).write_text(STAND_IN if name.endswith('.mjs') else '')
    model.write_bytes(b'a model')
    with pytest.MonkeyPatch.context() as m:
        m.setattr(web, 'find_model', lambda name: model)
        export_web(ball(), site[0]/'tracked', title='Ball', tracker=package)
    return f'{site[1]}/tracked/index.html'


@pytest.fixture(scope='module')
def browser():
    "A headless Chromium that draws without a GPU; its camera is a fake one, which a page may use if it is permitted"
    playwright = pytest.importorskip('playwright.sync_api', reason="the page was not looked at: pip install -e '.[dev]' brings playwright")
    if chromium is None: pytest.skip('the page was not looked at: there is no Chromium. On Debian, apt-get install chromium')
    with playwright.sync_playwright() as p:
        res = p.chromium.launch(executable_path=chromium, args=[*webgl, '--use-fake-device-for-media-stream'])
        yield res
        res.close()


@pytest.fixture
def visit(browser, request):
    "Open a page, wait for its head; what it asks for and complains about is in `asked` and `errors`"
    pages = []
    def go(address, ready='window.head?.about', motion='reduce', script=None, camera=False, size=(900, 600)):
        page = browser.new_page(viewport=dict(zip(('width', 'height'), size)), reduced_motion=motion, permissions=['camera']*camera)
        pages.append(page)
        page.set_default_timeout(60_000)
        page.asked, page.answered, page.errors = [], [], []
        page.on('request', lambda r: page.asked.append(r.url))
        page.on('response', lambda r: page.answered.append(r.url))
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


@pytest.mark.parametrize('name', ['index.html', 'single.html'])
def test_recordings_carry_the_watermark(site, visit, name):
    "While a page records, and only then, its pictures have the mark; what lies beside the film says so"
    folder, address = site
    page, head = visit(f'{address}/{name}'), load_baked(folder/'head.baked')
    payload = page.evaluate("document.querySelector('main').dataset.payload")
    assert int(payload, 16) == payload_of(head.origin.avatar or '')
    inputs, _ = next(ten_frames(head))
    camera = Camera(perspective(480, 360, 28), look_at(head.neutral_pose[3:] + torch.tensor([0, 0, .62]), head.neutral_pose[3:]), 480, 360)
    until(page, '!!head.renderer.pattern')
    plain = drawn(page, inputs, camera)[0]
    page.get_by_role('button', name='Record').click()
    until(page, 'head.renderer.amount_of_mark > 0')
    page.wait_for_timeout(300)
    marked = drawn(page, inputs, camera)[0]
    found = find_watermark((255*marked).round().astype(np.uint8))
    assert found is not None and f'{found.payload:016x}' == payload
    assert find_watermark((255*plain).round().astype(np.uint8)) is None and 44 < closeness(plain, marked) < 60
    kept = []
    page.on('download', lambda o: kept.append(o))
    page.get_by_role('button', name='Record').click()
    end = time.monotonic() + 20
    while len(kept) < 2 and time.monotonic() < end: page.wait_for_timeout(100)
    beside = next(o for o in kept if o.suggested_filename.endswith('.origin.json'))
    assert json.loads(open(beside.path()).read())['claims']['watermark'] == payload
    assert page.evaluate('head.renderer.amount_of_mark') == 0 and not page.errors


def test_single_file_from_disk(site, visit):
    folder, _ = site
    page = visit((folder/'single.html').as_uri()) # with a sound inside
    page.get_by_role('button', name='Play').click()
    until(page, 'head.playing')
    page.evaluate('head.stop(); head.renderer.count = head.about.points') # a slow machine draws fewer while it plays
    inputs, camera = next(ten_frames(head := load_baked(folder/'head.baked')))
    assert closeness(drawn(page, inputs, camera)[0], head.render(camera, *inputs).numpy()) > 50
    assert not page.errors and {u.split(':')[0] for u in page.asked} <= {'file', 'data', 'blob'} # a blob is a part of the page itself


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


def notice(page): return page.locator('#notice').inner_text()


# faces as MediaPipe gives them: turned by an angle about the neck, some centimetres aside, with two scores; `wide` of the picture's width
FACES = """window.result = (...faces) => ({
  faceLandmarks: faces.map(([, , , wide = .3]) => [{ x: .5 - wide/2, y: .5 }, { x: .5 + wide/2, y: .5 }]),
  faceBlendshapes: faces.map(([, , scores]) => ({ categories: Object.entries(scores).map(([n, score]) => ({ categoryName: n, score })) })),
  facialTransformationMatrixes: faces.map(([a, x]) => {
    const c = Math.cos(a), s = Math.sin(a);
    return { data: [c, 0, -s, 0, 0, 1, 0, 0, s, 0, c, 0, x, 0, -40, 1] };
  }),
}); """


def test_follows_a_face(tracked, visit):
    "Neutral is what is seen for two seconds; then scores, turn and shift, smoothed; rest when nobody is there; the larger of two faces"
    page = visit(tracked, script=FACES)
    seen = page.evaluate("""async () => {
      const { Follower, OneEuro } = await import('./webcam.js'), said = [], follower = new Follower(head, t => said.push(t)), res = {};
      let t = 0;
      const see = (seconds, ...faces) => { for (const end = t + seconds; t < end;) { t += .04; follower.see(result(...faces), t); } };
      const now = () => ({ said: said.at(-1), jaw: head.frame.expression[0], smile: head.frame.expression[1], pose: [...head.frame.pose] });
      see(1, [.1, 1, { jawOpen: .2 }]); res.early = now();
      see(1.2, [.1, 1, { jawOpen: .2 }]); res.neutral = now();
      see(1.5, [.4, 2, { jawOpen: .6, mouthSmileLeft: 0, noseUp: 1 }]); res.open = now();
      see(.1); res.gap = now(); see(3); res.gone = now();
      see(1.5, [.1, 1, { jawOpen: .2 }, .2], [.1, 1, { jawOpen: 1 }, .5]); res.two = now();
      const noise = Array.from({ length: 200 }, (_, i) => .02*Math.sin(7*i*i)), still = new OneEuro(1.5, 3), step = new OneEuro(1.5, 3);
      const spread = v => Math.sqrt(v.reduce((s, x) => s + x*x, 0)/v.length);
      res.calm = spread(noise.map(x => still.step([x], .04)[0]).slice(20))/spread(noise);
      step.step([0], .04); res.late = Array.from({ length: 4 }, () => step.step([1], .04)[0]);
      return res;
    }""")
    assert 'calm face: 2' in seen['early']['said'] and seen['early']['jaw'] == 0, seen['early']
    home = ball().neutral_pose
    assert 'Tracking' in seen['neutral']['said'] and abs(seen['neutral']['jaw']) < 1e-9
    assert np.allclose(seen['neutral']['pose'], home, atol=1e-5)
    assert seen['open']['jaw'] == pytest.approx((.6 - .2)/(1 - .2), abs=.01)
    from gha_nb.geometry import rotvec_to_matrix
    pose, turn = torch.tensor(seen['open']['pose']), torch.tensor([0, .3, 0])
    R = rotvec_to_matrix(home[:3])
    assert torch.allclose(rotvec_to_matrix(pose[:3]), R @ rotvec_to_matrix(turn), atol=.01)
    moved = R.T @ (pose[3:] - home[3:]) # one centimetre in the picture, in the axes of a head that looked .1 aside
    assert torch.allclose(moved, .01*torch.tensor([np.cos(.1), 0, np.sin(.1)]).float(), atol=.001)
    assert seen['gap']['jaw'] == seen['open']['jaw'], 'a face may be lost for a moment'
    assert seen['gone']['jaw'] < .01 and 'rests' in seen['gone']['said'] and np.allclose(seen['gone']['pose'], home, atol=.01)
    assert seen['two']['jaw'] > .95 and seen['two']['said'].startswith('2 faces')
    assert seen['calm'] < .5 and seen['late'][3] > .8, 'still values are smoothed, and a jump is not late'


def test_webcam(tracked, visit):
    page = visit(tracked, camera=True, size=(260, 300), script=FACES + 'answer = result([0, 0, { jawOpen: 0 }])')
    button = page.get_by_role('button', name='Webcam')
    button.click()
    until(page, "document.getElementById('notice').textContent.includes('calm face')")
    assert page.locator('video').is_visible() and page.evaluate('options.numFaces') == 2
    until(page, "document.getElementById('notice').textContent.startsWith('Tracking')")
    page.evaluate('answer = result([.2, 0, { jawOpen: .7 }])')
    until(page, 'head.frame.expression[0] > .6')
    page.evaluate("camera.follower.calibrate()")
    until(page, "document.getElementById('notice').textContent.includes('calm face')")
    page.evaluate("document.getElementById('video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    assert 'gone away' in notice(page) and page.evaluate('finished') and not page.locator('video').is_visible()
    button.click()
    until(page, "document.getElementById('notice').textContent.includes('calm face')")
    button.click()
    assert button.get_attribute('aria-pressed') == 'false' and notice(page) == '' and not page.errors
    assert all(u.startswith(tracked.rsplit('/', 2)[0]) or u.startswith('data:') for u in page.asked)


def test_no_camera(tracked, visit):
    "Not permitted, which the browser itself says; none there, a busy one"
    page = visit(tracked)
    button, said = page.get_by_role('button', name='Webcam'), []
    for name in ('', 'NotFoundError', 'NotReadableError'):
        if name: page.evaluate(f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{name}'); }}; 0")
        button.click()
        until(page, "document.getElementById('notice').textContent.startsWith('No webcam') && !document.getElementById('webcam').disabled")
        said.append(notice(page))
        assert page.get_by_role('alert').count() == 1 and not page.locator('video').is_visible()
    assert [w in o for w, o in zip(('was not allowed', 'no camera was found', 'is busy'), said)] == [True]*3, said


def test_no_tracker(site, visit):
    page = visit(site[1], camera=True)
    page.get_by_role('button', name='Webcam').click()
    assert '--tracker' in notice(page) and page.get_by_role('alert').count() == 1


def test_sound_is_the_clock(site, visit):
    "A performance of a second, whose first coefficient is the time"
    folder, address = site
    clip = dict(fps=10, frames=[dict(expression=dict(jawOpen=i/20)) for i in range(21)])
    export_web(ball(), folder/'sound', clip=clip, sound=folder/'tone.wav')
    keep = 'const Before = Audio; window.Audio = function () { return window.sound = new Before(); };'
    page = visit(f'{address}/sound/index.html', motion='no-preference', script=keep, size=(260, 300))
    assert not page.evaluate('head.playing'), 'no sound unasked'
    page.get_by_role('button', name='Play').click()
    until(page, 'head.playing && head.frame.expression[0] > .1')
    page.evaluate('sound.playbackRate = .25')
    apart = [page.evaluate('new Promise(r => { const t = sound.currentTime/2; requestAnimationFrame(() => requestAnimationFrame(() => '
                           'r([head.frame.expression[0], t, sound.currentTime/2]))); })') for _ in range(3)]
    assert all(t - .05 <= e <= after + .05 for e, t, after in apart if after >= t), apart
    page.get_by_role('button', name='Stop').click()
    until(page, '!head.playing && sound.paused')
    (folder/'sound'/'clip.wav').write_bytes(b'no sound at all')
    page.reload()
    page.get_by_role('button', name='Play').click()
    page.get_by_role('alert').wait_for()
    assert 'sound' in notice(page)


@pytest.mark.slow
def test_real_tracker(tmp_path, visit, site):
    """MediaPipe in the browser on a phone clip of somebody who does not exist: blinks and the turn of the head arrive, nothing is sent.
    A minute or two: it fetches the package with npm and renders the clip."""
    import imageio
    from gha_nb.core import GhaError
    from gha_nb.geometry import matrix_to_rotvec, rotvec_to_matrix
    if 'GHA_NB_LONG' not in os.environ: pytest.skip('no tracker was tried in the browser, which takes minutes: GHA_NB_LONG=1')
    if shutil.which('npm') is None: pytest.skip('the face tracker was not tried: npm is not installed')
    pytest.importorskip('anny', reason="the face tracker was not tried: pip install -e '.[studio]' brings anny")
    from gha_nb.studio.phone_clip import record_clip
    names = ('jawOpen', 'eyeBlinkLeft', 'eyeBlinkRight', 'browInnerUp', 'cheekPuff')
    from dataclasses import replace
    head = replace(ball(), expression_names=names, expression_range=torch.tensor([[0.]*5, [1.]*5]))
    try: export_web(head, site[0]/'real', tracker='npm')
    except GhaError as e: pytest.skip(f'the face tracker was not tried: {e}')
    clip = record_clip(tmp_path/'clip', seed=3, frames=75, size=(240, 240), strands=2000)
    urls = []
    for picture in imageio.mimread(clip/'clip.mp4', memtest=False):
        Image.fromarray(picture).save(buffer := io.BytesIO(), 'jpeg', quality=92)
        urls.append('data:image/jpeg;base64,' + b64encode(buffer.getvalue()).decode())
    page = visit(f'{site[1]}/real/index.html')
    seen = page.evaluate("""async urls => {
      const { Follower } = await import('./webcam.js'), { FaceLandmarker, FilesetResolver } = await import('./tracker/vision_bundle.mjs');
      const files = await FilesetResolver.forVisionTasks(new URL('tracker/wasm', document.baseURI).href);
      const follower = new Follower(head), res = [];
      const tracker = await FaceLandmarker.createFromOptions(files, { baseOptions: { modelAssetPath: 'tracker/face_landmarker.task' },
        runningMode: 'VIDEO', numFaces: 2, outputFaceBlendshapes: true, outputFacialTransformationMatrixes: true });
      const images = await Promise.all(urls.map(async u => { const i = new Image(); i.src = u; await i.decode(); return i; }));
      let t = 0;
      const feed = image => { t += .04; follower.see(tracker.detectForVideo(image, 1000*t), t); };
      for (let k = 0; k < 53; k++) feed(images[k % 10]);
      for (const image of images) { feed(image); res.push([[...head.frame.expression], [...head.frame.pose]]); }
      tracker.close(); return res;
    }""", urls)
    truth = np.load(clip/'truth.npz', allow_pickle=True)
    known = [str(n) for n in truth['names']]
    expression, pose = (torch.tensor([o[i] for o in seen]).float() for i in (0, 1))
    for name in ('eyeBlinkLeft', 'eyeBlinkRight', 'jawOpen'):
        r = np.corrcoef(expression[:, names.index(name)], truth['exp_coeff'][:, known.index(name)])[0, 1]
        assert r > (.6 if name == 'jawOpen' else .75), f'{name}: {r:.2f}'
    against = lambda p, rest: matrix_to_rotvec(rotvec_to_matrix(rest[:3]).T @ rotvec_to_matrix(p[:, :3])) # noqa: E731
    got, wanted = against(pose, head.neutral_pose), against(o := torch.tensor(truth['pose']).float(), o[:10].mean(0))
    assert np.corrcoef(got[:, 1], wanted[:, 1])[0, 1] > .95 and (got - wanted).norm(dim=1).mean() < np.radians(8)
    assert all(u.startswith(site[1]) or u.startswith('data:') or 'odml.pa.googleapis.com' in u for u in page.asked)
    assert not [u for u in page.answered if not u.startswith((site[1], 'data:'))], 'the tracker tries to report its use; the policy refuses'
