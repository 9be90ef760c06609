"""Pictures of the viewer and of the designer for the documentation, taken in a headless Chromium

    python tools/screenshots.py                   # trains a small avatar of the demo capture first, a minute or two
    python tools/screenshots.py --run runs/small  # or shows one that there is, of the demo capture, with at most some 2,000 Gaussians

Writes `nbs/images/viewer_*.png`. A browser without a GPU draws splats on the CPU, so there must not be many. Look at what it has made.
"""
import argparse, sys, tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root/'tests'))
size, largest = dict(width=1120, height=660), 120_000  # of the window, pixels, and of a file, bytes


def small_run(folder: Path) -> Path:
    "A run on the demo capture with few Gaussians"
    from gha_nb.core import demo_capture_path
    from gha_nb.training.presets import find_preset
    from gha_nb.training.training import train
    preset = replace(find_preset('light'), points=2000)
    train(demo_capture_path(), folder, preset, steps=500, init='cloud', device='cpu')
    return folder


def visit(browser, server, seconds: float = 6.):
    "A page of the viewer, once its splats have faded in, without the notice that there is no GPU"
    page = browser.new_page(viewport=size)
    page.goto(f'http://127.0.0.1:{server.get_port()}/?fixedDpr=1')
    notice = page.locator('.mantine-Notification-closeButton')
    notice.first.wait_for(timeout=20000)
    while notice.count(): notice.first.click(); page.wait_for_timeout(600)
    page.wait_for_timeout(1000*seconds)
    return page


def keep(page, name: str):
    "Save what is seen, in as many colours as fit into the file"
    page.mouse.move(size['width']//2 - 60, 8)  # no hint of a control that the mouse happens to be on
    page.wait_for_timeout(800)
    out = root/'nbs'/'images'/f'viewer_{name}.png'
    page.screenshot(path=out)
    picture = Image.open(out).convert('RGB')
    for colors in (256, 128, 64):
        picture.quantize(colors, dither=Image.Dither.NONE).save(out, optimize=True)
        if out.stat().st_size < largest: break
    print(f'{out.relative_to(root)}: {out.stat().st_size//1024} KB', flush=True)


def choose(page, label: str, option: str):
    page.get_by_label(label, exact=True).click()
    page.get_by_role('option', name=option, exact=True).click()


def viewer_pictures(browser, run: Path):
    from gha_nb.core import demo_capture_path
    from gha_nb.viewer.viewer import view
    viewer = view(run, demo_capture_path(), port=0, block=False, say=lambda s: None)
    try:
        page = visit(browser, viewer.server)
        viewer.controls.set_values(dict(jawOpen=.35, mouthSmileLeft=.6, mouthSmileRight=.6, browInnerUp=.5))
        viewer.controls.turns['turn'].value = 15.
        page.wait_for_timeout(3000)
        keep(page, 'gaussians')
        page.get_by_role('tab', name='inspect').click()
        choose(page, 'colour by', 'displacement')
        page.wait_for_timeout(2500)
        page.mouse.click(.33*size['width'], .55*size['height'])
        page.get_by_text('of what you clicked').wait_for(timeout=30000)
        keep(page, 'inspector')
        viewer.inspector.by.value = 'their colour'
        if viewer.inspector.marker is not None: viewer.inspector.marker.visible = False
        page.get_by_role('tab', name='compare').click()
        viewer.compare.frame.value, viewer.compare.mode.value, viewer.compare.on.value = 5, 'wipe', True
        page.locator('img[src^="blob:"]:visible').first.wait_for(timeout=30000)
        page.wait_for_timeout(2500)
        keep(page, 'compare')
        page.close()
    finally: viewer.close()


def designer_picture(browser):
    from gha_nb.studio.people import example_people
    from gha_nb.viewer.design_panel import design_in_browser
    panel = design_in_browser(example_people['Dele'], port=0, block=False, say=lambda s: None, height=640, strands=12_000)
    try:
        page = visit(browser, panel.server)
        page.get_by_role('tab', name='design').click()
        for title in ('skin',): page.get_by_text(title, exact=True).first.click()
        page.wait_for_timeout(4000)
        keep(page, 'designer')
        page.close()
    finally: panel.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, help='the folder of a run on the demo capture')
    parser.add_argument('--only', choices=('viewer', 'designer'))
    a = parser.parse_args()
    from conftest import chromium, webgl
    from playwright.sync_api import sync_playwright
    if chromium is None: sys.exit('there is no Chromium. On Debian: apt-get install chromium')
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        run = a.run if a.only == 'designer' else a.run or small_run(Path(folder)/'run')
        browser = p.chromium.launch(executable_path=chromium, args=list(webgl))
        if a.only != 'designer': viewer_pictures(browser, run)
        if a.only != 'viewer': designer_picture(browser)
        browser.close()


if __name__ == '__main__': main()
