"""Ten browsers at one viewer, and somebody who sends it damaged messages meanwhile

    python tests/crowd.py --minutes 10 --out results/crowd.json

The viewer is `gha-nb view` in a process of its own, as a user starts it, with a tiny avatar of a synthetic ball. Each browser is a window
with its own cookies in one headless Chromium. Damaged messages begin after half of the time; until then there must be no trouble at all,
from then on what the viewer says of them is counted. What is asked: does it go on, at about the same memory, and does the last window show
what the first one did? Repeatable by seed, but for the moments."""
import argparse, json, re, signal, subprocess, sys, tempfile, threading, time
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import psutil
from conftest import chromium, environment, webgl
from fuzz import odd_bytes, odd_tree, odd_value, pick
from soak import Visitor, until


class Guest(Visitor):
    "A window with cookies of its own"
    weights = dict(drag=4, zoom=1, click_scene=1, slider=4, tab=2, box=1, choose=1, folder=1, reload=.4, look=1)

    def __init__(self, browser, address, rng, counts, troubles):
        self.rng, self.counts, self.troubles, self.shot, self.crashed = rng, counts, troubles, None, False
        self.context = browser.new_context(viewport=dict(width=420, height=320))
        self.page = self.context.new_page()
        self.page.set_default_timeout(8000)
        self.page.on('pageerror', lambda e: self.trouble(f'script of the page: {str(e)[:300]}'))
        self.page.on('crash', lambda _: self.crash())
        self.page.goto(f'{address}/?fixedDpr=1', timeout=300_000)
        self.page.get_by_text('search').first.wait_for(timeout=300_000)


class Rude(threading.Thread):
    "A program that speaks the viewer's language badly"
    def __init__(self, address, rng):
        super().__init__(daemon=True)
        self.url, self.rng, self.counts, self.over = address.replace('http', 'ws'), rng, {}, threading.Event()

    def said(self, known):
        "A message: of a camera, of a control, of a file, or none at all"
        value = pick(self.rng, [odd_value(self.rng), 0., 1., -1e9, 1e300, float('nan'), True, 'x', [0., 1.]])
        camera = dict(type='ViewerCameraMessage', wxyz=[1., 0, 0, 0], position=[0., 0, 3], fov=.5, near=.01, far=100., image_height=48,
                      image_width=64, look_at=[0., 0, 0], up_direction=[0., 1, 0])
        uuid = pick(self.rng, known) if known else 'x'
        return pick(self.rng, [
            odd_tree(self.rng, camera), dict(camera, image_width=10**6), dict(camera, fov=0.), odd_tree(self.rng, dict(camera)),
            dict(type='GuiUpdateMessage', uuid=uuid, updates=dict(value=value)), dict(type='GuiUpdateMessage', uuid=uuid, updates=value),
            dict(type='FileTransferStartUpload', source_component_uuid=uuid, transfer_uuid='a', filename='../../x.json', mime_type='x',
                 part_count=1, size_bytes=4), dict(type='FileTransferPart', source_component_uuid=uuid, transfer_uuid='a', part_index=0,
                                                   content=b'{}{}'), dict(type=pick(self.rng, ['ShareUrlRequest', 'nothing', 7, None]))])

    def run(self):
        from msgspec.msgpack import encode
        from websockets.sync.client import connect
        import viser
        while not self.over.is_set():
            kind = 'sent'
            try:
                with connect(self.url, subprotocols=[f'viser-v{viser.__version__}'], open_timeout=60, close_timeout=1, max_size=None) as s:
                    known = [o.decode() for o in re.findall(rb'[0-9a-f]{8}-[0-9a-f-]{27}', s.recv(60))]
                    for _ in range(int(self.rng.integers(1, 6))):
                        message = self.said(known)
                        try: data = encode(message)
                        except Exception: data = repr(message).encode()  # what msgpack has no word for
                        s.send(odd_bytes(self.rng, data) if self.rng.random() < .3 else data)
                        self.counts['messages'] = self.counts.get('messages', 0) + 1
                        time.sleep(.05)
            except Exception as e: kind = f'ended with {type(e).__name__}'
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.over.wait(.3)


