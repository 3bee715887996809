"""The tour tells right answers from wrong ones by the numbers that it shows."""

import re

import pytest
from test_pictures import shown

from pacviz import Scenario
from pacviz.certificates import surface
from pacviz.explorer import TOUR, View, payload, source

ASKING = [step for step, item in enumerate(TOUR, 1) if item.question]


@pytest.mark.parametrize("step", ASKING)
@pytest.mark.parametrize("choice", [0, 1])
def test_an_answer_is_called_right_or_not_by_the_numbers(page, step, choice):
    item = TOUR[step - 1]
    scenario = Scenario(**{name: value for name, value in item.changes.items() if name != "n"})
    view = View(tour=step, n=item.changes.get("n", 0))
    shown(page, "Explorer", source(), payload(scenario, view, [], surface.find(scenario)))
    page.locator(".tour").get_by_role("button", name=item.answers[choice], exact=True).click()
    told = page.locator(".tour p")
    text = told.inner_text()
    numbers = [float(number) for number in re.findall(r"([\d.]+)(?=%| k?B)", text)]
    right = (0 if numbers[-1] >= 90 else 1) if item.asks == "vacuous" else 0 if numbers[-1] < numbers[-2] else 1
    assert told.get_attribute("data-verdict") == str(choice == right).lower(), text
    assert text.startswith("Right. " if choice == right else f"Not so: {item.answers[right].lower()}. ")
    assert page.evaluate("live.root.classList.contains('asking')") is False
