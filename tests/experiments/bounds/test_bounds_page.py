"""The Bounds page needs no data and gives the browser the point of its link, exactly."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.experiments.bounds import payload as what_if
from pacviz.literature import PUBLISHED

APP = str(Path(__file__).parents[3] / "app.py")
POINTS = (
    OperatingPoint(),
    OperatingPoint(n=1_281_167, risk=0.35, kl=350 * 1024.0, classes=1000, bound="catoni"),
    OperatingPoint(n=77_777, risk=0.0, kl=1234.5678901, unit="nats", delta=1e-9, bound="occam"),
)


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    """The page may not ask for any."""
    monkeypatch.setattr(data, "load", lambda *_, **__: None)


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params.update({"v": "1"} | {f"bounds_{name}": str(value) for name, value in query.items()})
    app.switch_page("pages/bounds.py")
    app.run()
    assert not app.exception
    assert not app.error
    return app


def given(app):
    """What the page in the browser is given."""
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)


@pytest.mark.parametrize("point", POINTS)
def test_the_point_of_a_link_is_given_exactly(point):
    app = opened(**vars(point))
    assert given(app) == json.loads(json.dumps(what_if.payload(point)))
    assert not app.warning


def test_a_bare_link_shows_the_default_point_without_a_sidebar():
    app = opened()
    assert OperatingPoint(**given(app)["state"]) == OperatingPoint()
    assert not app.sidebar.children
    assert not app.warning


@pytest.mark.parametrize(("name", "value"), [("n", "5"), ("risk", "2"), ("unit", "shannons"), ("delta", "nan")])
def test_a_wrong_value_in_a_link_is_named_the_default_taken_and_the_rest_kept(name, value):
    app = opened(**{"classes": 7, name: value})
    assert any(warning.value.startswith(f"bounds_{name} must be") for warning in app.warning)
    assert OperatingPoint(**given(app)["state"]) == OperatingPoint(classes=7)


def test_a_link_of_another_version_is_said_to_be_one():
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params["v"] = "0"
    app.switch_page("pages/bounds.py")
    assert any("another version" in warning.value for warning in app.run().warning)


def test_the_table_names_every_published_result_with_its_source():
    app = opened()
    app.session_state["bounds_published_panel"] = True
    (table,) = app.run().dataframe
    assert list(table.value["result"]) == [result.name for result in PUBLISHED]
    assert all(table.value["source"])
