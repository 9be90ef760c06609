"The designer in a real browser: a person is seen, a tone slider darkens them, the mouse turns them"
import importlib.util

import pytest
from test_viewer import again, browser, settled, until, visit  # noqa: F401  the fixture

pytestmark = [pytest.mark.browser]


def test_design(browser, tmp_path):  # noqa: F811
    if importlib.util.find_spec('anny') is None: pytest.skip("the designer was not looked at: pip install 'gha_nb[studio]' brings anny")
    from gha_nb.viewer.design_panel import design_in_browser
    panel = design_in_browser(port=0, block=False, say=lambda s: None, height=160, strands=300)
    try:
        page = visit(browser, panel.server)
        before = settled(page)
        page.screenshot(path=tmp_path/'before.png')
        page.get_by_role('tab', name='design').click()
        page.get_by_text('skin', exact=True).click()
        sliders = page.get_by_role('slider')
        until(lambda: sliders.count() > 0, page)
        first = next(i for i in range(sliders.count()) if sliders.nth(i).is_visible())  # tone
        again(lambda: sliders.nth(first).press('End'), lambda: panel.preview.design.tone == 1, page)
        middle = (slice(100, 220), slice(120, 260))
        until(lambda: before[middle].mean() > settled(page)[middle].mean() + .1, page, 'a deep tone is darker')
        dark = settled(page)
        page.screenshot(path=tmp_path/'dark.png')
        def turn():
            page.mouse.move(180, 300)
            page.mouse.down()
            page.mouse.move(290, 300, steps=4)
            page.mouse.up()
        again(turn, lambda: abs(settled(page) - dark).max(-1).mean() > .01, page, 'the mouse turns the head')
        page.screenshot(path=tmp_path/'turned.png')
    finally: panel.close()
