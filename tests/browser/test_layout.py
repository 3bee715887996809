"""What can be read on a page is whole: no text is cut, lies over another, or beyond the screen (see layout.js)."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from test_pictures import check

from pacviz.bounds import BOUNDS
from pacviz.experiments.experiment import EXPERIMENTS

LAYOUT = (Path(__file__).parent / "layout.js").read_text()
SIZES = {"laptop": (1280, 720), "hall": (1920, 1080), "phone": (390, 844)}
PAGES = ["" if one == EXPERIMENTS[0] else one.page for one in EXPERIMENTS]
CHART = ":is(.js-plotly-plot .main-svg, .explorer svg.chart, .pacviz-sheet):visible"
CROSSED = [
    *(
        f"?bound={bound}&along={along}"
        for bound in BOUNDS
        for along in ("sparsity", "bits", "noise")
        if bound != "occam"
    ),
    *(
        "?bound=occam&sparsity=0.5",
        "?noise=0.05&bound=catoni&sparsity=0.97",
        "?n=620",
        "?checkpoint=plain",
        "?tour=1",
        "?tour=4",
    ),
    "?pins=sparsity:0.99,bits:2;data:mnist",
    *(f"bounds?bounds_bound={bound}&bounds_kl=123456" for bound in BOUNDS),
    *(f"tightest?tight_show={panel}" for panel in ("Bytes", "Mistakes", "Certificate")),
    *("tightest?tight_near=true", "tightest?tight_point=subspace-edges-mnist-dense-1000-31"),
    *("frontier?frontier_model=mlp", "frontier?frontier_data=digits&frontier_bits=4"),
    *(
        "labels?labels_name=resnet8-cifar10-jpeg",
        "labels?labels_method=one-shot",
        "holds?holds_learner=guess",
        "data?start=50000",
        "tails?tails_way=singular_values&tails_layer=fc4&tails_kept=0.02",
    ),
]
"""States of pages beside the ones that they open with."""


@contextmanager
def screen(browser, size):
    """A page of that size, touched where it is a phone."""
    width, height = SIZES[size]
    phone = size == "phone"
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone)
    try:
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page
    finally:
        context.close()


def settled(page) -> None:
    """Waits until the page shows its charts and its boxes stay where they are."""
    expect(page.locator(CHART).first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate(
        """async () => { await document.fonts.ready;
        for (let [last, same] = ["", 0]; same < 4; ) {
          await new Promise(done => setTimeout(done, 50));
          const now = [...document.querySelectorAll("svg, p, h3, button")].map(node => {
            const { left, top, width, height } = node.getBoundingClientRect();
            return [left, top, width, height].join(); }).join(" ");
          [last, same] = [now, now === last ? same + 1 : 0];
        } }"""
    )


WHOLE = """() => [...document.querySelectorAll(".js-plotly-plot")].every(chart => {
  const [drawn, axis] = [".main-svg", ".xlines-above"].map(part => chart.querySelector(part).getBoundingClientRect());
  const size = chart._fullLayout._size, end = drawn.top + size.t + size.h;
  return Math.abs(drawn.height - chart.parentElement.clientHeight) < 3 && (!axis.width || Math.abs(axis.bottom - end) < 3); })"""
"""Whether every chart fills its place, with its axis at the lower end."""


def wrong(page, least=0) -> list[str]:
    """What is wrong with what a page shows: see layout.js.  least: pixels of the smallest letters that a chart may have."""
    settled(page)
    if least:
        page.wait_for_function(WHOLE)
        settled(page)
    result = page.evaluate(LAYOUT, {"least": least})
    assert result["count"] > 10, f"{page.url} shows next to nothing"
    size = page.viewport_size["width"]
    return [f"{page.url} at {size}: {problem}" for problem in result["problems"]]


@pytest.mark.slow
def test_no_text_of_any_page_is_cut_or_covered_on_a_laptop_in_a_hall_and_projected(app, browser):
    result = []
    with screen(browser, "laptop") as page:
        for name in PAGES:
            page.goto(f"{app}/{name}")
            result += wrong(page)
            page.set_viewport_size(dict(zip(("width", "height"), SIZES["hall"], strict=True)))
            result += wrong(page)
            page.set_viewport_size(dict(zip(("width", "height"), SIZES["laptop"], strict=True)))
            page.keyboard.press("p")
            page.wait_for_selector(".pacviz-presenting")
            result += wrong(page, least=18)
    assert not result


@pytest.mark.slow
def test_no_text_of_any_page_is_cut_or_covered_on_a_phone(app, browser):
    result = []
    with screen(browser, "phone") as page:
        for name in PAGES:
            page.goto(f"{app}/{name}")
            result += wrong(page)
    assert not result


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", CROSSED)
def test_no_text_of_any_state_is_cut_or_covered(app, browser, size, state):
    with screen(browser, size) as page:
        page.goto(f"{app}/{state}")
        problems = wrong(page)
        link = page.locator("[data-testid=stAlertContentWarning]")
        assert link.count() == 0, link.all_inner_texts()
    assert not problems


@pytest.mark.long
@pytest.mark.parametrize("size", ["laptop", "hall"])
@pytest.mark.parametrize("state", CROSSED)
def test_no_text_of_any_state_is_cut_or_covered_when_projected(app, browser, size, state):
    with screen(browser, size) as page:
        page.goto(f"{app}/{state}{'&' if '?' in state else '?'}present=1")
        problems = wrong(page, least=18)
    assert not problems


def test_what_is_wrong_is_found(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.set_content(
        """<p style="position:absolute;left:20px;top:20px">under</p><p style="position:absolute;left:30px;top:22px">over</p>
        <div style="width:40px;overflow:hidden;white-space:nowrap;margin-top:100px">cut at the right</div>
        <p style="margin-left:370px;white-space:nowrap">beyond the screen</p>
        <svg width="300" height="60"><text x="5" y="30" font-size="12">small</text>
        <text x="5" y="2" font-size="30">top</text></svg>"""
    )
    result = page.evaluate(LAYOUT, {"least": 18})["problems"]
    for what in ("over one another", "cut at the right", "beyond the screen", "smaller than 18 pixels", "cut above"):
        assert any(problem.startswith(what) for problem in result), what
    page.set_content("<p>one</p><p>two</p><svg width=300 height=60><text x=5 y=40 font-size=20>three</text></svg>")
    assert page.evaluate(LAYOUT, {"least": 18})["problems"] == []


@pytest.mark.slow
def test_charts_of_every_page_are_saved_as_whole_pictures(app, browser, page):
    saved = []
    with screen(browser, "laptop") as opened:
        for name in ("frontier", "tightest"):
            opened.goto(f"{app}/{name}")
            settled(opened)
            opened.locator(".js-plotly-plot:visible").first.hover()
            with opened.expect_download() as kept:
                opened.locator(".pacviz-save:visible button", has_text="SVG").first.click()
            saved.append((name, Path(kept.value.path()).read_text()))
        with opened.expect_download() as kept:
            opened.locator(".pacviz-save:visible button", has_text="PNG").first.click()
        head = Path(kept.value.path()).read_bytes()[:24]
        assert (head[:4], head[16:24]) == (b"\x89PNG", (1920).to_bytes(4, "big") + (1080).to_bytes(4, "big"))
    for name, svg in saved:
        told = check(page, svg)
        assert f"pacviz: {name}" in told
        assert any("elow" in text for text in told)  # its takeaway
