""" "Does it hold?" runs its trials, can be paused, and shows an uncharged choice to fail."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.experiments.does_it_hold import live
from pacviz.experiments.does_it_hold.results import recorded
from pacviz.experiments.does_it_hold.run import Coverage, Trial, noticed, outcome
from pacviz.experiments.does_it_hold.settings import SEVERE, USUAL, Claim, Guess, Pipeline

APP = str(Path(__file__).parents[3] / "app.py")
TRIALS = 20


def opened(run=True, **query):
    """The page with these settings, where somebody has asked for trials to be run unless `run` is false."""
    data.load("digits")
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/holds.py")
    for name, value in {"trials": TRIALS, "pipeline_n": 200, **query}.items():
        app.query_params[f"holds_{name}"] = str(value)
    app.run()
    return app.button(key="holds_run").click().run() if run else app


def finished(app):
    """The app after as many of its own reruns as it takes to run all trials."""
    for _ in range(2 * TRIALS):
        if f"of {TRIALS} bounds" in headline(app):
            break
        for working in [one for one in live.trials.works.values() if one.working]:
            assert working.heard.wait(600)
            working.heard.clear()
        app.run()
    return healthy(app)


@pytest.fixture
def at_once(monkeypatch):
    """Trials are run where they are asked for, without a process."""

    def start(self):
        for index in self.arguments()["trials"][: self.wanted]:
            result = outcome(self.learner, index, data.load("digits").train)
            self.outcomes[index] = result

    monkeypatch.setattr(live.Trials, "_start", start)


@pytest.fixture
def endless(monkeypatch):
    """A process that tells nothing."""
    process = SimpleNamespace(stdin=None, kill=int, wait=int)
    monkeypatch.setattr(live.Trials, "_start", lambda self: setattr(self, "_process", process))


@pytest.fixture(autouse=True)
def nothing_left_working():
    yield
    for one in live.trials.works.values():
        one.end()
    live.trials.works.clear()


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def headline(app):
    return app.markdown[0].value


def expected(experiment, claim):
    fresh = data.load("digits").train
    return Coverage.of((Trial(outcome(experiment, index, fresh), claim) for index in range(TRIALS)), claim.delta)


def test_the_page_runs_trials_in_a_process_until_all_are_there():
    app = finished(opened(learner="guess", guess_guesses=100))
    coverage = expected(Guess(guesses=100), Claim())
    assert headline(app) == f"### :blue[**{coverage.violated} of {TRIALS} bounds were violated**]; δ allows 20 %"
    assert len(app.latex) == 2


@pytest.mark.usefixtures("at_once")
def test_an_uncharged_guess_fails_and_charging_repairs_the_same_trials():
    app = finished(opened(learner="guess", charged="false", guess_guesses=1000))
    broken = expected(Guess(guesses=1000), Claim(charged=False))
    assert broken.refuted
    assert (
        headline(app) == f"### :red[**{broken.violated} of {TRIALS} bounds were violated**]: this is not a certificate"
    )
    app.toggle(key="holds_charged").set_value(True).run()
    repaired = expected(Guess(guesses=1000), Claim())
    assert headline(healthy(app)).startswith(f"### :blue[**{repaired.violated} of {TRIALS} bounds")
    assert "ln M = 6.9 nats" in app.markdown[1].value


@pytest.fixture
def idle(monkeypatch):
    """No trial may be run."""

    def refuse(*_):
        raise AssertionError("a trial was run")

    monkeypatch.setattr(live.Trials, "_start", refuse)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("learner", USUAL)
def test_what_was_recorded_is_shown_at_once_and_nothing_is_run(learner):
    app = opened(run=False, learner=learner, pipeline_n=2000)
    for presets, name in ((USUAL, "usual"), (SEVERE, "severe")):
        app.button(key=f"holds_{name}").click().run()
        trials = [Trial(item, Claim()) for item in recorded(presets[learner]).values()][:TRIALS]
        coverage = Coverage.of(trials, Claim().delta)
        assert headline(healthy(app)).startswith(f"### :blue[**{coverage.violated} of {TRIALS} bounds")
        share = noticed(trials, Claim().delta)
        power = next(tile.value for tile in app.metric if tile.label == "Power")
        assert float(power.removesuffix(" %")) / 100 <= share < float(power.removesuffix(" %")) / 100 + 0.011


@pytest.mark.usefixtures("idle")
def test_settings_that_nobody_has_run_say_so_and_wait_to_be_asked():
    app = opened(run=False, pipeline_seed=77)
    assert "No trial of these settings" in headline(healthy(app))
    assert app.button(key="holds_run").label == "Run live"


@pytest.mark.usefixtures("endless")
def test_pause_ends_the_trials_and_run_goes_on():
    app = opened()
    assert app.button(key="holds_run").label == "Pause"
    app.button(key="holds_run").click().run()
    assert app.button(key="holds_run").label == "Run live"
    app.number_input(key="holds_pipeline_seed").set_value(5).run()
    app.run()
    assert "No trial of these settings" in headline(healthy(app))
    assert not any(one.working for one in live.trials.works.values())
    app.button(key="holds_run").click().run()
    assert live.trials(Pipeline(n=200, seed=5)).working


@pytest.mark.usefixtures("endless")
def test_other_settings_end_the_trials_of_those_before():
    app = opened(pipeline_seed=78)
    assert live.trials(Pipeline(n=200, seed=78)).working
    app.number_input(key="holds_pipeline_seed").set_value(79).run()
    assert not live.trials(Pipeline(n=200, seed=78)).working
    assert live.trials(Pipeline(n=200, seed=79)).working


def test_trials_that_take_too_long_for_a_server_are_a_sentence(monkeypatch):
    monkeypatch.setenv("PACVIZ_JOB_HOURS", "0.0001")
    app = opened(pipeline_epochs=500, pipeline_seed=80)
    assert any("a job may take" in error.value for error in app.error)
    assert app.button(key="holds_run").label == "Run live"


@pytest.mark.usefixtures("at_once")
def test_delta_moves_the_claim():
    app = opened(learner="guess", guess_guesses=10)
    app.number_input(key="holds_delta").set_value(0.4).run()
    assert headline(healthy(app)).endswith("δ allows 40 %")


@pytest.mark.parametrize(("name", "value"), [("guess_n", "5"), ("delta", "1"), ("learner", "luck"), ("trials", "many")])
def test_a_wrong_value_in_a_link_is_named_and_the_default_taken(name, value):
    app = opened(charged="true", **({"learner": "guess"} | {name: value}))
    healthy(app)
    assert any(warning.value.startswith(f"holds_{name} must be") for warning in app.warning)


def test_a_network_without_a_checkpoint_is_no_choice_of_the_first_screen_and_a_sentence_in_a_link():
    data.load("digits")
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params["model"] = "tiny"
    app.run()
    assert not app.exception
    assert not app.error
    assert "tiny" not in app.selectbox(key="model").options
    assert any("tiny" in warning.value for warning in app.warning)
    assert app.get("bidi_component")
