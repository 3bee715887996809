"""`python -m pacviz holds` counts violated bounds: of trials that ship at once, of others after running them."""

import json

import pytest

from pacviz.cli import main
from pacviz.experiments.does_it_hold.live import trials
from pacviz.experiments.does_it_hold.run import Trial, outcome
from pacviz.experiments.does_it_hold.settings import SEVERE, Claim, Guess


def test_charged_no_bound_is_violated_and_uncharged_most_are(capsys):
    assert main(["holds", "guess", "--severe"]) == 0
    assert capsys.readouterr().out.startswith("0 of 60 bounds were violated; δ allows 20 %")
    assert main(["holds", "guess", "--severe", "--uncharged", "--json", "--trials", "30"]) == 0
    told = json.loads(capsys.readouterr().out)
    shipped = [Trial(one, Claim(charged=False)) for one in trials(SEVERE["guess"]).first(30).values()]
    assert told["violated"] == sum(trial.violated for trial in shipped) > 20
    assert told["refuted"]
    assert [row["bound"] for row in told["outcomes"]] == [trial.bound for trial in shipped]


def test_what_does_not_ship_is_run(capsys, monkeypatch):
    from pacviz import data
    from pacviz.data import Dataset, digits

    few = Dataset("digits", "Procedural digits", digits.sample(600, seed=31), digits.sample(100, seed=32), 10)
    monkeypatch.setattr(data, "load", lambda name, download=False, progress=None: few)
    assert main(["holds", "guess", "--n", "20", "--guesses", "50", "--trials", "2", "--delta", "0.1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = [Trial(outcome(Guess(n=20, guesses=50), index, few.train), Claim(delta=0.1)) for index in range(2)]
    assert [row["true_error"] for row in told["outcomes"]] == [trial.outcome.truth.mean for trial in expected]
    assert told["delta"] == 0.1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["guess", "--bits", "3"], "--bits is no setting of guess"),
        (["--trials", "0"], "trials must lie between 1 and 10,000"),
        (["--delta", "1.5"], "delta must be"),
        (["--labels", "none"], "labels must be"),
    ],
)
def test_bad_input_is_a_sentence(capsys, given, words):
    assert main(["holds", *given]) != 0
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
