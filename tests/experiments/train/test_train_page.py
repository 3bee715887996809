"""The page Train starts runs, shows those of everybody as they are, and turns what goes wrong into sentences."""

import hashlib
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.data import Dataset, digits
from pacviz.experiments.train import run as worker
from pacviz.experiments.train.page import compress_link
from pacviz.library import checkpoints
from pacviz.training import processes as runs
from pacviz.training import records
from pacviz.training.recipe import Training
from pacviz.training.records import Metrics, Run
from pacviz.words import at_most

APP = str(Path(__file__).parents[3] / "app.py")
TRAINING = Training(model="tiny", name="mine", epochs=2, batch_size=20)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    """A cache without runs; the few digits in it are all that the app finds."""
    few = Dataset("digits", "Procedural digits", digits.sample(600, seed=31), digits.sample(100, seed=32), 10)
    monkeypatch.setattr(data, "load", lambda name, download=False, progress=None: few)
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))


@pytest.fixture
def commands(monkeypatch):
    """The processes that would have been started."""
    started = []
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: started.append(command) or SimpleNamespace(pid=2**30, wait=lambda: 0),
    )
    return started


KEY = "the-key-of-this-browser-0"
ME = "browser-" + hashlib.sha256(KEY.encode()).hexdigest()[:16]


def opened(key=KEY, **query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.session_state["browser_key"] = key
    app.switch_page("pages/train.py")
    for name, value in query.items():
        app.query_params[name] = str(value)
    return app.run()


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def numbers(app):
    return {metric.label: metric.value for metric in app.metric}


def said(app):
    return " ".join(text.value for text in app.markdown)


def trained(owner=ME):
    if owner is not None:
        with records.transaction() as database:
            records.enqueue(database, Run(records.identity(TRAINING), TRAINING, owner=owner))
    with runs.taking_part(TRAINING, None, lambda fraction, what: None) as run:
        worker.work(run, lambda fraction, what: None)


def test_an_untouched_page_shows_a_recorded_run_and_says_so():
    app = healthy(opened())
    (run, rows), *_ = records.recorded().values()
    assert "recorded" in said(app)
    assert numbers(app)["Bound"] == at_most(rows[-1].bound)
    assert len(app.get("plotly_chart")) == 4
    assert app.code[0].value == run.training.command


def test_the_recorded_run_is_one_that_its_command_makes():
    for run, rows in records.recorded().values():
        assert run.training.command.startswith("python -m pacviz train --model lenet5")
        assert rows[-1].exact
        assert rows[-1].bound < 0.5
        assert rows[-1].density == pytest.approx(run.training.density, abs=1e-5)
        assert rows[-1].epoch == run.training.epochs


def test_a_finished_run_is_found_with_its_numbers_and_leads_to_its_certificate():
    trained()
    app = healthy(opened())
    last = records.metrics("digits/tiny/mine")[-1]
    assert app.selectbox(key="train_run").value == "digits/tiny/mine"
    assert numbers(app)["Bound"] == at_most(last.bound)
    assert numbers(app)["Accuracy"] == f"{last.accuracy:.1%}"
    assert "406 weights take" in said(app)
    assert "### " in said(app)
    app.button(key="discard").click().run()
    assert records.listing() == []
    assert "recorded" in said(healthy(app))
    (back,) = [button for button in app.button if button.key.startswith("restore_")]
    assert back.label == "Bring back digits/tiny/mine"
    back.click().run()
    assert records.metrics("digits/tiny/mine")[-1] == last
    assert checkpoints.available("tiny", "digits") == ("mine",)


@pytest.mark.parametrize("owner", [None, "browser-of-another"])
def test_a_run_of_somebody_else_is_watched_and_neither_changed_nor_the_first_that_is_shown(owner):
    trained(owner)
    app = healthy(opened())
    assert app.selectbox(key="train_run").value.startswith("recorded.")
    app.selectbox(key="train_run").set_value("digits/tiny/mine").run()
    healthy(app)
    assert "406 weights take" in said(app)
    assert not {"stop", "resume", "discard"} & {button.key for button in app.button}
    assert any("can be watched here" in caption.value for caption in app.caption)


def test_a_read_only_server_shows_runs_and_offers_nothing_that_changes_them(monkeypatch):
    trained()
    monkeypatch.setenv("PACVIZ_PUBLIC", "1")
    app = healthy(opened())
    assert "406 weights take" in said(app)
    assert {button.key for button in app.button} <= {"projector"}
    assert "read-only" in app.sidebar.caption[0].value


def test_what_a_training_takes_is_said_before_and_what_is_too_large_cannot_be_started(commands):
    app = opened(train_method="dense", train_model="tiny")
    assert any(caption.value.startswith("Takes about") for caption in app.caption)
    app = opened(train_method="dense", train_dense_model="lenet5", train_dense_epochs=1000, train_dense_batch_size=1)
    assert any("12 h here" in warning.value for warning in app.warning)
    assert app.button(key="train_start").disabled


def test_two_visitors_who_start_under_the_offered_name_replace_nothing(commands):
    first, second = opened(train_model="tiny"), opened("the-key-of-another-browser", train_model="tiny")
    for app in (first, second):
        assert app.text_input[0].value == "gradual"
    for app in (first, second):
        app.button(key="train_start").click().run()
        healthy(app)
    assert [run.id for run in records.listing()] == ["digits/tiny/gradual-v2", "digits/tiny/gradual"]
    assert second.selectbox(key="train_run").value == "digits/tiny/gradual-v2"
    assert healthy(opened("a-third-browser-that-comes")).selectbox(key="train_run").value.startswith("recorded.")


def test_the_first_screen_prunes_the_network_of_a_run_no_further():
    run = Run(
        "mnist/lenet5/few", Training.of("gradual", data="mnist", name="few", density=0.0037, bits=2), state="done"
    )
    row = Metrics(1, 1.0, 1.0, 0.1, 0.9, 1595, 0.0037)
    link = compress_link(run, [row])
    assert (link["data"], link["checkpoint"], link["bits"]) == ("mnist", "few", "2")
    assert link["sparsity"] == "0.996"
    assert compress_link(run, [Metrics(1, 1.0, 1.0, 0.1, 0.9, 200, 0.0005)])["sparsity"] == "0.999"


def test_start_asks_for_the_settings_that_are_shown_and_stop_ends_the_wait(commands):
    app = opened(train_model="tiny", train_gradual_epochs=7)
    assert app.text_input[0].value == "gradual"
    app.button(key="train_start").click().run()
    (command,) = commands
    wanted = Training.of("gradual", model="tiny", name="gradual", start="scratch", epochs=7)
    assert command[1:4] == ["-m", "pacviz", "train"]
    assert " ".join(command[1:]) == wanted.command.removeprefix("python ")
    assert records.listing()[0].training == wanted
    assert "waiting for its turn" in said(healthy(app))
    app.button(key="stop").click().run()
    assert "stopping" in said(healthy(app))
    assert app.text_input[0].value == "gradual-v2"


def test_a_method_brings_its_usual_settings():
    app = opened()
    assert app.number_input(key="train_gradual_density").value == 0.015
    assert app.selectbox(key="train_gradual_start").value == "plain"
    app.selectbox(key="train_method").set_value("codebook").run()
    assert healthy(app).number_input(key="train_codebook_epochs").value == 3
    app.selectbox(key="train_method").set_value("dense").run()
    assert healthy(app).number_input(key="train_dense_weight_decay").value == 1.0
    assert "train_dense_density" not in {field.key for field in app.number_input}


def test_a_taken_name_is_a_sentence_and_the_page_stays(commands):
    app = opened()
    app.text_input[0].set_value("plain").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert commands == []
    assert "choose another name" in app.error[0].value or "must differ" in app.error[0].value
    assert len(app.metric) == 5


def test_a_failed_run_says_why_and_can_be_resumed(commands, monkeypatch):
    def diverged(*_):
        raise runs.PacvizError("The training diverged in epoch 1; train again with a smaller learning rate.")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "train", diverged)
        with pytest.raises(runs.PacvizError):
            trained()
    app = healthy(opened())
    assert "The training diverged in epoch 1" in said(app)
    app.button(key="resume").click().run()
    assert "waiting for its turn" in said(healthy(app))
    assert len(commands) == 1


