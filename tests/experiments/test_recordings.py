"""What ships recorded is what this code measures."""

import pytest

from pacviz import Scenario, known, store
from pacviz.certificates.measure import key, measure
from pacviz.experiments.recordings import recorded_scenarios


def test_every_first_screen_and_its_curves_are_recorded_and_nothing_else():
    assert {key(scenario, preview=False) for scenario in recorded_scenarios()} == set(store.recordings())


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(),
        pytest.param(Scenario(noise=0.05), marks=pytest.mark.slow),
        pytest.param(Scenario(bits=6), marks=pytest.mark.long),
    ],
    ids=["default", "noise", "bits"],
)
def test_a_recording_is_measured_again_alike(scenario, monkeypatch):
    recorded = known(scenario).measurement
    monkeypatch.setattr("pacviz.store.results.recordings", dict)
    assert known(scenario) is None
    again = measure(scenario)
    assert [charge.name for charge in again.ledger.charges] == [charge.name for charge in recorded.ledger.charges]
    bits = [charge.bits for charge in recorded.ledger.charges]
    assert [charge.bits for charge in again.ledger.charges] == pytest.approx(bits, rel=1e-9, abs=1e-6)
    assert again.code_bytes == recorded.code_bytes
    assert again.fingerprints == recorded.fingerprints
    # Another processor may round a handful of close calls the other way.
    assert abs(again.train.errors - recorded.train.errors) <= 5
    assert abs(again.test.errors - recorded.test.errors) <= 5
