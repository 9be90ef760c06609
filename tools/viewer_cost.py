"""What the viewer costs a training, and how soon a slider is answered

    python tools/viewer_cost.py training   # steps a second without a viewer, with one nobody looks at, and with a browser that watches
    python tools/viewer_cost.py slider     # from the slider's callback to the splats that a client on this machine has received

Quote the numbers of a quiet machine only. `training` alternates the three cases within one run, so that a machine that becomes slower
does not favour one of them. A headless browser draws without a GPU: on the cores of the training it takes more than the viewer does.
`--cores 0 --browser-cores 1` (Linux) keeps the two apart as far as cores do not share what they work with; `--elsewhere` leaves the
browser's drawing out altogether.
"""
import argparse, json, os, subprocess, sys, tempfile, threading, time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

root = Path(__file__).resolve().parent.parent
cases = ('without', 'nobody looks', 'somebody watches')


def watch(address):
    "A headless browser that opens and closes the viewer as the lines of its input say"
    sys.path.insert(0, str(root/'tests'))
    from conftest import chromium, webgl
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        browser = None
        for line in sys.stdin:
            if browser is not None: browser.close(); browser = None # two cases in a row may be watched
            if line.strip() == 'open':
                browser = p.chromium.launch(executable_path=chromium, args=list(webgl))
                page = browser.new_page(viewport=dict(width=760, height=480))
                page.goto(f'{address}/?fixedDpr=1')
                page.get_by_text('steps a second').first.wait_for(timeout=60000)
            print('done', flush=True)
        if browser is not None: browser.close()


def receive(address):
    "Like `watch`, but as a browser on another machine looks from here: it has a camera and receives everything, and draws nothing"
    from msgspec.msgpack import encode
    from viser import __version__
    from viser._messages import ViewerCameraMessage
    from websockets.sync.client import connect
    camera = ViewerCameraMessage((0., 1., 0., 0.), (0., 0., 4.), .6, .01, 100., 480, 760, (0., 0., 0.), (0., 1., 0.))
    client = None
    for line in sys.stdin:
        if client is not None: client.close(); client = None
        if line.strip() == 'open':
            client = connect(address.replace('http', 'ws'), subprotocols=[f'viser-v{__version__}'], max_size=None)
            client.send(encode(camera.as_serializable_dict()))
            def drain(client=client):
                with suppress(Exception): # the connection's end
                    while True: client.recv()
            threading.Thread(target=drain, daemon=True).start()
        print('done', flush=True)