def test_absent_data_are_offered_for_download_and_nothing_starts_without_them(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    app = opened(train_data="fashion-mnist")
    assert not app.exception
    assert str(tmp_path) in app.info[0].value
    assert app.button(key="train_start").disabled
    assert len(app.metric) == 5


@pytest.mark.parametrize(("name", "value"), [("method", "luck"), ("gradual_density", "2"), ("gradual_epochs", "many")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = healthy(opened(**{f"train_{name}": value}))
    assert any(warning.value.startswith(f"train_{name} must be") for warning in app.warning)


def test_a_run_of_the_shell_shows_while_it_trains():
    """Seen from within its own report: another process would see the same rows."""
    seen = []

    def report(fraction, what):
        if what.startswith("epoch 2") and not seen:
            records.add("digits/tiny/mine", [])
            seen.append(healthy(opened(run="digits/tiny/mine")))

    with runs.taking_part(TRAINING, None, lambda fraction, what: None) as run:
        worker.SECONDS_PER_WRITE, usual = 0.0, worker.SECONDS_PER_WRITE
        try:
            worker.work(run, report)
        finally:
            worker.SECONDS_PER_WRITE = usual
    (app,) = seen
    assert ":blue-badge" in said(app)
    assert "stop" not in {button.key for button in app.button}
    assert numbers(app)["Bound, preview"] != "–"
    assert checkpoints.available("tiny", "digits") == ("mine",)
