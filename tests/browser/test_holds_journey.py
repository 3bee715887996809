"""The lesson in a real browser: an uncharged choice fails before one's eyes, and charging it repairs the bound."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pacviz.benchmarks.app import serve

SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_uncharged_choice_fails_and_charging_it_repairs_the_bound(app, page, theme):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme=theme)
    page.goto(app)
    page.get_by_role("link", name="Does it hold?").click()
    sentence = page.get_by_role("heading", name="bounds were violated")
    expect(sentence).to_contain_text(re.compile(r"^0 of [1-9]\d* bounds were violated; δ allows 20 %"), timeout=60_000)
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(3)
    expect(page.get_by_role("button", name="Run live")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"holds-{theme}.png")
    if theme == "dark":  # where colours differ, and nothing else
        return
    page.get_by_role("radio", name="guess").click()
    charge = page.locator("[data-testid=stSidebar]").get_by_text("Charge the choice")
    charge.click()
    expect(sentence).to_contain_text(
        re.compile(r"of 100 bounds were violated: this is not a certificate"), timeout=60_000
    )
    page.screenshot(path=SCREENSHOTS / f"holds-broken-{theme}.png")
    charge.click()
    expect(sentence).to_contain_text(re.compile(r"of 100 bounds were violated; δ allows 20 %"))
    page.screenshot(path=SCREENSHOTS / f"holds-charged-{theme}.png")
    assert "holds_learner=guess" in page.url
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0


@pytest.mark.slow
def test_pausing_and_moving_while_trials_run_leaves_no_traceback_in_the_log(cache, page, tmp_path):
    log = tmp_path / "log"
    run, pause = (page.get_by_role("button", name=name) for name in ("Run live", "Pause"))
    with serve({"PACVIZ_DATA": str(cache / "no-data")}, log) as (address, _):
        page.goto(f"{address}/holds?holds_learner=guess&holds_guess_seed=3&holds_guess_guesses=100000")
        run.click()
        expect(page.get_by_role("heading", name="bounds were violated")).to_be_visible()
        for _ in range(2):
            pause.click()
            run.click()
        digits = page.get_by_role("slider", name="Training digits n")
        for _ in range(3):
            digits.press("ArrowRight")
        expect(page).to_have_url(re.compile("holds_guess_n=60"))
        expect(page.get_by_role("heading", name="bounds were violated")).to_be_visible()
        pause.click()
        expect(run).to_be_visible()
        page.goto("about:blank")
    printed = log.read_text(errors="replace")
    assert "Traceback" not in printed
    assert "Exception" not in printed