def crowd(seconds, browsers=10, seed=0, say=lambda text: None):
    "A report: windows, actions, messages, how long answers took, memory, troubles"
    from playwright.sync_api import sync_playwright
    gha = [sys.executable, '-u', '-c', 'import sys; from gha_nb.app import main; sys.exit(main())']
    rng, counts, troubles, said, memory, answers = np.random.default_rng(seed), {}, [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        ball, run = Path(folder)/'ball', Path(folder)/'run'
        env = environment(GHA_NB_DEVICE='cpu', GHA_NB_VIEWER_PORT='0')
        make = f'from gha_nb.capture.writer import record_ball; record_ball({str(ball)!r}, frames=4, cameras=3, size=64)'
        subprocess.run([sys.executable, '-c', make], check=True, env=env)
        subprocess.run([*gha, 'train', ball, '--out', run, '--preset', 'tiny', '--steps', '12'], check=True, env=env, capture_output=True)
        before = sorted(str(o) for o in Path(folder).rglob('*'))
        process = subprocess.Popen([*gha, 'view', run, ball], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=lambda: said.extend(iter(process.stdout.readline, '')), daemon=True).start()
        try:
            until(lambda: any('http://' in o for o in said) or process.poll() is not None, 300, lambda: ''.join(said))
            address = re.search(r'http://\S+', ''.join(said))[0]
            use = psutil.Process(process.pid)
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path=chromium, args=list(webgl))
                began = time.monotonic()
                guests = [Guest(browser, address, np.random.default_rng((seed, k)), counts, troubles) for k in range(browsers)]
                opened, rude = time.monotonic() - began, Rude(address, np.random.default_rng((seed, 99)))
                say(f'{browsers} windows after {opened:.0f} s')
                began = time.monotonic()
                while time.monotonic() - began < seconds and process.poll() is None:
                    if not rude.is_alive() and time.monotonic() - began > seconds/2:
                        alone, quiet = list(troubles), len(said)
                        rude.start()
                    guests[rng.integers(browsers)].act()
                    asked = time.monotonic()
                    assert urlopen(address, timeout=120).status == 200
                    answers.append(time.monotonic() - asked)
                    memory.append((round(time.monotonic() - began), round(use.memory_info().rss/2**20)))
                rude.over.set()
                rude.join(120)
                lasted = time.monotonic() - began
                for o in (guests[0], guests[-1]): o.page.reload(timeout=300_000)
                word = f'nobody {seed}'  # what the first one looks for, the last one sees
                first = guests[0].page.get_by_role('tab', name='face')
                if first.count(): first.first.click()
                box = guests[0].page.locator("xpath=//*[text()='search']/following::input[1]")
                box.fill(word)
                box.press('Enter')
                seen = guests[-1].page.locator("xpath=//*[text()='search']/following::input[1]")
                shared = bool(until(lambda: seen.input_value() == word, 120, lambda: f'{seen.input_value()!r} is seen, not {word!r}'))
                browser.close()
            alive = process.poll() is None
            process.send_signal(signal.SIGINT)
            code = process.wait(120)
            new = sorted({str(o) for o in Path(folder).rglob('*')} - set(before))
        finally: process.kill()
    if 'Traceback' in ''.join(said[:quiet]): alone.append('the viewer said: ' + ''.join(said[:quiet])[-3000:])
    later = [o for o in troubles if o not in alone]
    answered = Counter(o.split(':')[0] for o in said[quiet:] if re.match(r'[\w.]*(Error|Exception)\b', o))
    bad = [o for o in later if not o.startswith('panel: ')]
    strange = [o for o in new if '..' in o or Path(o).suffix not in ('', '.json', '.mp4')]
    alone += [*bad, *(f'the folder has something new: {Path(o).name}' for o in strange)]
    half = [mb for t, mb in memory if t > lasted/2] or [0]
    return dict(seed=seed, browsers=browsers, seconds=round(lasted), opened_seconds=round(opened, 1), alive=alive, exit_code=code,
                last_sees_first=shared, actions=dict(sorted(counts.items())), rude=dict(sorted(rude.counts.items())),
                answer_seconds=dict(zip(('median', 'most'), np.round([np.median(answers), max(answers)], 3).tolist())),
                megabytes=dict(first=memory[0][1], half=half[0], last=half[-1], most=max(mb for _, mb in memory)),
                said_of_damaged_messages=dict(sorted(answered.items())), panel_said=[o for o in later if o not in bad], troubles=alone)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=10.)
    parser.add_argument('--browsers', type=int, default=10)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', type=Path, help='JSON file for the numbers')
    args = parser.parse_args()
    report = crowd(60*args.minutes, args.browsers, args.seed, say=print)
    print(json.dumps(report, indent=1))
    if args.out: args.out.write_text(json.dumps(report, indent=1) + '\n')
    sys.exit(bool(report['troubles']) or not report['alive'])
