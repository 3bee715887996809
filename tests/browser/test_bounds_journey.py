"""The Bounds page in a real browser: it moves under the finger, and a link brings all of it back."""

import csv
import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from pacviz.bounds import BOUNDS
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.cli import main
from pacviz.words import at_most

SCREENSHOTS = Path(__file__).parent / "screenshots"


def visit(page, address):
    page.goto(address)
    expect(page.locator(".what-if svg.chart")).to_have_count(3)
    expect(page.locator(".what-if svg.chart").first).to_have_attribute("aria-label", re.compile(r"\d%"))


def headline(page):
    return page.locator(".what-if h2 b")


def field(page, name):
    return page.get_by_role("spinbutton", name=name)


def shown(page):
    """All that the page says of its point."""
    words = [page.locator(f".what-if {part}").inner_text() for part in ("header", ".tiles", ".formula-box")]
    return words + [box.input_value() for box in page.locator(".what-if input[type=number]").all()]


def test_dragging_redraws_without_a_message_and_letting_go_writes_the_link(app, page):
    messages = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: messages.append(len(frame))))
    visit(page, f"{app}/bounds")
    box = page.locator("#pacviz-kl").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before, seen = len(messages), set()
    line = page.locator(".what-if .n .line[data-line=seeger] path").first
    for share in (0.32, 0.36, 0.4, 0.44, 0.48):
        page.mouse.move(box["x"] + share * box["width"], y)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        mark = page.locator(".what-if .size svg circle").last.get_attribute("cx")
        seen.add((headline(page).inner_text(), line.get_attribute("d"), mark))
    assert len(seen) == 5
    assert len(messages) == before
    assert "bounds_kl" not in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile("bounds_kl="))
    assert len(messages) > before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_preset_a_unit_and_a_typed_number_are_in_the_link_that_brings_them_back(app, page, theme, capsys):
    page.emulate_media(color_scheme=theme)
    visit(page, f"{app}/bounds")
    preset = page.get_by_role("button", name="Zhou · ImageNet")
    preset.click()
    expect(headline(page)).to_have_text("96.54%")
    expect(preset).to_have_attribute("aria-pressed", "true")
    page.get_by_role("radio", name="bytes").press("ArrowLeft")
    expect(field(page, "Complexity K")).to_have_value("2867200")
    expect(headline(page)).to_have_text("96.54%")
    expect(preset).to_have_attribute("aria-pressed", "true")
    page.get_by_role("slider", name="Training error r").press("ArrowLeft")
    expect(field(page, "Training error r")).to_have_value("0.32")
    expect(preset).to_have_attribute("aria-pressed", "false")
    field(page, "Training examples n").fill("1234567")
    field(page, "Training examples n").press("Enter")
    page.get_by_label("Bound", exact=True).select_option("catoni")
    expect(page).to_have_url(re.compile("bounds_bound=catoni"))
    point = OperatingPoint(n=1_234_567, risk=0.32, kl=2_867_200.0, unit="bits", classes=1000, bound="catoni")
    expect(headline(page)).to_have_text(at_most(point.value))
    tiles = page.locator(".what-if .tile")
    for tile, (name, bound) in zip(tiles.all(), BOUNDS.items(), strict=True):
        expect(tile).to_contain_text(f"{bound.title}")
        expect(tile).to_contain_text(at_most(point.bounds[name]))
        says = "vacuous below n =" if point.bounds[name] < point.guessing else "vacuous: n is below"
        expect(tile).to_contain_text(f"{says} {point.least_n[name]:,}")
    line = shlex.split(page.locator(".what-if code").inner_text())
    assert line[:3] == ["python", "-m", "pacviz"]
    assert main([*line[3:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == pytest.approx(point.bounds)
    told, link = shown(page), page.url
    for name in ("n", "risk", "kl", "unit", "classes", "bound"):
        assert f"bounds_{name}=" in link
    assert "v=1" in link
    assert "bounds_delta" not in link
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"bounds-{theme}.png")
    page.goto("about:blank")
    visit(page, link)
    assert shown(page) == told
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0


def test_the_first_two_charts_are_on_a_projector_and_everything_fits_a_phone(app, page):
    visit(page, f"{app}/bounds?bounds_n=1000&bounds_kl=10000&v=1")
    for name in ("size", "n"):
        box = page.locator(f".what-if .{name} svg").bounding_box()
        assert box["y"] + box["height"] <= 720
    expect(page.locator(".what-if .says")).to_contain_text("Vacuous: guessing does as well.")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".what-if .size svg")).to_have_attribute("width", re.compile(r"^[23]\d\d$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in page.locator(".what-if :is(.slider, .tile, .plot, .shell)").all():
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.screenshot(path=SCREENSHOTS / "bounds-phone.png")


def test_what_is_not_allowed_is_said_beside_its_field_and_nothing_moves(app, page):
    visit(page, f"{app}/bounds")
    before = headline(page).inner_text()
    for name, value, words in (
        ("Training examples n", "5", "Training examples n must be a whole number from 10 to 1e+07, got 5"),
        ("Training examples n", "100.5", "must be a whole number from 10"),
        ("Training error r", "2", "Training error r must be from 0 to 1, got 2"),
        ("Classes", "", "got no number"),
    ):
        kept = field(page, name).input_value()
        field(page, name).fill(value)
        field(page, name).press("Enter")
        expect(page.locator(".what-if .refusal:visible")).to_contain_text(words)
        expect(field(page, name)).to_have_value(kept)
        field(page, name).press("ArrowUp")
        expect(page.locator(".what-if .refusal:visible")).to_have_count(0)
        field(page, name).press("ArrowDown")
        expect(field(page, name)).to_have_value(kept)
    expect(headline(page)).to_have_text(before)


def test_a_symbol_of_the_formula_lights_its_line_and_a_star_says_where_it_is_from(app, page):
    visit(page, f"{app}/bounds")

    page.locator(".what-if .formula [data-sym=n]").first.hover()
    expect(page.locator(".what-if .n .line[data-line=seeger]")).to_have_css("opacity", "1")
    expect(page.locator(".what-if .size .line[data-line=seeger]")).to_have_css("opacity", "0.22")
    page.locator(".what-if .formula [data-sym=r]").first.hover()
    expect(page.locator(".what-if .size .line[data-line=train]")).to_have_css("opacity", "1")
    expect(page.locator(".what-if .n .line[data-line=seeger]")).to_have_css("opacity", "0.22")
    page.locator(".what-if .size .points text", has_text="MIRACLE").locator("xpath=preceding-sibling::*[1]").hover(
        force=True
    )
    expect(page.locator(".what-if .size .values")).to_contain_text("Havasi et al. 2019")


def test_what_is_taken_away_opens_and_holds_the_shown_numbers(app, page, tmp_path):
    visit(page, f"{app}/bounds?bounds_kl=943&bounds_risk=0.01&v=1")
    point = OperatingPoint(kl=943.0, risk=0.01)

    def taken(button, inside):
        page.locator(f".what-if .{inside}").hover()
        with page.expect_download() as download:
            page.locator(f".what-if .{inside}").get_by_role("button", name=button, exact=True).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    values = json.loads(taken("JSON", "take").read_text())
    assert values["present"]["bounds"] == pytest.approx(point.bounds, abs=1e-6)
    assert OperatingPoint(**values["setting"]) == point
    rows = list(csv.DictReader(taken("CSV", "take").open()))
    present = {row["against"]: row for row in rows if row["how"] == "present"}
    assert {name: float(row["x"]) for name, row in present.items()} == {"bytes": 943, "n": 60_000, "delta": 0.05}
    assert {name: float(present["n"][name]) for name in BOUNDS} == pytest.approx(point.bounds, abs=1e-6)
    drawing = taken("SVG", "n").read_text()
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
    assert at_most(point.value) in drawing
    assert taken("PNG", "delta").read_bytes().startswith(b"\x89PNG")
    standalone = taken("HTML", "take")
    other = page.context.new_page()
    other.goto(standalone.as_uri())
    expect(headline(other)).to_have_text(at_most(point.value))
    other.get_by_role("slider", name="Complexity K").press("ArrowRight")
    expect(headline(other)).not_to_have_text(at_most(point.value))