class Rotation:
    "A callback that lets another one through in some blocks of time, and counts the steps of each"
    def __init__(self, live, stage: int, rounds: int, seconds: float, browser_cores=None, elsewhere: bool = False):
        self.live, self.stage, self.seconds, self.speeds = live, stage, seconds, {c: [] for c in cases}
        self.blocks = [c for i in range(rounds) for c in (cases if i % 2 == 0 else cases[::-1])]
        pinned = ['taskset', '-c', browser_cores] if browser_cores else []
        self.browser = subprocess.Popen([*pinned, sys.executable, __file__, 'receive' if elsewhere else 'watch',
                                         f'http://127.0.0.1:{live.server.get_port()}'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.case, self.begun, self.steps = None, None, 0

    def send_to_browser(self, what):
        "Let the browser come or go, and wait until it has; the server has threads of its own"
        self.browser.stdin.write(what + '\n'); self.browser.stdin.flush()
        if not self.browser.stdout.readline(): raise RuntimeError('the browser has ended')

    def on_guidance_start(self, run): self.live.on_guidance_start(run)
    def on_start(self, run): self.live.on_start(run)
    def on_guidance_step(self, run):
        if self.stage == 1: self.step(run, self.live.on_guidance_step)
    def on_step(self, run):
        if self.stage == 2: self.step(run, self.live.on_step)

    def step(self, run, shown):
        "One step of a block; changing over does not count, nor do the first steps after it"
        if self.case is not None and self.case != 'without': shown(run)
        now = time.perf_counter()
        if self.case is not None and self.begun is None and now >= self.ready: self.begun, self.steps = now, 0; return
        self.steps += 1
        if self.case is None or self.begun is not None and now - self.begun >= self.seconds: self.change(run, now)

    def change(self, run, now):
        if self.case is not None:
            if bool(self.live.server.get_clients()) != (self.case == cases[2]):
                raise RuntimeError(f'{self.case!r}, but the viewer has {len(self.live.server.get_clients())} clients')
            self.speeds[self.case].append(self.steps/(now - self.begun))
            print(f'{self.case:18s}{self.speeds[self.case][-1]:7.2f} steps a second', flush=True)
        if not self.blocks: run.request_stop('measured'); self.browser.stdin.close(); return
        self.case = self.blocks.pop(0)
        self.send_to_browser('open' if self.case == cases[2] else 'close')
        self.begun, self.ready = None, time.perf_counter() + .3*self.seconds


def training(a):
    from gha_nb.core import demo_capture_path
    from gha_nb.viewer.live import LiveViewer
    from gha_nb.training.presets import find_preset
    from gha_nb.training.training import train
    if a.cores: os.sched_setaffinity(0, {int(c) for c in a.cores.split(',')})
    preset = find_preset(a.preset)
    preset = replace(preset,
                     stages=preset.stages.changed(guidance=replace(preset.guidance,
                                                                   patience=10**9)), # the first stage goes on as long as it is measured
                     losses=preset.losses.changed(perceptual=0.)) # begins too late to be measured: its network need not be there
    r = Rotation(LiveViewer(port=0, say=lambda s: None), a.stage, a.rounds, a.seconds, a.browser_cores, a.elsewhere)
    with tempfile.TemporaryDirectory() as folder:
        train(a.capture or demo_capture_path(), Path(folder)/'run', preset, steps=10**7, init='guidance' if a.stage == 1 else 'cloud',
              callbacks=(r,), progress=False, device=a.device)
    r.live.close(); r.browser.wait(30)
    speed = {c: float(np.median(v)) for c, v in r.speeds.items()}
    print(json.dumps(dict(preset=a.preset, stage=a.stage, steps_a_second={c: [round(o, 3) for o in v] for c, v in r.speeds.items()},
                          median=speed,
                          slower={c: round(1 - speed[c]/speed['without'], 3) for c in cases[1:]}, cores=a.cores,
                          browser_cores=a.browser_cores, elsewhere=a.elsewhere), indent=1))


def slider(a):
    import torch
    import viser
    from websockets.sync.client import connect

    from gha_nb.evaluation.benchmark import shell_avatar
    from gha_nb.core import load_settings, prepare_threads
    from gha_nb.training.presets import find_preset
    from gha_nb.viewer.viewer import view
    if a.cores: os.sched_setaffinity(0, {int(c) for c in a.cores.split(',')})
    threads = prepare_threads(load_settings().threads)
    preset = find_preset(a.preset)
    avatar = shell_avatar(replace(preset, points=a.gaussians or preset.points)).eval()
    avatar.expression_range[0], avatar.expression_range[1] = -1., 1.
    torch.manual_seed(0)
    with torch.no_grad():
        for p in avatar.generator.parameters(): p += .02*torch.randn_like(p) # one that was never trained does not move
    viewer, drawn, received = view(avatar, port=0, block=False, say=lambda s: None), [], []
    names, inside, draw = avatar.expression_names, [], viewer.inspector.draw
    def timed(*args): draw(*args); inside.append(time.perf_counter())
    viewer.inspector.draw = timed
    with connect(f'ws://127.0.0.1:{viewer.server.get_port()}', subprotocols=[f'viser-v{viser.__version__}'], max_size=None) as client:
        def splats(patience=10):
            while len(client.recv(timeout=patience)) < 16*len(avatar): pass # 32 bytes a splat; everything else is shorter
            return time.perf_counter()
        with suppress(TimeoutError):
            while True: splats(1) # those of the beginning
        for i in range(a.repeats + 5):
            time.sleep(.15); inside.clear()
            start = time.perf_counter()
            # calls what a browser's message calls
            viewer.controls.sliders[names[i % len(names)]].value = .6 if i//len(names) % 2 == 0 else -.6
            received.append(splats() - start)
            while not inside: time.sleep(.001)
            drawn.append(inside[0] - start)
    viewer.close()
    drawn, received = 1e3*np.array(drawn[-a.repeats:]), 1e3*np.array(received[-a.repeats:])
    spread = lambda t: dict(zip(('median', '90 %', 'most'), np.round((np.median(t), np.quantile(t, .9), t.max()), 1).tolist()))
    print(json.dumps(dict(gaussians=len(avatar), threads=threads, repeats=a.repeats, milliseconds_until_handed_to_the_server=spread(drawn),
                          milliseconds_until_received_by_a_client=spread(received)), indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=('training', 'slider', 'watch', 'receive'), metavar='training|slider')
    parser.add_argument('address', nargs='?', help=argparse.SUPPRESS)
    parser.add_argument('--preset', default='laptop')
    parser.add_argument('--capture', help='of the training; the demo capture if none')
    parser.add_argument('--stage', type=int, choices=(1, 2), default=2)
    parser.add_argument('--rounds', type=int, default=5, help='times that each case is measured')
    parser.add_argument('--seconds', type=float, default=15., help='of each measurement')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--gaussians', type=int, default=12_000)
    parser.add_argument('--repeats', type=int, default=60, help='movements of a slider')
    parser.add_argument('--elsewhere', action='store_true',
                        help='who watches receives everything and draws nothing here, like a browser on another machine')
    parser.add_argument('--cores', help='on which the training runs, such as 0 or 0,1 (Linux)')
    parser.add_argument('--browser-cores', help='on which the browser runs')
    a = parser.parse_args()
    os.environ.setdefault('GHA_NB_PROGRESS', '0')
    if a.what in ('watch', 'receive'): globals()[a.what](a.address)
    else: dict(training=training, slider=slider)[a.what](a)


if __name__ == '__main__': main()
