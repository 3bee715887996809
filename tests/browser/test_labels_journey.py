"""Random labels in a real browser: recorded curves at once, a line that follows the slider, and a live run that can be paused."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_recorded_curves_are_there_and_a_live_run_starts_and_pauses(app, page, theme):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme=theme)
    page.goto(app)
    page.get_by_role("link", name="Random labels").click()
    headline = page.get_by_role("heading", name="still known")
    expect(headline).to_contain_text("of true labels")
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(3)
    page.screenshot(path=SCREENSHOTS / f"labels-{theme}.png")
    if theme == "dark":  # where colours differ, and nothing else
        return
    before = headline.inner_text()
    page.get_by_role("slider").first.press("ArrowLeft")
    expect(headline).not_to_have_text(before)
    page.get_by_role("radio", name="live").click()
    page.get_by_role("button", name="Run it live").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
