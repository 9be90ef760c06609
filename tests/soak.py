"""Training with an open viewer, while a browser that is moved at random comes and goes, and the memory of the process is watched

    python tests/soak.py --minutes 60 --preset laptop --report soak.json

The training is `gha-nb train --view` in a process of its own, as a user starts it, on the demo capture without perceptual weights:
that term begins late and takes memory of its own, which would hide a leak or look like one. The visits come from `--seed`.
"""
import argparse, json, re, signal, subprocess, sys, tempfile, threading, time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import psutil
from conftest import chromium, environment, webgl

allowed = ('neutral', 'random', 'extreme', 'mirror', 'straight on', 'pause', 'go on', 'one step', 'add a key', 'go there', 'replace',
           'delete', 'render', 'cancel', 'save the path')
patience = 300  # seconds for what has to happen: a busy machine is no fault of the viewer's
folders = ('around the head', 'between two frames', 'truth and rendering', 'first stage: the mesh')


class Training:
    "`gha-nb train --view` in a process of its own"
    def __init__(self, capture, out: Path, preset: str, minutes: float):
        self.out, self.said, self.address, self.memory, self.started = out, [], None, [], time.monotonic()
        code = 'import sys; from gha_nb.app import main; sys.exit(main())'
        options = ['train', str(capture), '--out', str(out), '--preset', preset, '--minutes', str(minutes), '--view']
        self.process = subprocess.Popen([sys.executable, '-u', '-c', code, *options],
                                        env=environment(GHA_NB_VIEWER_PORT='0', GHA_NB_DEVICE='cpu'),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.sample, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if found := re.search(r'viewer: (http://\S+)', line): self.address = found[1]

    def sample(self):
        "Seconds since the start, MB of memory that are resident, and the stage of the training, twice a second"
        try:
            p = psutil.Process(self.process.pid)
            while self.process.poll() is None:
                stage = 2 if (self.out/'log.jsonl').exists() else 1
                self.memory.append((round(time.monotonic() - self.started, 1), round(p.memory_info().rss/2**20, 1), stage))
                time.sleep(.5)
        except psutil.NoSuchProcess: pass

    def alive(self): return self.process.poll() is None
    def step(self):
        "The last step that the logs of the two stages know of"
        logs = [o.read_text().splitlines() for name in ('log.jsonl', 'guidance.jsonl') if (o := self.out/name).exists()]
        return max((json.loads(lines[-1])['step'] for lines in logs if lines), default=0)

    def end(self):
        if self.alive():
            self.process.send_signal(signal.SIGINT)
            try: self.process.wait(60)
            except subprocess.TimeoutExpired: self.process.kill()


class Visitor:
    "A window of the viewer, in which something happens at random"
    def __init__(self, browser, address: str, rng, counts: dict, troubles: list, shot: Path|None):
        self.rng, self.counts, self.troubles, self.shot, self.crashed = rng, counts, troubles, shot, False
        self.page = browser.new_page(viewport=dict(width=760, height=480))
        self.page.set_default_timeout(4000)
        self.page.on('pageerror', lambda e: self.trouble(f'script of the page: {str(e)[:300]}'))
        self.page.on('crash', lambda _: self.crash())
        self.page.goto(f'{address}/?fixedDpr=1', timeout=1000*patience)
        self.page.get_by_text('training').first.wait_for(timeout=1000*patience)

    def trouble(self, what):
        if what not in self.troubles: self.troubles.append(what)
    def crash(self): self.crashed = True; self.trouble('the browser tab crashed')

    def one_of(self, selector: str, known=None):
        "Something visible, at random"
        found = [o for o in self.page.locator(f'{selector}:visible').all() if known is None or (o.text_content() or '').strip() in known]
        return found[self.rng.integers(len(found))] if found else None

    def drag(self):
        x, y, dx, dy = (float(v) for v in (*self.rng.uniform((60, 150), (280, 330)), *self.rng.normal(0, 60, 2)))
        self.page.mouse.move(x, y); self.page.mouse.down(); self.page.mouse.move(x + dx, y + dy, steps=4); self.page.mouse.up()
    def zoom(self):
        self.page.mouse.move(180, 250); self.page.mouse.wheel(0, float(self.rng.normal(0, 150)))
    def click_scene(self): self.page.mouse.click(*(float(v) for v in self.rng.uniform((60, 150), (280, 330))))
    def slider(self):
        if (o := self.one_of('[role=slider]')) is None: return
        o.focus()
        for _ in range(self.rng.integers(1, 5)): self.page.keyboard.press(str(self.rng.choice(['ArrowRight', 'ArrowLeft', 'Home', 'End'])))
    def tab(self):
        if (o := self.one_of('[role=tab]')) is not None: o.click()
    def box(self):
        if (o := self.one_of('input[type=checkbox]')) is not None: o.click(force=True)
    def button(self):
        if (o := self.one_of('button', allowed)) is not None: o.click()
    def choose(self):
        if (o := self.one_of('input[aria-haspopup=listbox]')) is None: return
        o.click()
        if (o := self.one_of('[role=option]')) is not None: o.click()
        else: self.page.keyboard.press('Escape')
    def folder(self):
        if (o := self.one_of(f":text-matches('^({'|'.join(folders)})$')")) is not None: o.click()
    def reload(self): self.page.reload(timeout=1000*patience)
    def look(self): self.page.wait_for_timeout(float(self.rng.uniform(200, 2000)))

    weights = dict(drag=4, zoom=1, click_scene=1, slider=5, tab=2, box=2, button=2, choose=2, folder=1, reload=.4, look=3)
    def act(self):
        "Do one thing; what takes a slow page too long counts as missed"
        from playwright.sync_api import Error, TimeoutError
        name = str(self.rng.choice(list(self.weights), p=np.array(list(self.weights.values()))/sum(self.weights.values())))
        try: getattr(self, name)()
        except TimeoutError: name = 'missed'
        except Error as e:
            gone = any(o in str(e) for o in ('not visible', 'not attached')) # a folder was closed, a page was drawn anew, in between
            if not self.crashed and not gone: self.trouble(f'{name}: {str(e)[:300]}')
            name = 'missed'
        self.counts[name] = self.counts.get(name, 0) + 1
        self.read()

    def read(self):
        "What does the panel complain about?"
        from playwright.sync_api import Error
        try: text = self.page.evaluate('document.body.innerText')
        except Error: return ''
        for o in re.findall(r'.*\bfailed: .*', text): self.trouble(f'panel: {o[:300]}')
        return text

    def leave(self):
        "Go away, and leave no training behind that stands still"
        from playwright.sync_api import Error
        try:
            if not self.crashed:
                if self.shot: self.page.screenshot(path=self.shot, timeout=1000*patience)
                if 'paused (' in self.read(): self.page.get_by_role('button', name='go on', exact=True).click(timeout=1000*patience)
                self.page.close()
        except Error as e: self.trouble(f'leaving: {str(e)[:300]}')


def until(what, seconds, message):
    end = time.monotonic() + seconds
    while not (res := what()):
        assert time.monotonic() < end, message()
        time.sleep(.2)
    return res


def grown(memory: list, warm: float): # MB; None where a stage was too short to tell
    "By how much the most that is used after the warm part exceeds the most in its last quarter"
    k = round(warm*len(memory))
    if k < 4 or k == len(memory): return None
    return round(max(memory[k:]) - max(memory[k - k//4:k]), 1)


def soak(seconds: float, # of visits; the training is given more time than that, and is stopped by a visitor
         preset: str, capture, out: Path, # as `gha-nb train` has them
         seed: int = 0,
         warm: float = .5, # share of each stage after which memory should no longer grow
         shots: Path|None = None, # a folder for a screenshot at the end of each visit
         say=lambda text: None):
    "A report: memory, steps, visits, actions, troubles"
    from playwright.sync_api import sync_playwright
    rng, counts, troubles, visits, stay = np.random.default_rng(seed), {}, [], dict(opened=0, closed=0), min(60., seconds/6)
    t = Training(capture, out, preset, minutes=1.3*seconds/60 + .5)
    why = lambda: f'the training ended with {t.process.poll()}: ' + '\n'.join(t.said[-20:])
    try:
        until(lambda: t.address or not t.alive(), patience, why)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=chromium, args=list(webgl))
            def enter():
                visits['opened'] += 1
                shot = shots and shots/f"visit_{visits['opened']:03d}.png"
                return Visitor(browser, t.address, rng, counts, troubles, shot)
            first, begin, marks = enter(), time.monotonic(), []
            first_step, arrived = t.step(), begin - t.started
            pages, told = [first], 0
            while (now := time.monotonic() - begin) < seconds and t.alive():
                if now >= told:
                    say(f'{now:6.0f} s, step {t.step()}, {t.memory[-1][1]:.0f} MB, visits {visits}, {counts}, troubles {troubles}')
                    told += seconds/60
                if not pages: pages = [enter() for _ in range(rng.integers(1, 3))]
                end = time.monotonic() + rng.uniform(.2, 1)*stay
                while time.monotonic() < end and t.alive() and not any(o.crashed for o in pages): pages[rng.integers(len(pages))].act()
                for o in pages: o.leave(); visits['closed'] += 1
                pages = []
                assert urlopen(t.address, timeout=patience).status == 200
                marks.append((round(time.monotonic() - t.started), t.step()))
                time.sleep(rng.uniform(.1, .4)*stay)
            assert t.alive(), why()
            last_step, stopped = t.step(), time.monotonic() - t.started
            v = enter()
            if shots: v.page.screenshot(path=shots/'before_the_stop.png', timeout=1000*patience)
            v.page.get_by_role('button', name='stop and save', exact=True).click(timeout=1000*patience)
            until(lambda: not t.alive(), patience, lambda: 'the training was asked to stop and goes on: ' + v.read()[:2000])
            visits['closed'] += 1
            browser.close()
        code = t.process.wait(patience)
    finally: t.end()
    if (k := next((k for k, o in enumerate(t.said) if 'Traceback' in o), None)) is not None:
        troubles.append('the training said: ' + '\n'.join(t.said[max(0, k - 3):][:60]))
    memory = [o for o in t.memory if arrived <= o[0] <= stopped]
    growth = {stage: grown([mb for _, mb, k in memory if k == stage], warm) for stage in (1, 2)}
    return dict(preset=preset, seconds=round(stopped), seed=seed, exit_code=code, saved=(out/'avatar.safetensors').exists(),
                first_step=first_step, last_step=last_step,
                said=t.said[-5:], visits=visits, actions=counts, troubles=troubles, growth_megabytes=growth,
                memory=memory[::max(1, len(memory)//240)], steps=marks)


def main():
    from gha_nb.core import demo_capture_path
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--minutes', type=float, default=1.)
    parser.add_argument('--preset', default='tiny')
    parser.add_argument('--capture', default=demo_capture_path())
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--warm', type=float, default=.5, help='share of each stage after which memory should no longer grow')
    parser.add_argument('--shots', type=Path, help='a folder for a screenshot at the end of each visit')
    parser.add_argument('--report', type=Path, help='a JSON file with everything')
    a = parser.parse_args()
    if a.shots: a.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report = soak(60*a.minutes, a.preset, a.capture, Path(folder)/'run', a.seed, a.warm, a.shots, lambda text: print(text, flush=True))
    if a.report: a.report.write_text(json.dumps({k: v for k, v in report.items() if k != 'said'}) + '\n') # nothing of this machine
    report['memory'] = report['memory'][::max(1, len(report['memory'])//12)]
    print(json.dumps(report | dict(steps=report['steps'][-3:]), indent=1))
    if report['troubles'] or report['exit_code'] or max(v or 0 for v in report['growth_megabytes'].values()) > 200: sys.exit('not clean')


if __name__ == '__main__': main()
