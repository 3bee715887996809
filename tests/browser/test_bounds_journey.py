"""The Bounds page in a real browser: a preset, a slide, another unit, and a link that brings all of it back."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_preset_a_slide_and_a_unit_are_in_the_link_without_a_network(app, page, theme):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme=theme)
    page.goto(f"{app}/bounds")
    headline = page.get_by_role("heading", name="With probability 95 %")
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(3)
    page.get_by_role("radio", name="Zhou · ImageNet").click()
    expect(headline).to_contain_text("96.5%")
    page.get_by_role("radio", name="bits").click()
    size = page.get_by_role("spinbutton", name="Complexity K")
    expect(size).to_have_value("2867200")
    page.get_by_role("slider", name="Training examples n, slider").press("ArrowRight")
    expect(page.get_by_role("spinbutton", name="Training examples n")).to_have_value("1500000")
    expect(headline).not_to_contain_text("96.5%")
    shown = headline.inner_text()
    page.screenshot(path=SCREENSHOTS / f"bounds-{theme}.png")
    link = page.url
    assert "v=1" in link
    page.goto("about:blank")
    page.goto(link)
    expect(headline).to_have_text(shown)
    expect(size).to_have_value("2867200")
    expect(page.get_by_role("spinbutton", name="Training examples n")).to_have_value("1500000")
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
