"""Tightest in a real browser: a click on a point takes it apart, a setting leads on, and the URL keeps the place."""

import re

import pytest
from playwright.sync_api import expect
from tight_points import save

PLACE = """([error, bytes]) => {
  const chart = document.querySelector('.js-plotly-plot'), {xaxis, yaxis} = chart._fullLayout;
  const box = chart.getBoundingClientRect();
  return [
    box.x + xaxis._offset + xaxis.l2p(Math.log10(bytes)),
    box.y + yaxis._offset + yaxis.l2p(Math.log10(error)),
  ];
}"""
"""Where a point of the chart is in the window."""


@pytest.mark.slow
def test_a_click_selects_a_point_and_the_url_keeps_it(app, page, cache):
    files = [
        save(cache / "tight", f"far-{price:g}", 12, price, errors, spread=6 / price)
        for price, errors in ((1.0, 5400), (2.0, 6000))
    ]
    try:
        page.goto(f"{app}/tightest?tight_point=far-2")
        expect(page.get_by_text("Selected: far-2")).to_be_visible()
        bytes = float(page.get_by_test_id("stMetricValue").nth(2).inner_text().replace(",", ""))
        expect(page.get_by_role("img", name="The whole network")).to_be_visible()
        dearer, cheaper = (page.get_by_role("radio", name=price, exact=True) for price in ("2", "1"))
        cheaper.click()
        expect(page.get_by_text("Selected: far-1")).to_be_visible()
        expect(page).to_have_url(re.compile("tight_point=far-1"))
        for _ in range(2):  # a second time, too, though the chart may hold the point for selected already
            page.mouse.click(*page.evaluate(PLACE, [6000 / 60_000, bytes]))
            expect(page.get_by_text("Selected: far-2")).to_be_visible()
            expect(page).to_have_url(re.compile("tight_point=far-2"))
            expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
            expect(dearer).to_be_checked()
            cheaper.click()
            expect(page.get_by_text("Selected: far-1")).to_be_visible()
        page.reload()
        expect(page.get_by_text("Selected: far-1")).to_be_visible()
        assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    finally:
        for file in files:
            file.unlink()
