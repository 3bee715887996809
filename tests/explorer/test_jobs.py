"""What is still to be measured, most wanted first."""

from pacviz import Scenario
from pacviz.explorer import Pin, unfinished


def test_the_present_point_comes_before_curves_and_pins_and_absent_data_are_nobodys_job(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    scenario = Scenario(checkpoint="plain", sparsity=0.9123)
    other, pinned = scenario.but(bits=7), scenario.but(sparsity=0.9321)
    pins = [Pin(pinned), Pin(pinned.but(data="mnist"))]
    jobs = unfinished(scenario, [other], pins)
    assert jobs == [(scenario, True), (scenario, False), (other, True), (pins[0].scenario, True)]
    noisy = scenario.but(noise=0.05)
    assert unfinished(noisy, [other], [])[-1] == (noisy, False)
