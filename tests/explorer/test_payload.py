"""What the browser is given is what was measured, and its sliders stop where a Scenario may be."""

import json
from pathlib import Path

import pytest

from pacviz import Scenario, certify, notebook
from pacviz.bounds import BOUNDS
from pacviz.certificates import surface
from pacviz.experiments.bounds.payload import SCRIPTS
from pacviz.explorer import EXPLORER, LIVE, STREAMLIT, Pin, View, payload, source, stops
from pacviz.settings import defaults, settings


@pytest.mark.parametrize("name", ["sparsity", "bits", "noise", "delta"])
def test_every_stop_of_a_slider_is_allowed_and_the_default_among_them(name):
    setting, default = settings(Scenario)[name], defaults(Scenario)[name]
    values = stops(setting, type(default))
    assert values == sorted(set(values))
    assert len(values) >= 8
    for value in values:
        setting.check(name, value, type(default))
    assert min(abs(value - default) for value in values) < 0.003


def test_the_payload_is_plain_and_holds_the_measured_point():
    certificate = certify(Scenario())
    values = json.loads(json.dumps(payload(Scenario(), View(), [certificate], None)))
    (point,) = values["measured"]
    assert point["cell"]["train"] == [certificate.risk.errors, certificate.risk.draws, certificate.risk.borderline]
    assert point["cell"]["bits"] == pytest.approx(certificate.ledger.bits, abs=0.01)
    assert values["state"]["sparsity"] == Scenario().sparsity
    assert set(values["bounds"]) == set(BOUNDS)
    assert {control["name"] for control in values["controls"]} == {*LIVE, "n"} - {"bound"}
    assert values["known"]["n"] in next(one["stops"] for one in values["controls"] if one["name"] == "n")


def test_the_sparsity_of_a_family_stops_where_it_has_networks():
    def sparsities(scenario):
        recorded = surface.find(scenario)
        (slider,) = (one for one in payload(scenario, View(), [], recorded)["controls"] if one["name"] == "sparsity")
        return tuple(slider["stops"]), recorded[0].grid.sparsity

    stopped, measured = sparsities(Scenario())
    assert stopped == measured
    assert Scenario().sparsity in stopped
    stopped, measured = sparsities(Scenario(checkpoint="plain"))
    assert len(stopped) > 3 * len(measured)


def test_pins_of_other_data_bring_their_own_numbers():
    pin = Pin(Scenario(model="mlp"))
    values = payload(Scenario(), View(pins=(pin,)), [certify(Scenario())], None, [certify(pin.scenario)])
    assert values["pins"][0]["known"]["n"] == 60_000
    assert values["pins"][0]["cell"]["bits"] == pytest.approx(certify(pin.scenario).ledger.bits, abs=0.01)


@pytest.mark.parametrize(
    "host", [STREAMLIT, Path(notebook.__file__).parent / "anywidget.js"], ids=lambda path: path.stem
)
@pytest.mark.parametrize("own", [EXPLORER, SCRIPTS], ids=["explorer", "what-if"])
def test_the_script_of_a_page_is_one_module_without_imports(own, host):
    lines = [line for line in source(own, host).splitlines() if line.startswith(("import ", "export "))]
    assert [line.split()[1] for line in lines] == ["const", "default"]
