""" "Heavy tails" shows a recording untouched, tells the tails of any network, and runs small networks live."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.experiments.heavy_tails.live import SMALL
from pacviz.experiments.heavy_tails.results import available, read
from pacviz.jobs.live import hall

APP = str(Path(__file__).parents[3] / "app.py")


def opened(**query):
    data.load("digits")
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/tails.py")
    for name, value in query.items():
        app.query_params[f"tails_{name}"] = str(value)
    return healthy(app.run())


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def test_every_shipped_recording_is_sound_and_the_largest_one_is_shown_untouched():
    shipped = {name: read(path) for name, path in available().items()}
    assert all(recording.complete for recording in shipped.values())
    largest = max(shipped, key=lambda name: len(shipped[name].networks))
    assert opened().selectbox(key="tails_name").value == largest


def test_places_that_no_recording_has_are_refused_or_give_way():
    opened(ratio=0.5, width=2000, layer="conv9", kept=0.3)
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/tails.py")
    app.query_params["tails_way"] = "by-hand"
    app.run()
    assert not app.exception
    assert any("tails_way must be one of" in told.value for told in (*app.warning, *app.error))


@pytest.mark.slow
def test_small_networks_are_trained_while_somebody_watches(monkeypatch):
    for name, value in {"step_sizes": (0.2, 0.4), "steps": 100, "further": 10, "averaged": 5}.items():
        monkeypatch.setitem(SMALL, name, value)
    app = opened(show="live", live_n=100, live_width=16)
    healthy(app.button(key="tails_live_run").click().run())
    until = time.monotonic() + 240
    while (hall.queue or not app.get("download_button")) and time.monotonic() < until:
        healthy(app.run())
    assert app.get("download_button")
    assert not hall.queue
    healthy(app.button(key="tails_live_cancel").click().run())
    assert app.button(key="tails_live_run").label == "Run it live"
