"""Links in a real browser: state that comes back, one step of Back for each act, and a stranger's text that stays text."""

import http.server
import re
import threading
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

LINK = {"data": "mnist", "sparsity": "0.97", "bits": "3", "delta": "0.01", "pins": "sparsity:0.99;bits:4", "v": "1"}


def query(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def at(page: Page, path: str, wanted: dict[str, str]) -> None:
    """Waits until a page is shown under its address."""
    page.wait_for_function(
        "([path, query]) => location.pathname === path && location.search.slice(1) === query",
        arg=[path, urlencode(wanted)],
    )


def shows(page: Page) -> tuple[str, int]:
    """The bound of the first screen and its number of pins, as soon as they are there."""
    bound = page.locator(".explorer [data-tile=bound] strong")
    expect(bound).to_have_text(re.compile(r"\d%"))
    return bound.inner_text(), page.locator(".explorer .pins tbody tr").count() - 1


def menu(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


@pytest.mark.parametrize("way", ["the menu", "Back"])
def test_settings_and_pins_are_there_again_after_another_page(app, page, way):
    page.goto(f"{app}/?{urlencode(LINK)}")
    before = shows(page)
    assert before[1] == 2
    menu(page, "Bounds")
    at(page, "/bounds", {})
    expect(page.locator(".what-if svg.chart").first).to_be_visible()
    if way == "Back":
        page.go_back()
    else:
        menu(page, "Compress")
    at(page, "/", LINK)
    assert shows(page) == before


def test_each_act_is_one_step_of_back(app, page):
    page.goto(app)
    first = shows(page)
    steps = []
    for name in ("No noise", "Vacuous", "Tour"):
        before = page.evaluate("location.search")
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_function("before => location.search !== before", arg=before)
        steps.append(query(page))
    assert [step["sparsity"] for step in steps] == ["0.99", "0.5", "0.5"]
    for wanted in (steps[1], steps[0], {}):
        page.go_back()
        at(page, "/", wanted)
    expect(page.locator(".explorer [data-tile=bound] strong")).to_have_text(first[0])


LARGE = """() => {
  const seen = [...document.querySelectorAll(".js-plotly-plot text")].filter((one) => one.checkVisibility());
  return seen.length && seen.every((one) => parseFloat(getComputedStyle(one).fontSize) >= 18);
}"""
"""Whether every letter of the charts has 18 pixels or more."""


@pytest.mark.slow
def test_the_projector_is_a_key_a_link_and_a_button_that_leaves_it(app, page):
    page.goto(f"{app}/frontier")
    expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
    page.keyboard.press("p")
    at(page, "/frontier", {"present": "1", "v": "1"})
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    page.wait_for_function(LARGE)
    page.goto(f"{app}/bounds?present=1")
    expect(page.locator(".explorer svg.chart:visible").first).to_be_visible()
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    page.get_by_role("button", name="Leave the projector").click()
    page.wait_for_function("() => !new URLSearchParams(location.search).has('present')")


TOP = """top => { const node = document.querySelector("[class*='st-key-picture_']:has(.js-plotly-plot)");
  return Math.abs(node.getBoundingClientRect().top - 10) < 8; }"""
"""Whether the first picture is at the top of the screen."""


@pytest.mark.slow
def test_keys_lead_an_audience_from_picture_to_picture_and_from_page_to_page(app, page):
    page.goto(f"{app}/?present=1")
    figures = page.locator(".explorer .charts > figure")
    expect(figures.first).to_be_visible()
    for shown in range(4):
        expect(figures.nth(shown)).to_be_visible()
        assert sum(figure.is_visible() for figure in figures.all()) == 1  # one picture a screen
        box = figures.nth(shown).bounding_box()
        assert box["y"] + box["height"] <= 720
        page.keyboard.press("PageDown")
    at(page, "/frontier", {"present": "1", "v": "1"})
    expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
    expect(page.locator("h3").first).to_be_in_viewport()
    page.keyboard.press("PageDown")
    page.wait_for_function(TOP)
    page.keyboard.press("n")
    at(page, "/tightest", {"present": "1", "v": "1"})
    expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
    page.keyboard.press("b")
    at(page, "/frontier", {"present": "1", "v": "1"})
    expect(page.get_by_text("N B page")).to_be_visible()


BAD = (
    "/train?train_gradual_epochs=inf",
    "/holds?holds_pipeline_seed=inf&holds_learner=",
    "/frontier?frontier_bits=",
    "/tightest?tight_show=",
    "/labels?labels_method=&labels_live_seed=1e400",
    "/train?train_method=subspace&train_subspace_dimension=inf",
    "/?pins=checkpoint:nope",
    "/?pins=data:fashion-mnist",
)


@pytest.mark.slow
@pytest.mark.parametrize("link", BAD)
def test_a_link_that_used_to_end_a_page_is_a_sentence_and_the_page(app, page, link):
    page.goto(app + link)
    expect(page.locator("[data-testid=stAlert]").first).to_be_visible()
    expect(page.locator(":is(.js-plotly-plot, .explorer svg.chart):visible").first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
    refused = link.rpartition("=")[0].replace("?", "&").rpartition("&")[2]
    page.wait_for_function("name => !new URLSearchParams(location.search).has(name)", arg=refused)


@pytest.fixture
def elsewhere():
    """The address of another server, and the paths that it is asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.mark.parametrize(("path", "name"), [("/", "v"), ("/", "model"), ("/", "hide"), ("/tightest", "tight_point")])
def test_a_link_does_not_speak_as_the_app(app, page, elsewhere, path, name):
    address, asked = elsewhere
    text = f"2\n\n# This server moved\n\n**Sign in at [pacviz]({address}/phish)**\n\n![x]({address}/leak.svg)"
    page.goto(f"{app}{path}?{urlencode({name: text})}")
    alert = page.locator("[data-testid=stAlert]").first
    expect(alert).to_be_visible()
    assert alert.locator("h1, a, img, strong").count() == 0
    assert "..." not in alert.inner_text()
    assert "phish" not in page.content()
    assert asked == []


def test_a_picture_of_another_machine_is_not_loaded_whatever_gets_into_a_page(app, browser, elsewhere):
    address, asked = elsewhere
    page = browser.new_page()  # which may log that the policy refused
    page.goto(app)
    shows(page)
    blocked = page.evaluate(
        """async (address) => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
            const parts = `<img src="${address}/x.png"><link rel="stylesheet" href="${address}/x.css">`;
            document.body.insertAdjacentHTML("beforeend", parts);
            await fetch(`${address}/x`).catch(() => 0);
            const script = Object.assign(document.createElement("script"), { src: `${address}/x.js` });
            await new Promise((done) => { script.onerror = script.onload = done; document.head.append(script); });
            return refused;
        }""",
        address,
    )
    page.close()
    assert {"img-src", "connect-src"} <= set(blocked)
    assert {"style-src-elem", "script-src-elem"} <= set(blocked)
    assert asked == []
