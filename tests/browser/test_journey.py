"""The journey of a visit: open, drag, see the numbers change at once, be guided, compare, take it away, share the link."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from pacviz.explorer import TOUR
from pacviz.words import at_most

SCREENSHOTS = Path(__file__).parent / "screenshots"
LABELS = ("train", "test", "code", "bytes", "bound")


def tile(page: Page, name: str) -> str:
    return page.locator(f".explorer [data-tile={name}] strong").inner_text()


def settled(page: Page) -> None:
    """Waits until the number shown is no preview any more."""
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("exact on all|fresh draws"), timeout=180_000)


def no_error(page: Page) -> None:
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("[data-testid=stAlertContentError]").count() == 0


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".explorer svg.chart").first).to_be_visible()


@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", (1280, 720)), ("dark", (1920, 1080)), ("light", (390, 844))], ids=str
)
def test_the_first_screen_shows_its_certificate_and_charts(app, page, theme, viewport):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    visit(page, app)
    settled(page)
    assert page.locator(".explorer svg.chart").count() == 3
    assert page.locator(".explorer .tile").count() == 5
    for chart in page.locator(".explorer svg.chart").all():
        assert re.search(r"\d (B|kB)|\d%", chart.get_attribute("aria-label"))
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0]
    chart = page.locator(".explorer svg.chart").first.bounding_box()
    assert chart["y"] + chart["height"] <= viewport[1]  # seen while the sliders above it are dragged
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"first-{theme}-{viewport[0]}.png")
    no_error(page)


@pytest.mark.slow
def test_dragging_redraws_without_a_message_and_letting_go_measures(app, page):
    messages: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: messages.append(len(frame))))
    visit(page, f"{app}/?checkpoint=plain&v=1")
    settled(page)
    handle = page.locator("#pacviz-sparsity")
    box = handle.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.8 * box["width"], y)
    page.mouse.down()
    before, shown, marks = len(messages), set(), set()
    for share in (0.8, 0.75, 0.7, 0.65, 0.6, 0.55):
        page.mouse.move(box["x"] + share * box["width"], y)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shown.add(tile(page, "bytes"))
        marks.add(page.locator(".explorer .errors svg circle").last.get_attribute("cx"))
    assert len(shown) >= 5
    assert len(marks) >= 5
    assert len(messages) == before
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("recorded|exact|interpolated"))
    page.mouse.up()
    settled(page)
    assert len(messages) > before
    assert "sparsity=" in page.url
    no_error(page)


@pytest.mark.slow
def test_a_link_brings_back_the_setting_the_pins_and_the_numbers(app, page):
    visit(page, f"{app}/?sparsity=0.97&v=1")
    settled(page)
    page.get_by_role("button", name="Pin this").click()
    expect(page.locator(".explorer .pins tbody tr")).to_have_count(2)
    bits = page.get_by_role("slider", name="Codebook bits")
    bits.focus()
    bits.press("ArrowLeft")
    page.get_by_label("Bound", exact=True).select_option("catoni")
    expect(page).to_have_url(re.compile("bound=catoni"))
    settled(page)
    link = page.url
    assert all(f"{name}=" in link for name in ("sparsity", "bits", "bound", "pins", "v"))
    shown = [tile(page, name) for name in LABELS]
    table = page.locator(".explorer .pins table").inner_text()
    assert page.locator(".explorer .ghosts circle").count() == 2
    page.screenshot(path=SCREENSHOTS / "pins.png")
    page.goto("about:blank")
    visit(page, link)
    settled(page)
    assert [tile(page, name) for name in LABELS] == shown
    assert page.locator(".explorer .pins table").inner_text() == table
    no_error(page)


def test_the_tour_is_led_by_the_keyboard_and_asks_before_it_shows(app, page):
    visit(page, app)
    settled(page)
    page.get_by_role("button", name="Tour", exact=True).click()
    card = page.locator(".explorer .tour")
    expect(card).to_contain_text("1 / ")
    expect(page.locator(".explorer.asking")).to_have_count(1)
    card.get_by_role("button", name="Not vacuous").click()
    expect(page.locator(".explorer.asking")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(card).to_contain_text("2 / ")
    expect(page).to_have_url(re.compile("tour=2"))
    page.keyboard.press("ArrowLeft")
    expect(card).to_contain_text("1 / ")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    no_error(page)


def test_the_sweet_spot_of_the_tour_is_on_the_screen_with_its_point(app, page):
    visit(page, f"{app}/?tour={next(step for step, item in enumerate(TOUR, 1) if item.sweet_spot)}")
    settled(page)
    card, chart = page.locator(".explorer .tour"), page.locator(".explorer svg.chart").first
    for place in (card, chart, chart.locator("circle[data-line]")):
        box = place.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 720


def test_a_projector_shows_what_the_link_leaves(app, page):
    visit(page, f"{app}/?present=1&hide=delta,n,sizes,formula&embed=true")
    settled(page)
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    expect(page.get_by_role("slider", name="Failure probability")).to_have_count(0)
    expect(page.locator(".explorer .sizes")).to_be_hidden()
    assert page.locator(".explorer h2").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 32
    page.screenshot(path=SCREENSHOTS / "projector.png")
    no_error(page)


def test_what_is_taken_away_opens_and_holds_the_shown_numbers(app, page, tmp_path):
    visit(page, app)
    settled(page)

    def taken(button: str, inside: str) -> Path:
        page.locator(f".explorer .{inside}").hover()
        with page.expect_download() as download:
            page.locator(f".explorer .{inside}").get_by_role("button", name=button, exact=True).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    bound = tile(page, "bound")
    values = json.loads(taken("JSON", "take").read_text())
    assert at_most(values["present"]["bound"]) == bound
    assert values["measured"] == "exact"
    rows = list(csv.DictReader(taken("CSV", "take").open()))
    assert rows[-1]["how"] == "present: exact"
    assert at_most(float(rows[-1][values["setting"]["bound"]])) == bound
    assert float(rows[-1]["sparsity"]) == values["setting"]["sparsity"]
    drawing = taken("SVG", "errors").read_text()
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
    assert bound in drawing
    assert taken("PNG", "errors").read_bytes().startswith(b"\x89PNG")
    standalone = taken("HTML", "take")
    other = page.context.new_page()
    other.goto(standalone.as_uri())
    expect(other.locator(".explorer [data-tile=bound] strong")).to_have_text(bound)
    other.get_by_role("slider", name="Sparsity").press("ArrowLeft")
    expect(other.locator(".explorer [data-tile=bytes] strong")).not_to_have_text(tile(page, "bytes"))
    no_error(page)


def test_another_n_is_a_what_if_and_every_large_number_says_so(app, page):
    visit(page, f"{app}/?n=1000&v=1")
    expect(page.locator(".explorer h2")).to_contain_text("If n were 1,000: with probability 95 %, an error below")
    expect(page.locator(".explorer [data-tile=bound]")).to_contain_text("no certificate")
    expect(page.locator(".explorer .badge")).to_contain_text("no certificate")


def test_a_link_with_a_wrong_value_says_so_and_goes_on(app, page):
    page.goto(f"{app}/?sparsity=1.0&v=1")
    expect(page.get_by_text("sparsity must be from 0 to 0.999, got '1.0'")).to_be_visible()
    expect(page.locator(".explorer .tile")).to_have_count(5)


def test_absent_data_is_offered_for_download_without_a_traceback(app, page):
    page.goto(f"{app}/?data=mnist&checkpoint=plain&sparsity=0.876&v=1")
    expect(page.get_by_role("button", name="Download MNIST")).to_be_visible()
    no_error(page)


def test_the_data_page_shows_a_sheet(app, page):
    page.goto(f"{app}/data")
    expect(page.locator(".pacviz-sheet img").first).to_be_visible()
    expect(page.get_by_text("The bound uses the training examples only")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "data.png")
    no_error(page)


def test_a_link_to_a_page_may_be_the_very_first_visit(new_app, page):
    page.goto(f"{new_app}/data?start=200")
    expect(page.get_by_role("link", name="Does it hold?")).to_be_visible()
    expect(page.get_by_text("Examples 200 onwards")).to_be_visible()
    no_error(page)
