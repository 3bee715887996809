"""The journey of a first visit: open, slide each slider, see the numbers change, share the link."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

SCREENSHOTS = Path(__file__).parent / "screenshots"


def metric(page: Page, label: str) -> str:
    return (
        page.locator("[data-testid=stMetric]")
        .filter(has_text=label)
        .locator("[data-testid=stMetricValue]")
        .inner_text()
    )


def expect_change(page: Page, label: str, before: str) -> None:
    value = page.locator("[data-testid=stMetric]").filter(has_text=label).locator("[data-testid=stMetricValue]")
    expect(value).not_to_have_text(before)


def slide(page: Page, label: str, key: str, presses: int) -> None:
    thumb = page.locator("[data-testid=stSlider]").filter(has_text=label).get_by_role("slider")
    thumb.focus()
    for _ in range(presses):
        thumb.press(key)


def settled(page: Page) -> None:
    """Waits until the number shown is no preview any more."""
    measured = page.get_by_text(re.compile("exact on all|fresh draws"))
    expect(measured.first).to_be_visible(timeout=180_000)


def no_error(page: Page) -> None:
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("[data-testid=stAlertContentError]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [(1280, 720), (1920, 1080)])
def test_the_first_screen_shows_its_certificate_and_charts(app, page, theme, viewport):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    page.goto(app)
    expect(page.get_by_text("With probability 95 %")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    assert page.locator("[data-testid=stMetric]").count() == 5
    SCREENSHOTS.mkdir(exist_ok=True)
    settled(page)
    page.screenshot(path=SCREENSHOTS / f"first-{theme}-{viewport[0]}.png")
    no_error(page)


def test_every_slider_moves_the_numbers_the_curves_and_the_link(app, page):
    page.goto(app)
    expect(page.get_by_text("With probability 95 %")).to_be_visible()
    settled(page)
    for label, key, presses, number, title in (
        ("Sparsity", "ArrowLeft", 20, "Compressed size", "sparsity (log"),
        ("Codebook bits", "ArrowLeft", 1, "Compressed size", "codebook bits (2"),
        ("Noise scale", "ArrowRight", 4, "Effective size", "noise scale (share"),
    ):
        before = metric(page, number)
        slide(page, label, key, presses)
        expect_change(page, number, before)
        expect(page.locator(".js-plotly-plot").first.get_by_text(re.compile(re.escape(title)))).to_be_visible()
        no_error(page)
    link = page.url
    assert all(f"{name}=" in link for name in ("sparsity", "bits", "noise", "along", "v"))
    settled(page)
    shown = [metric(page, label) for label in ("Training error", "Compressed size", "Effective size", "Bound")]
    page.screenshot(path=SCREENSHOTS / "journey.png")
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("With probability 95 %")).to_be_visible()
    assert [metric(page, label) for label in ("Training error", "Compressed size", "Effective size", "Bound")] == shown
    no_error(page)


def test_a_link_with_a_wrong_value_says_so_and_goes_on(app, page):
    page.goto(f"{app}/?sparsity=1.0&v=1")
    expect(page.get_by_text("sparsity must be from 0 to 0.999, got '1.0'")).to_be_visible()
    expect(page.locator("[data-testid=stMetric]")).to_have_count(5)


def test_absent_data_is_offered_for_download_without_a_traceback(app, page):
    page.goto(f"{app}/?data=mnist&sparsity=0.876&v=1")
    expect(page.get_by_role("button", name="Download MNIST")).to_be_visible()
    no_error(page)


def test_the_data_page_shows_a_sheet(app, page):
    page.goto(f"{app}/data")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    expect(page.get_by_text("The bound uses the training examples only")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "data.png")
    no_error(page)


def test_a_link_to_a_page_may_be_the_very_first_visit(new_app, page):
    page.goto(f"{new_app}/data?start=200")
    expect(page.get_by_role("link", name="Does it hold?")).to_be_visible()
    expect(page.get_by_text("Examples 200 onwards")).to_be_visible()
    no_error(page)
