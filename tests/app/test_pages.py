"""Every page runs, says what is true of its Scenario, and turns bad input into a sentence."""

import json
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from pacviz import Scenario, data, known
from pacviz.app import projector
from pacviz.app.plain import plain
from pacviz.certificates.surface import cell
from pacviz.data import digits
from pacviz.explorer import PRESETS, TOUR
from pacviz.settings import settings
from pacviz.words import at_most

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


def explorer(app):
    """What the explorer in the browser is given."""
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)


def shows(app, scenario):
    """Whether the explorer shows a scenario with the numbers that were measured for it."""
    data, certificate = explorer(app), known(scenario)
    (point,) = data["measured"]
    expected = cell(certificate.measurement, certificate.layers)
    state = {name: value for name, value in data["state"].items() if name in scenario.to_dict()}
    return state == scenario.to_dict() and point["cell"]["train"] == list(expected.train) and (
        point["cell"]["bits"] == pytest.approx(certificate.ledger.bits, abs=0.01)
    )  # fmt: skip


def test_the_first_screen_is_the_default_scenario():
    app = healthy(opened())
    certificate = known(Scenario())
    assert certificate is not None
    assert not certificate.measurement.preview
    assert shows(app, Scenario())
    data = explorer(app)
    assert data["working"] is False
    assert len(data["presets"]) == len(PRESETS)
    assert len(data["tour"]) == len(TOUR)


@pytest.mark.parametrize(("name", "value"), [("sparsity", 0.9), ("bits", 5), ("noise", 0.05), ("delta", 0.001)])
def test_a_link_restores_its_scenario(name, value):
    app = healthy(opened(**{name: value, "along": "bits", "v": 1}))
    assert shows(app, Scenario().but(**{name: value}))
    assert explorer(app)["state"]["along"] == "bits"


@pytest.mark.parametrize("bound", settings(Scenario)["bound"].choices())
def test_each_bound_can_be_chosen_by_its_name(bound):
    assert shows(healthy(opened(bound=bound)), Scenario(bound=bound))


@pytest.mark.parametrize(("name", "value"), [("sparsity", "1.0"), ("bits", "many"), ("delta", "0"), ("data", "svhn")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = healthy(opened(**{name: value}))
    assert any(warning.value.startswith(f"{name} must be") for warning in app.warning)
    assert shows(app, Scenario())


def test_pins_in_a_link_come_with_their_numbers():
    app = healthy(opened(pins="bits:4;model:mlp"))
    pins = explorer(app)["pins"]
    assert [pin["state"]["model"] for pin in pins] == ["lenet5", "mlp"]
    assert pins[0]["cell"]["bits"] == pytest.approx(known(Scenario(bits=4)).ledger.bits, abs=0.01)


def test_contradicting_settings_are_a_sentence():
    app = healthy(opened(bound="occam", noise=0.05))
    assert any("holds without noise only" in warning.value for warning in app.warning)
    assert shows(app, Scenario(noise=0.05))


def test_absent_data_is_offered_for_download(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    app = opened(data="mnist", checkpoint="plain", sparsity=0.876)
    assert not app.exception
    assert any(plain(tmp_path) in message.value for message in app.info)
    assert any(button.label == "Download MNIST" for button in app.button)


def test_the_menus_offer_what_is_there_and_name_what_is_not():
    app = healthy(opened(data="fashion-mnist"))
    assert any(warning.value.startswith("data must be one of digits, mnist") for warning in app.warning)
    assert shows(app, Scenario())
    assert app.selectbox(key="data").options == ["digits", "mnist"]
    assert app.selectbox(key="model").options == ["lenet5", "mlp"]
    assert any("Fashion-MNIST, CIFAR-10" in caption.value for caption in app.caption)


def test_labels_of_ticks_are_never_all_hidden_on_a_projector():
    """By them Plotly places the title of an axis; without one it would write it at minus infinity."""
    figure = projector.enlarged(go.Figure(layout={"xaxis": {"title": {"text": "epoch"}}, "yaxis2": {"dtick": 1}}))
    assert figure.layout.xaxis.ticklabeloverflow == figure.layout.yaxis2.ticklabeloverflow == "allow"


def test_a_projector_shows_the_explorer_alone():
    app = healthy(opened(present=1, hide="delta,sizes"))
    assert explorer(app)["present"] is True
    assert explorer(app)["hide"] == ["delta", "sizes"]
    assert not app.expander or all("Seed" in expander.label for expander in app.expander)


@pytest.mark.slow
def test_a_checkpoint_without_a_surface_offers_to_record_it(monkeypatch):
    few = data.Dataset("digits", "Procedural digits", digits.sample(500, 1), digits.sample(100, 2), 10)
    monkeypatch.setattr(data, "load", lambda *_, **__: few)
    monkeypatch.setattr(data, "fingerprints", lambda name: (few.train.fingerprint, few.test.fingerprint))
    app = healthy(opened(pruning="layer"))
    assert any("python -m pacviz sweep" in message.value for message in app.info)
    assert explorer(app)["surface"]["raw"]["grid"]["bits"] == [Scenario().bits]


def test_the_data_page_shows_the_digits():
    app = opened()
    healthy(app.switch_page("pages/data.py").run())
    assert "Procedural digits" in app.markdown[0].value


def unfolded(app, *panels):
    for panel in panels:
        app.session_state[f"{panel}_panel"] = True
    return healthy(app.run())


def test_what_is_folded_is_sent_when_it_is_opened():
    from pacviz.certificates.charges import ROWS

    app = healthy(opened())
    assert not [*app.table, *app.dataframe, *app.code, *app.get("download_button")]
    app = unfolded(app, "ledger", "charges", "lines")
    assert list(app.table[0].value.index) == [row[0] for row in ROWS]
    assert len(app.dataframe[0].value) > len(known(Scenario()).ledger.charges)
    assert [code.language for code in app.code] == ["bash", "python"]
    assert len(app.get("download_button")) == 2


def test_a_noisy_point_says_what_three_evaluations_would_have_promised():
    app = unfolded(opened(noise=0.05), "ledger")
    upper = known(Scenario(noise=0.05)).naive_upper
    assert any(at_most(upper, 1) in caption.value for caption in app.caption)
