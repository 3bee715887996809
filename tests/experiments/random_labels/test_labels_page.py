""" "Random labels" shows a recording untouched, and runs, pauses, cancels and keeps an experiment of one's own."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.experiments.random_labels.files import available, read
from pacviz.experiments.random_labels.settings import SURGERY
from pacviz.jobs.live import hall

APP = str(Path(__file__).parents[3] / "app.py")
QUICK = {"live_model": "tiny", "live_n": 100, "live_tests": 100, "live_epochs": 2, "live_recovery": 1, "show": "live"}


def opened(**query):
    data.load("digits")
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/labels.py")
    for name, value in query.items():
        app.query_params[f"labels_{name}"] = str(value)
    return healthy(app.run())


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def test_untouched_it_shows_the_recorded_curves_and_what_the_sliders_place_says():
    app = opened()
    name, path = next(iter(available().items()))
    recording = read(path)
    sparsity = recording.steepest(SURGERY)
    least, *_, most = recording.at(SURGERY, sparsity)
    headline = app.markdown[0].value
    assert app.selectbox(key="labels_name").value == name
    assert f"{least.accuracy.mean:.0%}" in headline
    assert f"{most.accuracy.mean:.0%}" in headline
    assert list(app.table[0].value["random"]) == ["0%", "30%", "50%", "70%", "100%"]
    assert len(app.get("plotly_chart")) == 3
    assert any("pacviz-sheet" in html.proto.body for html in app.get("html"))
    assert any(code.value == recording.experiment.command for code in app.code)


def test_the_slider_moves_the_table_and_the_headline():
    app = opened()
    recording = read(next(iter(available().values())))
    app.select_slider(key="labels_sparsity").set_value(recording.experiment.sparsity[1]).run()
    result = recording.at(SURGERY, recording.experiment.sparsity[1])
    assert next(iter(app.table[0].value["size"])).split()[0] == f"{result[0].bytes.mean / 1000:.1f}"
    assert f"{100 * recording.experiment.sparsity[1]:g} %" in healthy(app).markdown[0].value


def until(app, there):
    """Draws the page again, as its own pulse does, until something is there."""
    end = time.monotonic() + 300
    while not there():
        assert time.monotonic() < end
        healthy(app.run())
        time.sleep(0.2)


@pytest.mark.slow
def test_it_runs_live_can_be_paused_and_goes_on_to_the_end_and_is_kept():
    """In a process of its own, as on a server."""
    app = opened(**QUICK)
    assert any("At most about" in caption.value for caption in app.caption)
    app.button(key="labels_live_run").click().run()
    app.button(key="labels_live_pause").click().run()
    assert app.button(key="labels_live_pause").label == "Resume"
    assert any("runs so far" in caption.value for caption in app.caption)
    app.button(key="labels_live_pause").click().run()
    until(app, lambda: any(box.key.startswith("labels_live_name") for box in app.text_input))
    assert len(app.table[0].value) == 5
    name = next(box for box in app.text_input if box.key.startswith("labels_live_name"))
    assert name.value == "my-run"
    name.set_value("Not a name")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert any("name must be made of" in error.value for error in app.error)
    next(box for box in app.text_input if box.key.startswith("labels_live_name")).set_value("my-run")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert read(available()["my-run"]).experiment.model == "tiny"
    healthy(app.run())
    name = next(box for box in app.text_input if box.key.startswith("labels_live_name"))
    assert name.value == "my-run-2"
    available()["my-run"].unlink()


def test_cancel_ends_its_process():
    app = opened(**(QUICK | {"live_seed": 77}))
    app.button(key="labels_live_run").click().run()
    (work,) = [live for live in hall.queue if live.experiment.seed == 77]
    until(app, lambda: work.working)
    app.button(key="labels_live_cancel").click().run()
    healthy(app)
    assert not work.working
    assert work not in hall.queue
    assert app.button(key="labels_live_run").label == "Run it live"
    assert not [button for button in app.button if button.key in ("labels_live_cancel", "labels_live_pause")]


def test_what_would_take_too_much_cannot_be_started():
    app = opened(live_model="resnet56", live_data="cifar10", live_n=50_000, live_batch_size=10_000, show="live")
    assert app.button(key="labels_live_run").disabled
    assert any("GB of memory, and a job may take 2 here" in warning.value for warning in app.warning)


@pytest.mark.slow
def test_images_that_do_not_fit_the_network_are_a_sentence():
    app = opened(**(QUICK | {"live_model": "resnet8"}))
    app.button(key="labels_live_run").click().run()
    end = time.monotonic() + 300
    while not app.error:
        assert time.monotonic() < end
        assert not app.run().exception
        time.sleep(0.2)
    assert "ResNet-8 takes images of shape (3, 32, 32)" in app.error[0].value


def test_a_read_only_server_shows_recordings_only(monkeypatch):
    monkeypatch.setenv("PACVIZ_PUBLIC", "1")
    app = opened(show="live")
    assert len(app.get("plotly_chart")) >= 3
    assert {button.key for button in app.button} <= {"projector"}
    assert any("read-only" in caption.value for caption in app.sidebar.caption)


@pytest.mark.parametrize(("name", "value"), [("method", "luck"), ("live_n", "5"), ("show", "all")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = opened(**{name: value})
    assert any(warning.value.startswith(f"labels_{name} must be") for warning in app.warning)
