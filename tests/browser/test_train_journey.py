"""A run in a real browser: started, seen to move, found again after a reload, and taken to its certificate."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pacviz.training import records
from pacviz.training.recipe import Training
from pacviz.training.records import Run

SCREENSHOTS = Path(__file__).parent / "screenshots"
RUN = "digits/tiny/journey"


@pytest.mark.slow
def test_a_run_is_started_watched_found_again_and_compressed(app, page, cache):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.goto(f"{app}/train?train_method=dense&train_model=tiny&train_dense_epochs=3&train_dense_batch_size=500")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_visible(timeout=180_000)
    name.fill("journey")
    name.press("Enter")
    page.get_by_test_id("stBaseButton-primary").click()
    chosen = page.get_by_role("combobox", name="Runs")
    expect(chosen).to_have_value(re.compile(RUN))
    bound = page.locator("[data-testid=stMetric]").filter(has_text="Bound").locator("[data-testid=stMetricValue]")
    expect(bound).to_have_text(re.compile(r"%$"), timeout=300_000)
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(4)
    page.reload()
    expect(chosen).to_have_value(re.compile(RUN))
    expect(page.get_by_role("link", name="Compress it")).to_be_visible(timeout=300_000)
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(4)
    page.screenshot(path=SCREENSHOTS / "train.png")
    page.get_by_role("link", name="Compress it").click()
    expect(page.get_by_role("heading", name="With probability 95 %")).to_be_visible()
    assert "model=tiny" in page.url
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    (cache / "checkpoints" / f"{RUN}.safetensors").unlink()  # other tests need a network without a checkpoint


@pytest.mark.slow
def test_a_tab_sees_a_run_that_is_resumed_elsewhere_as_running(app, page):
    """Elsewhere is here: this process holds the run as the one that trains it does."""
    run = Run("digits/tiny/watched", Training(model="tiny", name="watched"))
    with records.transaction() as database:
        records.enqueue(database, run)
    records.mark(run.id, "stopped")
    page.goto(f"{app}/train?run={run.id}")
    state = page.locator(".stMarkdownBadge:visible").first
    expect(state).to_have_text(re.compile("stopped, everything is kept"))
    with records.lock(run):
        records.mark(run.id, "running")
        expect(state).to_have_text(re.compile("running"))
        expect(page.get_by_role("combobox", name="Runs")).to_have_value(re.compile("running"))
    expect(state).to_have_text(re.compile("interrupted"))
    with records.transaction() as database:
        records.taken_out(database, run.id)
