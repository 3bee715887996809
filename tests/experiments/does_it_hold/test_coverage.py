"""The figures of "Does it hold?" show every trial once, on the side of the diagonal where it belongs."""

import pytest

from pacviz.experiments.does_it_hold.figures import charged_share, errors_and_bounds, violation_share
from pacviz.experiments.does_it_hold.run import Outcome, Trial, noticed
from pacviz.experiments.does_it_hold.settings import Claim
from pacviz.risk import RiskEstimate, lower_limit, upper_limit

CLAIM = Claim(delta=0.2)


def trial(train_errors: int, true_errors: int) -> Trial:
    train = RiskEstimate("exact", train_errors, 1000, 0.0, None)
    return Trial(Outcome(train, RiskEstimate("clopper-pearson", true_errors, 10_000, 1e-3, None), 0.0), CLAIM)


TRIALS = [trial(100, 500), trial(100, 9000), trial(300, 3270), trial(100, 600), trial(100, 8000)]


def marks(figure):
    return {trace.name: trace for trace in figure.data if trace.mode == "markers"}


def test_every_trial_is_a_mark_of_its_kind():
    figure = errors_and_bounds(TRIALS)
    named = marks(figure)
    assert set(named) == {"holds: 2", "too close: 1", "violated: 2"}
    assert list(named["violated: 2"].x) == [0.9, 0.8]
    assert list(named["violated: 2"].y) == [TRIALS[1].bound, TRIALS[4].bound]
    assert len({trace.marker.symbol for trace in named.values()}) == 3
    assert figure.layout.title.text.startswith("2 of 5")


def test_the_share_after_each_trial_lies_in_its_exact_interval():
    figure = violation_share(TRIALS, 0.2, 20)
    lines = {trace.name: trace for trace in figure.data}
    assert list(lines["violated so far"].y) == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4, 2 / 5])
    counts = ((0, 1), (1, 2), (1, 3), (1, 4), (2, 5))
    upper, lower = ([limit(*count, 0.025) for count in counts] for limit in (upper_limit, lower_limit))
    assert list(lines["95% interval"].y) == pytest.approx([*upper, *reversed(lower)])
    assert set(lines["δ allows 0.2"].y) == {0.2}


@pytest.mark.parametrize(("violations", "title"), [(0, "No more"), (3, "More than δ so far"), (10, "More violations")])
def test_the_title_tells_chance_from_failure(violations, title):
    trials = [trial(100, 9000)] * violations + [trial(100, 500)] * (10 - violations)
    assert violation_share(trials, 0.2, 20).layout.title.text.startswith(title)


def test_ranges_do_not_depend_on_the_trials():
    for empty, full in (
        (errors_and_bounds([]), errors_and_bounds(TRIALS)),
        (violation_share([], 0.2, 20), violation_share(TRIALS, 0.2, 20)),
    ):
        assert empty.layout.xaxis.range == full.layout.xaxis.range is not None
        assert empty.layout.yaxis.range == full.layout.yaxis.range == (0, 1)
        assert empty.layout.height == full.layout.height


def test_the_less_is_charged_the_more_bounds_are_violated_and_shaded_is_what_would_be_noticed():
    priced = [
        Trial(Outcome(item.outcome.train, item.outcome.truth, 1000.0 + 100 * place), CLAIM)
        for place, item in enumerate(5 * TRIALS)
    ]
    figure = charged_share(priced, 0.05)
    line = next(trace for trace in figure.data if trace.name == "violated")
    assert list(line.x) == sorted(line.x)
    assert list(line.y) == sorted(line.y, reverse=True)
    for share, violated in zip(line.x, line.y, strict=True):
        assert violated == sum(trial.needed > share for trial in priced) / len(priced)
    assert figure.layout.shapes[0].x1 == noticed(priced, 0.05)
    assert "refuted" in figure.layout.title.text
    assert "refute no bound" in charged_share(priced[:1], 0.05).layout.title.text
    assert charged_share([], CLAIM.delta).layout.title.text.endswith("?")
