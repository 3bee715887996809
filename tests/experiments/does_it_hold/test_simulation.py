"""Over many samples from the known distribution, charged bounds hold and uncharged ones are caught."""

import dataclasses
import math

import pytest
import torch
from scipy.stats import binomtest

from pacviz import PacvizError
from pacviz.bounds import occam
from pacviz.data import digits, load
from pacviz.experiments.does_it_hold import results
from pacviz.experiments.does_it_hold.results import RECORDED, recorded
from pacviz.experiments.does_it_hold.run import SUSPICION, Coverage, Outcome, Trial, noticed, outcome, violations_needed
from pacviz.experiments.does_it_hold.settings import SEVERE, Claim, Guess, Pipeline

TRIALS = 200
HONEST, BROKEN = Claim(delta=0.2, charged=True), Claim(delta=0.2, charged=False)


@pytest.fixture(scope="module")
def fresh():
    """Enough for limits of a true error within one and a half points."""
    return digits.sample(10_000, seed=77)


@pytest.fixture(scope="module")
def pipeline():
    """Its bounds lie at 94 % and its errors at 23 %: fewer fresh digits leave no doubt either."""
    fresh = digits.sample(3_000, seed=77)
    return [outcome(Pipeline(n=500), index, fresh) for index in range(TRIALS // 2)]


@pytest.fixture(scope="module")
def guess(fresh):
    return [outcome(Guess(n=30, guesses=10_000), index, fresh) for index in range(TRIALS)]


def coverage(outcomes, claim):
    return Coverage.of([Trial(outcome, claim) for outcome in outcomes], claim.delta)


def consistent(outcomes, claim):
    """Whether even with the undecided ones counted, violations are no more than delta allows (exact binomial test)."""
    seen = coverage(outcomes, claim)
    worst = seen.violated + seen.undecided
    return binomtest(worst, seen.trials, claim.delta, alternative="greater").pvalue > 0.05


@pytest.mark.slow
def test_the_bounds_of_the_whole_pipeline_are_violated_no_more_often_than_delta(pipeline):
    assert consistent(pipeline, HONEST)
    assert not coverage(pipeline, HONEST).refuted


@pytest.mark.slow
def test_the_pipeline_without_its_code_length_is_caught(pipeline):
    assert coverage(pipeline, BROKEN).p_value < 1e-30


@pytest.mark.long
def test_over_two_hundred_samples_too_the_bounds_hold_and_without_code_length_they_do_not(fresh):
    outcomes = [outcome(Pipeline(), index, fresh) for index in range(TRIALS)]
    assert consistent(outcomes, HONEST)
    assert coverage(outcomes, BROKEN).p_value < 1e-30


def test_guess_and_check_without_ln_m_is_caught(guess):
    broken = coverage(guess, BROKEN)
    assert broken.refuted
    assert broken.p_value < 1e-30
    assert broken.violated > 0.9 * TRIALS


def test_charging_ln_m_repairs_guess_and_check_on_the_very_same_trials(guess):
    assert consistent(guess, HONEST)
    assert coverage(guess, HONEST).violated < coverage(guess, BROKEN).violated


def test_one_guess_is_no_choice_and_needs_no_charge(fresh):
    outcomes = [outcome(Guess(guesses=1), index, fresh) for index in range(TRIALS)]
    assert consistent(outcomes, BROKEN)
    assert [Trial(item, HONEST).bound for item in outcomes] == [Trial(item, BROKEN).bound for item in outcomes]


@pytest.mark.parametrize("experiment", [Pipeline(n=200), Guess(n=30, guesses=1500)])
def test_a_trial_depends_on_its_experiment_and_number_alone(experiment, fresh):
    alone = outcome(experiment, 2, fresh)
    torch.rand(5)
    outcome(experiment, 0, fresh)
    assert outcome(experiment, 2, fresh) == alone
    assert len({outcome(experiment, index, fresh) for index in range(3)}) == 3


def test_another_seed_draws_other_samples(fresh):
    assert outcome(Pipeline(n=200, seed=1), 0, fresh) != outcome(Pipeline(n=200, seed=2), 0, fresh)


def test_more_guesses_contain_the_fewer_ones(fresh):
    errors = [outcome(Guess(guesses=guesses), 0, fresh).train.errors for guesses in (1, 999, 1000, 1001, 20_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0]


def test_the_choice_costs_ln_m_or_the_code_and_the_bound_pays_it(fresh):
    guessed, trained = outcome(Guess(guesses=700), 0, fresh), outcome(Pipeline(n=500), 0, fresh)
    assert guessed.choice_nats == pytest.approx(math.log(700))
    code_bits = trained.choice_nats / math.log(2)
    assert code_bits == pytest.approx(8 * round(code_bits / 8))
    assert 50 < code_bits / 8 < 406
    for item in (guessed, trained):
        assert Trial(item, HONEST).bound == occam(item.train.mean, item.choice_nats, item.n, 0.2)
        assert Trial(item, BROKEN).bound == occam(item.train.mean, 0, item.n, 0.2) < Trial(item, HONEST).bound


def test_a_violation_is_counted_only_where_the_fresh_sample_leaves_no_doubt(guess):
    example = guess[0]
    bound = Trial(example, BROKEN).bound

    def with_errors(share):
        truth = type(example.truth)("clopper-pearson", round(share * 10_000), 10_000, 1e-3, None)
        return Trial(Outcome(example.train, truth, example.choice_nats), BROKEN)

    for share, violated, undecided in (
        (bound + 0.05, True, False),
        (bound + 0.001, False, True),
        (bound - 0.05, False, False),
    ):
        assert (with_errors(share).violated, with_errors(share).undecided) == (violated, undecided)


@pytest.mark.parametrize(
    ("violated", "trials", "delta"), [(0, 50, 0.2), (10, 50, 0.2), (23, 50, 0.2), (50, 50, 0.2), (3, 7, 0.05)]
)
def test_the_p_value_is_that_of_the_exact_binomial_test(violated, trials, delta):
    seen = Coverage(violated, 0, trials, delta)
    assert seen.p_value == pytest.approx(binomtest(violated, trials, delta, alternative="greater").pvalue)
    assert seen.refuted == (seen.p_value < SUSPICION)


def test_nothing_is_refuted_before_the_first_trial():
    assert not Coverage.of([], 0.2).refuted


def test_progress_is_told_and_may_stop_a_trial(fresh):
    seen = []
    outcome(Pipeline(n=200), 0, fresh, lambda fraction, what: seen.append((fraction, what)))
    assert [what for _, what in seen] == sorted((what for _, what in seen), key=("drawing digits", "training").index)
    assert seen[-1][0] == 1.0

    def stop(fraction, what):
        if fraction > 0:
            raise KeyboardInterrupt

    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        outcome(Guess(guesses=5000), 0, fresh, stop)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("broken", [0.0, 0.2, 0.4, 0.7, 0.99])
@pytest.mark.parametrize("delta", [0.05, 0.2, 0.5])
def test_a_share_of_the_charge_is_noticed_exactly_where_the_trials_refute_the_bound_that_charges_it(
    guess, broken, delta
):
    trials = [Trial(item, Claim(delta)) for item in guess]
    power = noticed(trials, delta)
    # The same trials, whose choice is said to cost that share.
    cheaper = [dataclasses.replace(item, choice_nats=broken * item.choice_nats) for item in guess]
    refuted = coverage(cheaper, Claim(delta)).refuted
    assert refuted == (broken < power)


def test_what_a_trial_needs_is_where_its_bound_meets_the_true_error(guess):
    for trial in (Trial(item, HONEST) for item in guess[:20]):
        result = trial.outcome
        nats = trial.needed * result.choice_nats
        assert nats > 0
        assert occam(result.train.mean, nats, result.n, 0.2) == pytest.approx(result.truth.lower, abs=1e-9)


def test_trials_that_cannot_refute_anything_have_no_power(guess, fresh):
    assert violations_needed(4, 0.2) is None
    assert noticed([Trial(item, HONEST) for item in guess[:4]], 0.2) == 0
    single = Trial(outcome(Guess(guesses=1), 0, fresh), HONEST)
    assert noticed([single] * 30, 0.2) == 0
    with pytest.raises(PacvizError, match="costs nothing"):
        _ = single.needed


@pytest.mark.parametrize(("trials", "delta"), [(20, 0.2), (100, 0.2), (100, 0.05), (60, 0.5)])
def test_as_few_violations_as_refute_a_bound_and_no_fewer_are_needed(trials, delta):
    enough = violations_needed(trials, delta)
    assert Coverage(enough, 0, trials, delta).refuted
    assert not Coverage(enough - 1, 0, trials, delta).refuted


def test_under_random_labels_every_network_errs_on_nine_tenths_and_the_severe_guess_has_the_most_power(guess, fresh):
    severe = [Trial(outcome(SEVERE["guess"], index, fresh), HONEST) for index in range(30)]
    assert all(trial.outcome.truth.lower <= 0.9 <= trial.outcome.truth.upper + 1e-3 for trial in severe)
    usual = [Trial(item, HONEST) for item in guess[:30]]
    # Over six seeds: 0.49 to 0.73 against 0.33 to 0.42.
    assert noticed(severe, 0.2) > noticed(usual, 0.2)
    assert not Coverage.of(severe, 0.2).refuted


@pytest.mark.parametrize(
    "experiment", RECORDED, ids=lambda experiment: f"{type(experiment).__name__}-{experiment.labels}"
)
def test_every_experiment_that_is_shown_first_is_recorded(experiment):
    result = recorded(experiment)
    learner = "guess" if isinstance(experiment, Guess) else "pipeline"
    assert sorted(result) == list(range(results.TRIALS[learner]))
    assert all(item.n == experiment.n for item in result.values())


def test_a_recorded_guess_is_found_again_bit_by_bit():
    assert recorded(Guess())[3] == outcome(Guess(), 3, load("digits").train)


def test_recording_writes_what_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RECORDED", (Guess(n=10, guesses=10), Guess(n=10, guesses=100)))
    file = results.record_trials(lambda *_: None, tmp_path / "trials.json.gz", most=2)
    assert recorded(Guess(n=10, guesses=100), file) == {
        index: outcome(Guess(n=10, guesses=100), index, load("digits").train) for index in range(2)
    }
    assert recorded(Guess(n=20), file) == {}
    assert recorded(Guess(), tmp_path / "nothing") == {}
    (tmp_path / "broken").write_bytes(file.read_bytes()[:-9])
    with pytest.raises(PacvizError, match="python -m pacviz record trials"):
        recorded(Guess(), tmp_path / "broken")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pipeline(n=40), ("n must be from 50 to 4000", "40")),
        (lambda: Pipeline(n=500.5), ("n must be a whole number", "500.5")),
        (lambda: Pipeline(sparsity=1.0), ("sparsity", "0.95", "1.0")),
        (lambda: Guess(guesses=0), ("guesses must be from 1 to 1e+06", "0")),
        (lambda: Guess(guesses="many"), ("guesses", "many")),
        (lambda: Guess(seed=-1), ("seed", "-1")),
        (lambda: Claim(delta=0), ("delta must be strictly between 0 and 1", "0")),
        (lambda: outcome(Guess(), -1, digits.sample(1, 0)), ("counted from 0", "-1")),
    ],
)
def test_a_wrong_value_is_refused_with_field_value_and_range(make, words):
    with pytest.raises(PacvizError) as refusal:
        make()
    assert all(word in str(refusal.value) for word in words), refusal.value
    assert str(refusal.value).endswith(".")
