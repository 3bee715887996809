"""The explorer in a notebook: what is let go is shown and measured, what is refused says so, and the newest wins."""

import sys
import threading

import pytest
import torch
from torch import nn

from pacviz import PacvizError, Scenario, certify, from_module, scenario_of
from pacviz.certificates import measure as measurement
from pacviz.explorer import PRESETS, Pin, View
from pacviz.notebook import Explorer

UNSEEN = Scenario(sparsity=0.999, bits=7)
"""A point of a recorded surface that nobody has measured by itself."""


def let_go(explorer, **moved):
    """What the browser sends when a slider is let go."""
    seq = explorer.data["echo"] + 1
    state = {"moved": {**explorer.data["state"], **moved, "seq": seq}}
    explorer._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def rested(explorer, until=lambda data: not data["working"]):
    """Waits until its data are as wished."""
    there = threading.Event()
    explorer.observe(lambda change: there.set() if until(change.new) else None, "data")
    if until(explorer.data):
        there.set()
    assert there.wait(60)
    return explorer.data


def how(data):
    """What the browser is told of the present point: nothing, a preview, or the exact measurement."""
    return [("preview" if point["preview"] else "exact") for point in data["measured"]]


def test_it_shows_its_setting_at_once_and_gives_its_certificate():
    explorer = Explorer()
    assert how(explorer.data) == ["exact"]
    assert explorer.data["surface"]["gzip"]
    assert explorer.certificate == certify(Scenario())


def test_what_is_let_go_is_answered_at_once_then_by_a_preview_then_exactly():
    explorer, seen = Explorer(), []
    explorer.observe(lambda change: seen.append((change.new["echo"], how(change.new), change.new["working"])), "data")
    pin = {**Scenario().to_dict(), "n": 0}
    let_go(explorer, sparsity=UNSEEN.sparsity, bits=UNSEEN.bits, along="bits", n=1000, pins=[pin], tour=2)
    rested(explorer)
    assert seen == [(1, [], True), (1, ["preview"], True), (1, ["exact"], False)]
    assert explorer.scenario == UNSEEN
    assert explorer.view == View(along="bits", n=1000, pins=(Pin(Scenario()),), tour=2)
    (point,) = explorer.data["measured"]
    assert point["cell"]["train"][0] == explorer.certificate.risk.errors
    assert not explorer.certificate.measurement.preview
    assert explorer.data["pins"][0]["cell"]


def test_a_preset_may_change_network_and_data_and_absent_data_are_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    explorer = Explorer()
    let_go(explorer, **{**PRESETS[0].changes, "checkpoint": "surgery", "pruning": "layer"})
    assert explorer.scenario.data == "mnist"
    assert explorer.scenario.checkpoint == "surgery"
    data = rested(explorer, lambda data: data["problem"])
    assert data["problem"].startswith("MNIST is not in ")
    assert data["echo"] == 1
    let_go(explorer, **Scenario().to_dict())
    assert explorer.data["problem"] == ""
    assert how(explorer.data) == ["exact"]


def test_a_refused_value_is_a_sentence_and_nothing_is_lost():
    explorer = Explorer(Scenario(bits=3), View(hide=("sizes",)))
    let_go(explorer, sparsity=1.5)
    assert explorer.data["problem"] == "sparsity must be from 0 to 0.999, got 1.5."
    assert explorer.data["echo"] == 1
    assert explorer.data["state"]["sparsity"] == Scenario().sparsity
    assert (explorer.scenario, explorer.view) == (Scenario(bits=3), View(hide=("sizes",)))
    let_go(explorer, bits=2)
    assert explorer.data["problem"] == ""
    assert explorer.scenario == Scenario()


def test_python_may_move_it_and_be_told_where_it_is():
    explorer, seen = Explorer(), []
    explorer.observe(lambda change: seen.append(change.new), "scenario")
    explorer.scenario = Scenario(bits=4)
    assert explorer.data["state"]["bits"] == 4
    let_go(explorer, bits=5)
    assert seen == [Scenario(bits=4), Scenario(bits=5)]
    explorer.view = View(along="noise")
    assert explorer.data["state"]["along"] == "noise"


def test_of_many_moves_during_a_measurement_only_the_newest_is_measured(monkeypatch):
    real, begun, started, go_on = measurement.measure_anew, [], threading.Event(), threading.Event()

    def slow(scenario, preview, progress, weights):
        begun.append((scenario.bits, preview))
        started.set()
        assert go_on.wait(60)
        progress(0.5, "measuring")
        return real(scenario, preview, progress, weights)

    monkeypatch.setattr(measurement, "measure_anew", slow)
    explorer = Explorer(Scenario(pruning="layer", checkpoint="plain", sparsity=0.3))
    assert started.wait(60)
    for bits in (5, 6, 8):
        let_go(explorer, bits=bits, pruning="global", checkpoint="gradual", sparsity=UNSEEN.sparsity)
    go_on.set()
    assert how(rested(explorer)) == ["exact"]
    assert begun == [(2, True), (8, True), (8, False)]


def test_it_starts_from_a_scenario_and_a_view_only():
    with pytest.raises(PacvizError, match=r"scenario must be a Scenario, got 0.9; write Scenario\(…\)"):
        Explorer(0.9)
    with pytest.raises(PacvizError, match=r"view must be a View, got \{\}"):
        Explorer(view={})


def test_without_anywidget_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "pacviz.notebook.widget")
    with pytest.raises(PacvizError, match=r"needs anywidget: pip install 'pacviz\[notebook\]'"):
        from pacviz.notebook import Explorer  # noqa: F401


@pytest.mark.slow
def test_a_network_of_ones_own_is_explored_like_any_other():
    torch.manual_seed(0)
    weights = from_module(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), input_shape=(1, 28, 28))
    scenario = scenario_of(weights, {"data": "digits", "sparsity": 0.5, "bits": 2})
    explorer = Explorer(scenario, View(along="bits"), weights)
    assert explorer.certificate == certify(scenario, weights=weights)
    let_go(explorer, bits=3)
    assert explorer.certificate == certify(scenario.but(bits=3), weights=weights)
    assert rested(explorer)["surface"]["raw"]["grid"]["bits"] == tuple(range(1, 9))
