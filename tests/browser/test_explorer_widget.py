"""The explorer's script under a notebook's contract: a model that is read, written, saved and listened to."""

import json
import re

import pytest
from playwright.sync_api import expect

from pacviz import Scenario
from pacviz.explorer import View
from pacviz.notebook import Explorer
from pacviz.words import at_most

# As anywidget does it: the script's address is gone as soon as it is imported.
RENDER = """
async ([esm, data]) => {
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  URL.revokeObjectURL(url);
  const state = { _esm: esm, data, moved: {} }, heard = new Map(), saved = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => saved.push(JSON.stringify(state.moved)),
    on: (event, callback) => heard.set(event, callback),
    off: (event, callback) => { if (heard.get(event) === callback) heard.delete(event); },
    send: () => { throw new Error("nobody listens"); },
  };
  const el = document.body.appendChild(document.createElement("div"));
  const unmount = await widget.render({ model, el });
  const tell = (data) => { state.data = data; heard.get("change:data")(); };
  window.notebook = { saved, heard, tell, data: () => state.data, close: () => { unmount(); el.remove(); } };
}
"""


@pytest.fixture
def explorer(page):
    explorer = Explorer()
    page.goto("about:blank")
    page.evaluate(RENDER, [explorer._esm, explorer.data])
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("exact on all"))
    return explorer


def test_dragging_needs_no_message_and_letting_go_sends_one(explorer, page):
    handle = page.locator("#pacviz-bits")
    box = handle.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 7, y)
    page.mouse.down()
    shown = set()
    for share in (2 / 7, 3 / 7, 4 / 7, 5 / 7):
        page.mouse.move(box["x"] + share * box["width"], y)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shown.add(page.locator("[data-tile=bytes] strong").inner_text())
    assert len(shown) == 4
    assert page.evaluate("notebook.saved.length") == 0
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("recorded earlier"))
    page.mouse.up()
    page.wait_for_function("notebook.saved.length")
    (saved,) = page.evaluate("notebook.saved")
    explorer.set_state({"moved": json.loads(saved)})
    assert explorer.scenario == Scenario(bits=6)
    certificate = explorer.certificate
    explorer._draw()
    page.evaluate("data => notebook.tell(data)", explorer.data)
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("exact on all"))
    assert page.locator("[data-tile=bound] strong").inner_text() == at_most(certificate.bound_with_architecture)
    assert page.evaluate("notebook.saved.length") == 1


def test_a_chart_out_of_sight_follows_as_soon_as_the_slider_rests(explorer, page):
    page.set_viewport_size({"width": 1280, "height": 420})
    line = page.locator(".explorer .sizes .line[data-line=bytes] path").first
    assert line.bounding_box()["y"] > 500
    box = page.locator("#pacviz-noise").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, y)
    page.mouse.down()
    before = line.get_attribute("d")
    page.mouse.move(box["x"] + box["width"] / 3, y)
    expect(line).not_to_have_attribute("d", before)
    assert page.evaluate("notebook.saved.length") == 0


def test_a_refusal_is_read_until_something_moves(explorer, page):
    explorer.view = View(hide=("head",))
    explorer.set_state({"moved": {**explorer.data["state"], "noise": 7, "seq": 1}})
    page.evaluate("data => notebook.tell(data)", explorer.data)
    words = page.locator(".explorer .says")
    expect(words).to_be_visible()
    expect(words).to_contain_text("⚠ noise must be from 0 to")
    page.get_by_role("slider", name="Codebook bits").press("ArrowRight")
    expect(words).not_to_contain_text("⚠")
    expect(words).to_be_hidden()


def test_the_tour_hears_keys_in_the_widget_only_and_closing_leaves_nothing(explorer, page):
    page.get_by_role("button", name="Tour", exact=True).click()
    card = page.locator(".explorer .tour")
    expect(card).to_contain_text("1 / ")
    page.keyboard.press("ArrowRight")
    expect(card).to_contain_text("2 / ")
    card.get_by_role("button", name="Next").click()
    expect(card).to_contain_text("3 / ")
    page.keyboard.press("ArrowLeft")
    expect(card).to_contain_text("2 / ")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(card).to_contain_text("2 / ")
    page.evaluate("notebook.close()")
    assert page.evaluate("notebook.heard.size") == 0


OUT_OF_SIGHT = {
    "for a while": """async () => {
      const frame = () => new Promise(requestAnimationFrame), { style } = document.body;
      style.display = "none";
      await frame(); await frame();
      notebook.tell({ ...notebook.data(), hide: ["sizes"] });
      await frame(); await frame();
      style.display = "";
    }""",
    "within a frame": """() => {
      requestAnimationFrame(() => { document.body.style.display = "none"; });
      notebook.tell({ ...notebook.data(), hide: ["sizes"] });
      requestAnimationFrame(() => { document.body.style.display = ""; });
    }""",
}


@pytest.mark.parametrize("hide", OUT_OF_SIGHT.values(), ids=OUT_OF_SIGHT)
def test_a_chart_that_was_made_out_of_sight_fills_its_place(explorer, page, hide):
    chart = page.locator(".explorer .errors svg.chart")
    wide = chart.get_attribute("width")
    assert int(wide) > 300
    page.evaluate(hide)
    expect(page.locator(".explorer .sizes")).to_be_hidden()
    expect(chart).to_have_attribute("width", wide)
    expect(page.locator(".explorer .badge")).to_have_text(re.compile("exact on all"))


def test_the_page_for_slides_is_made_from_the_script_that_the_model_holds(explorer, page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML", exact=True).click()
    download.value.save_as(tmp_path / "pacviz.html")
    other = page.context.new_page()
    other.goto((tmp_path / "pacviz.html").as_uri())
    bound = page.locator("[data-tile=bound] strong").inner_text()
    expect(other.locator("[data-tile=bound] strong")).to_have_text(bound)
