"""Visitors take turns: what two of them want is measured once, and who waits is told so."""

import threading

from pacviz import Scenario
from pacviz.app.work import work
from pacviz.certificates import measure as measurement


def test_what_two_visitors_want_is_measured_once(monkeypatch):
    scenario, measured, told = Scenario(model="mlp", checkpoint="plain", sparsity=0.991, bits=2), [], []
    real, started, let_go = measurement.measure_anew, threading.Event(), threading.Event()

    def slow(*arguments, **more):
        measured.append(arguments[0])
        started.set()
        assert let_go.wait(60)
        return real(*arguments, **more)

    def waiting(fraction, what):
        told.append(what)
        let_go.set()

    monkeypatch.setattr(measurement, "measure_anew", slow)
    jobs = [(scenario, True)]
    first = threading.Thread(target=work, args=(jobs, lambda fraction, what: None))
    first.start()
    assert started.wait(60)
    work(jobs, waiting)
    first.join()
    assert measured == [scenario]
    assert told[0] == "waiting for another visitor's measurement"
