"""The Bounds page needs no data, shows what the bounds say, and loads a published result by one click."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.bounds import BOUNDS
from pacviz.literature import PUBLISHED
from pacviz.operating_point import OperatingPoint

APP = str(Path(__file__).parents[2] / "app.py")
PRESETS = [result for result in PUBLISHED if result.point is not None]


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    """The page may not ask for any."""
    monkeypatch.setattr(data, "load", lambda *_, **__: None)


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params.update({"v": "1"} | {f"bounds_{name}": str(value) for name, value in query.items()})
    app.switch_page("pages/bounds.py")
    return healthy(app.run())


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def shown(app):
    """The headline's number, and the tiles'."""
    return app.markdown[0].value.split("**")[1], {tile.label: tile.value for tile in app.metric}


def expected(point):
    return f"{point.value:.1%}", {BOUNDS[name].title: f"{value:.1%}" for name, value in point.bounds.items()}


def test_the_page_opens_on_its_default_point():
    app = opened()
    assert shown(app) == expected(OperatingPoint())
    assert [tile.delta for tile in app.metric] == [
        f"vacuous below n = {least:,}" for least in OperatingPoint().least_n.values()
    ]
    assert len(app.latex) == 2
    assert not app.warning


@pytest.mark.parametrize("result", PRESETS, ids=lambda result: result.name)
def test_one_click_loads_a_published_result(result):
    app = opened(delta=0.2)
    app.button_group(key="bounds_published").set_value(result.name).run()
    assert shown(healthy(app)) == expected(result.point)
    assert app.number_input(key="bounds_n").value == result.n
    assert app.number_input(key="bounds_kl").value == result.size


def test_the_numbers_of_a_link_are_shown_exactly_and_their_preset_is_marked():
    app = opened(n=1_281_167, risk=0.35, kl=350 * 1024, classes=1000, bound="catoni")
    point = OperatingPoint(n=1_281_167, risk=0.35, kl=350 * 1024.0, classes=1000, bound="catoni")
    assert shown(app) == expected(point)
    assert shown(app)[0] == "96.5%"
    assert app.session_state["bounds_published"] == "Zhou · ImageNet"


@pytest.mark.parametrize(("name", "value"), [("n", 200_000), ("risk", 0.1), ("kl", 20_000.0), ("delta", 1e-9)])
def test_a_slider_moves_the_number_beside_it_and_the_bounds(name, value):
    app = opened()
    app.select_slider(key=f"bounds_track_{name}").set_value(value).run()
    assert app.number_input(key=f"bounds_{name}").value == value
    assert shown(healthy(app)) == expected(OperatingPoint(**{name: value}))


def test_a_number_between_two_steps_of_the_slider_stays_as_it_was_typed():
    app = opened()
    app.number_input(key="bounds_kl").set_value(1234.5).run()
    app.number_input(key="bounds_risk").set_value(0.0).run()
    assert app.number_input(key="bounds_kl").value == 1234.5
    assert shown(healthy(app)) == expected(OperatingPoint(kl=1234.5, risk=0.0))


def test_another_unit_converts_k_and_moves_no_bound():
    app = opened()
    before = shown(app)
    app.button_group(key="bounds_unit").set_value("nats").run()
    assert app.number_input(key="bounds_kl").value == pytest.approx(5545.177)
    assert shown(healthy(app)) == before
    app.button_group(key="bounds_unit").set_value("bits").run()
    assert app.number_input(key="bounds_kl").value == pytest.approx(8000)


def test_a_vacuous_point_is_called_so():
    app = opened(n=1000, kl=10_000)
    assert ":red[" in app.markdown[0].value
    assert "**Vacuous**" in app.markdown[1].value


@pytest.mark.parametrize(("name", "value"), [("n", "5"), ("risk", "2"), ("unit", "shannons"), ("delta", "nan")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = opened(**{name: value})
    assert any(warning.value.startswith(f"bounds_{name} must be") for warning in app.warning)
    assert shown(app) == expected(OperatingPoint())
