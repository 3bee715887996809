"""Every page by its own link: without another machine, without errors, and for everybody (axe-core, charts in words)."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pacviz.experiments.experiment import EXPERIMENTS

PAGES = [experiment.page for experiment in EXPERIMENTS]
GRAVE = ("serious", "critical")


def violations(page, options=None) -> list[str]:
    """Each serious or critical violation that axe-core finds: rule, element, and what is wrong with it.

    The thousands of nodes inside a chart are one picture to whoever cannot see it, and left out.
    """
    context = {"exclude": [[".js-plotly-plot .main-svg"]]}
    result = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in result
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def opened(page, address: str) -> None:
    page.goto(address)
    expect(page.locator(":is(.js-plotly-plot, .explorer svg.chart, .pacviz-sheet img):visible").first).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_opens_by_its_link_and_shuts_nobody_out(app, page, theme):
    page.emulate_media(color_scheme=theme)
    problems = {}
    for name in reversed(PAGES):
        opened(page, f"{app}/{'' if name == 'compress' else name}")
        assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
        assert page.locator("[data-testid=stPlotlyChart]:not([aria-label])").count() == 0
        # Themes differ in their colours only.
        problems[name] = violations(page, {"runOnly": ["color-contrast"]} if theme == "dark" else None)
    assert not any(problems.values()), "\n".join(
        f"{name}: {line}" for name, lines in problems.items() for line in lines
    )
