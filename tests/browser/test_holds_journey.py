"""The lesson in a real browser: an uncharged choice fails before one's eyes, and charging it repairs the bound."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_uncharged_choice_fails_and_charging_it_repairs_the_bound(app, page, theme):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme=theme)
    page.goto(app)
    page.get_by_role("link", name="Does it hold?").click()
    sentence = page.get_by_role("heading", name="bounds were violated")
    expect(sentence).to_contain_text(re.compile(r"^0 of [1-9]\d* bounds were violated; δ allows 20 %"), timeout=60_000)
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(2)
    page.screenshot(path=SCREENSHOTS / f"holds-{theme}.png")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("radio", name="guess").click()
    charge = page.locator("[data-testid=stSidebar]").get_by_text("Charge the choice")
    charge.click()
    page.get_by_role("button", name="Resume").click()
    expect(sentence).to_contain_text(
        re.compile(r"of 100 bounds were violated: this is not a certificate"), timeout=60_000
    )
    page.screenshot(path=SCREENSHOTS / f"holds-broken-{theme}.png")
    charge.click()
    expect(sentence).to_contain_text(re.compile(r"of 100 bounds were violated; δ allows 20 %"))
    page.screenshot(path=SCREENSHOTS / f"holds-charged-{theme}.png")
    assert "holds_learner=guess" in page.url
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
