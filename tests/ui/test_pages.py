"""Every page runs, says what is true of its Scenario, and turns bad input into a sentence."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import Scenario, certify, data, known
from pacviz.figures import size
from pacviz.scenario import defaults, settings
from pacviz.sweep import AXES

APP = str(Path(__file__).parents[2] / "app.py")


def opened(**query):
    data.load("digits")
    app = AppTest.from_file(APP, default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = str(value)
    return app.run()


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def numbers(app):
    return {metric.label: metric.value for metric in app.metric}


def shown(certificate):
    return {
        "Training error": f"{certificate.risk.mean:.2%}",
        "Test error": f"{certificate.measurement.test.mean:.2%}",
        "Compressed size": size(certificate.measurement.code_bytes),
        "Effective size": size(certificate.effective_bytes),
        "Bound": f"{certificate.bound:.1%}",
    }


def test_the_first_screen_is_the_default_scenario():
    app = healthy(opened())
    certificate = known(Scenario())
    assert certificate is not None
    assert not certificate.measurement.preview
    assert numbers(app) == shown(certificate)
    assert f"{certificate.bound:.1%}" in app.markdown[0].value


@pytest.mark.parametrize(("name", "value"), [("sparsity", 0.9), ("bits", 5), ("noise", 0.05)])
def test_a_slider_moves_the_numbers_to_its_scenario(name, value):
    app = opened()
    before = numbers(app)
    app.slider(key=name).set_value(value).run()
    healthy(app)
    assert numbers(app) != before
    assert numbers(app) == shown(certify(Scenario().but(**{name: value})))


def test_the_curve_follows_the_slider_that_moved():
    app = opened()
    app.slider(key="bits").set_value(5).run()
    assert healthy(app).session_state["along"] == "bits"


@pytest.mark.parametrize("bound", settings()["bound"].choices())
def test_each_bound_can_be_chosen_and_shows_its_formula(bound):
    app = opened()
    app.selectbox(key="bound").set_value(bound).run()
    healthy(app)
    assert numbers(app)["Bound"] == f"{known(Scenario(bound=bound)).bound:.1%}"
    assert len(app.latex) == 2


def test_delta_moves_the_bound():
    app = opened()
    app.number_input(key="delta").set_value(0.001).run()
    assert numbers(healthy(app))["Bound"] == f"{known(Scenario(delta=0.001)).bound:.1%}"
    assert "99.9 %" in app.markdown[0].value


def test_a_link_restores_its_scenario():
    app = healthy(opened(sparsity=0.9, bits=5, along="bits", v=1))
    assert numbers(app) == shown(certify(Scenario(sparsity=0.9, bits=5)))


@pytest.mark.parametrize(("name", "value"), [("sparsity", "1.0"), ("bits", "many"), ("delta", "0"), ("data", "svhn")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = healthy(opened(**{name: value}))
    assert any(warning.value.startswith(f"{name} must be") for warning in app.warning)
    assert numbers(app) == shown(known(Scenario()))


def test_contradicting_settings_are_a_sentence():
    app = opened()
    app.selectbox(key="bound").set_value("occam").run()
    app.slider(key="noise").set_value(0.05).run()
    assert not app.exception
    assert next(error.value for error in app.error).startswith("bound 'occam' holds for one deterministic network only")


def test_absent_data_is_offered_for_download(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    app = opened()
    app.selectbox(key="data").set_value("fashion-mnist").run()
    assert not app.exception
    messages = [message.value for message in (*app.info, *app.error)]
    assert any(str(tmp_path) in message or "python -m pacviz train" in message for message in messages)


def test_the_data_page_shows_the_digits():
    app = opened()
    healthy(app.switch_page("pages/data.py").run())
    assert "Procedural digits" in app.markdown[0].value


def test_every_axis_is_a_slider_of_the_page():
    app = opened()
    assert set(AXES) == {slider.key for slider in app.slider}
    assert all(slider.value == defaults()[slider.key] for slider in app.slider)


def test_the_first_screen_shows_what_is_charged():
    from pacviz.charges import ROWS

    table = healthy(opened()).table[0].value
    assert list(table.index) == [row[0] for row in ROWS]


def test_a_noisy_point_says_what_three_evaluations_would_have_promised():
    app = healthy(opened(noise=0.05))
    upper = known(Scenario(noise=0.05)).naive_upper
    assert any(f"{upper:.1%}" in caption.value for caption in app.caption)
