"""Pictures that are taken away: 16:9, with their font and their source, no text cut or written over another; safe tables."""

import base64
import json
import random

import pytest
from test_explorer_script import loaded

from pacviz import Scenario
from pacviz.bounds import BOUNDS
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.certificates import surface
from pacviz.experiments.bounds.payload import SCRIPTS
from pacviz.experiments.bounds.payload import payload as what_if_payload
from pacviz.explorer import View, payload, source
from pacviz.explorer.font import source_sans
from pacviz.literature import PUBLISHED

DICE = random.Random(0)
MEASURE = """svg => new Promise(async done => {
  document.body.style.margin = 0;
  document.body.innerHTML = svg;
  await document.fonts.load('600 17px "Source Sans"');
  await document.fonts.ready;
  done({ size: [document.querySelector("svg").clientWidth, document.querySelector("svg").clientHeight],
    font: [...document.fonts].some(font => font.family.includes("Source Sans") && font.status === "loaded"),
    texts: [...document.querySelectorAll("svg text")]
      .filter(node => node.textContent.trim() && node.getAttribute("visibility") !== "hidden")
      .map(node => [node.textContent, node.getBoundingClientRect()])
      .map(([text, { left, top, right, bottom }]) => [text, left, top, right, bottom]) });
})"""


def check(page, svg):
    """Lays a picture out anew, in a page that knows no font, and compares the boxes of its texts."""
    page.goto("about:blank")
    result = page.evaluate(MEASURE, svg)
    assert result["size"] == [960, 540]
    assert result["font"]
    texts = result["texts"]
    for text, left, top, right, bottom in texts:
        assert left >= 0, text
        assert top >= 0, text
        assert right <= 960, text
        assert bottom <= 540, text
    for index, (text, left, top, right, bottom) in enumerate(texts):
        for other, its_left, its_top, its_right, its_bottom in texts[:index]:
            across, down = min(right, its_right) - max(left, its_left), min(bottom, its_bottom) - max(top, its_top)
            # A line's box is higher than its letters.
            assert across <= 1 or down <= 6, f"{text!r} and {other!r} lie over each other"
    return [text for text, *_ in texts]


def shown(page, kind, script, data):
    """A live page of a kind in an empty page; its host gives the font, as a notebook does."""
    loaded(page, script, kind)
    page.evaluate(
        f"""async ([data, font]) => {{
          const host = document.createElement("div");
          document.body.append(host);
          window.live = new pacviz.{kind}(host, {{ keys: document, script: async () => "", font: async () => font }});
          live.receive(data, null);
          await new Promise(done => setTimeout(done, 100));
          while (live.frame || (data.surface && !live.surface)) await new Promise(requestAnimationFrame);
        }}""",
        [data, source_sans()],
    )
    return page


def test_the_font_is_there_and_may_be_embedded():
    assert base64.b64decode(source_sans().partition(",")[2])[:4] == b"wOF2"


SETTINGS = [
    ({}, View()),
    ({"sparsity": 0.985, "bits": 4, "noise": 0.05, "bound": "catoni"}, View(along="noise")),
    ({"sparsity": 0.5, "bits": 8}, View(along="bits", n=620)),
    ({"sparsity": 0.999, "delta": 1e-12}, View(n=10**7)),
    ({"model": "mlp", "checkpoint": "plain", "sparsity": 0.9}, View()),
]


@pytest.mark.parametrize(("values", "view"), SETTINGS)
def test_pictures_of_the_explorer_are_whole(page, browser, values, view):
    scenario = Scenario(**values)
    recorded = surface.find(scenario)
    live = shown(page, "Explorer", source(), payload(scenario, view, [], recorded))
    pictures = {name: live.evaluate("name => live.picture(name)", name) for name in ("errors", "waterfall", "sizes")}
    titles = live.evaluate("live.titles")
    for name, svg in pictures.items():
        told = check(page, svg)
        assert titles.get(name, "Where the bytes go") in told[0]
        line = next(text for text in told if text.startswith("pacviz: "))
        assert f"sparsity {scenario.sparsity}" in line
        assert f"data {scenario.data}" in line


@pytest.mark.slow
def test_pictures_of_bounds_are_whole(page):
    points = [OperatingPoint(), *(result.point for result in PUBLISHED if result.point)]
    points += [
        OperatingPoint(
            n=round(10 ** DICE.uniform(1, 7)),
            risk=DICE.choice((0.0, 1.0, DICE.random() ** 4)),
            kl=10 ** DICE.uniform(0, 9),
            delta=DICE.choice((1e-12, 0.5, 0.05)),
            bound=DICE.choice(tuple(BOUNDS)),
            classes=DICE.choice((2, 10, 100_000)),
        )
        for _ in range(6)
    ]
    for point in points:
        live = shown(page, "WhatIf", source(SCRIPTS), what_if_payload(point))
        for svg in [live.evaluate("name => live.picture(name)", name) for name in ("size", "n", "delta")]:
            assert f"pacviz, what if: n {point.n}, " in " ".join(check(page, svg))


def test_a_png_is_as_large_as_a_lecture_hall_needs(page):
    live = shown(page, "WhatIf", source(SCRIPTS) + "\nwindow.png = png;", what_if_payload(OperatingPoint()))
    size = live.evaluate(
        """async () => { const map = await createImageBitmap(await png(await live.picture("size")));
        return [map.width, map.height]; }"""
    )
    assert size == [1920, 1080]


def test_a_table_runs_no_formula_and_its_numbers_stay_numbers(page):
    script = loaded(page, source(), "csv")
    rows = [["=cmd|' /C calc'!A0", "+1", "-2", "@x", "\t=1", "plain", 'a "b", c', -1.5, 1e-9, 0, None]]
    assert script.evaluate("rows => pacviz.csv(rows)", rows) == (
        "'=cmd|' /C calc'!A0,'+1,'-2,'@x,'\t=1,plain,\"a \"\"b\"\", c\",-1.5,1e-9,0,"
    )


def test_a_file_offers_what_it_holds_and_never_strands(page):
    scenario = Scenario(model="mlp", checkpoint="plain")
    live = shown(page, "Explorer", source(), payload(scenario, View(), [], surface.find(scenario)))
    data = json.loads(live.evaluate("JSON.stringify(live.portable())"))
    shown(page, "Explorer", source(), data)
    buttons = page.locator(".presets button")
    offered = [button for button in buttons.all() if button.is_enabled()]
    assert {"Zhou et al. LeNet-5", "No noise"} & {
        button.inner_text() for button in buttons.all() if button.is_disabled()
    }
    for button in offered:
        button.click()
        page.wait_for_timeout(50)
        assert page.locator(".explorer h2 b").first.inner_text() != "…", button.inner_text()
    for name in ("sparsity", "bits", "noise", "delta", "n"):
        for end in ("Home", "End", "ArrowLeft"):
            page.locator(f"#pacviz-{name}").press(end)
            page.wait_for_timeout(50)
            assert page.locator(".explorer h2 b").first.inner_text() != "…", (name, end)
