""" "Trained to compress" shows recorded certificates, marks the best and leads to its scenario."""

from importlib import import_module
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import known
from pacviz.experiments.frontier.results import best, points, scenarios
from pacviz.scenario import Scenario
from pacviz.settings import defaults
from pacviz.words import at_most

BITS = defaults(Scenario)["bits"]
APP = str(Path(__file__).parents[3] / "app.py")


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch):
    work = import_module("pacviz.app.work")

    def refuse(*_):
        raise AssertionError("a frontier that ships has to be recorded")

    monkeypatch.setattr(work, "certify", refuse)


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/frontier.py")
    for name, value in query.items():
        app.query_params[f"frontier_{name}"] = str(value)
    return app.run()


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def expected(model, data, bits):
    return points(scenarios(model, data, bits))


def shown(app):
    app.session_state["frontier_points_panel"] = True
    return app.run().dataframe[0].value


@pytest.mark.parametrize("data", ["digits", "mnist"])
def test_every_recorded_point_is_listed_and_the_best_one_leads(data):
    app = healthy(opened(data=data))
    result = expected("lenet5", data, BITS)
    winner = best(result)
    assert f"**{at_most(winner.certificate.bound_with_architecture)}**" in app.markdown[0].value
    table = shown(app)
    assert len(table) == len(result)
    assert list(table["best"]) == ["★"] + [""] * (len(result) - 1)
    assert table["bound"][0] == at_most(winner.certificate.bound_with_architecture)
    assert table["checkpoint"][0] == winner.certificate.scenario.checkpoint


def test_another_codebook_is_another_frontier():
    app = opened(data="digits", bits=4)
    winner = best(expected("lenet5", "digits", 4))
    assert f"**{at_most(winner.certificate.bound_with_architecture)}**" in healthy(app).markdown[0].value


def test_methods_can_be_hidden():
    app = opened(data="mnist")
    pills = next(group for group in app.button_group if group.key.startswith("frontier_methods"))
    pills.set_value(["dense"]).run()
    result = [point for point in expected("lenet5", "mnist", BITS) if point.method == "dense"]
    assert len(shown(healthy(app))) == len(result)
    assert f"**{at_most(best(result).certificate.bound_with_architecture)}**" in app.markdown[0].value


def test_the_link_leads_to_the_very_certificate():
    for data in ("digits", "mnist"):
        for point in expected("lenet5", data, BITS):
            assert known(point.link).measurement == point.certificate.measurement


@pytest.mark.parametrize(("name", "value"), [("data", "svhn"), ("bits", "7")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = healthy(opened(**{name: value}))
    assert any(warning.value.startswith(f"frontier_{name} must be") for warning in app.warning)
    assert len(shown(app)) == len(expected("lenet5", "mnist", BITS))
