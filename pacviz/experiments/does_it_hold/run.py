"""Does it hold?  Where the distribution is known, networks are learned on many samples and meet their true errors."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.stats import binom
from torch import Tensor

from pacviz.bounds import binary_kl
from pacviz.codes.compress import compress
from pacviz.data import DATASETS, Dataset, Split
from pacviz.data.digits import CLASSES, sample
from pacviz.device import one_thread
from pacviz.errors import PacvizError
from pacviz.experiments.does_it_hold.settings import RANDOM, Claim, Guess, Learner, Pipeline
from pacviz.models import architecture
from pacviz.posteriors.deterministic import Deterministic
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.training.fit import Step, fit
from pacviz.training.recipe import Training

FAILURE = 1e-3
"""Probability with which a limit of a true error may be wrong: a violation is counted only where this is not to blame."""
SUSPICION = 1e-3
"""Below this p-value, violations are too many for their delta: the bound is refuted."""

_RECIPE = Training(batch_size=50, learning_rate=0.1, weight_decay=0.1)
_FRESH_LABELS = 2**31
"""Seed of random labels for the fresh digits; those of the trials are smaller."""
_GUESSES_AT_ONCE = 1000  # few enough for the processor's cache
_FOURTH = (slice(None), 0, slice(2, None, 4), slice(2, None, 4))
_PIXELS = 49


@dataclass(frozen=True)
class Outcome:
    """What one training sample led to.

    train: error of the chosen network on its sample.  truth: its error on fresh examples, with limits at FAILURE.
    choice_nats: what naming the chosen network costs under the prior.
    """

    train: RiskEstimate
    truth: RiskEstimate
    choice_nats: float

    @property
    def n(self) -> int:
        """Training examples."""
        return self.train.draws


@dataclass(frozen=True)
class Trial:
    """An outcome and what was claimed of it."""

    outcome: Outcome
    claim: Claim

    @property
    def kl_nats(self) -> float:
        """K as the bound pays it."""
        return self.outcome.choice_nats if self.claim.charged else 0.0

    @cached_property
    def bound(self) -> float:
        return self.claim.bound.function(self.outcome.train.mean, self.kl_nats, self.outcome.n, self.claim.delta)

    @cached_property
    def violated(self) -> bool:
        """Whether the true error is above the bound for sure: its lower limit is."""
        return self.outcome.truth.lower > self.bound

    @cached_property
    def undecided(self) -> bool:
        """Whether the bound lies between the limits of the true error."""
        return self.outcome.truth.lower <= self.bound < self.outcome.truth.upper

    @property
    def needed(self) -> float:
        """The share of its charge below which this trial's bound is violated; not positive where it never is.

        The s with occam(train, s K, n, delta) = the lower limit of the true error.  Raises PacvizError where nothing is
        charged.
        """
        outcome = self.outcome
        if not outcome.choice_nats:
            raise PacvizError(
                "A single network costs nothing, so no share of its charge is needed; guess more than once."
            )
        if outcome.truth.lower <= outcome.train.mean:
            return -math.inf
        room = outcome.n * binary_kl(outcome.train.mean, outcome.truth.lower)
        return (room + math.log(self.claim.delta)) / outcome.choice_nats

    @property
    def formula(self) -> str:
        """LaTeX of the bound with this trial's numbers."""
        return self.claim.bound.substituted(self.outcome.train.mean, self.kl_nats, self.outcome.n, self.claim.delta)


@dataclass(frozen=True)
class Coverage:
    """How many of how many bounds were violated, or too close to their true errors to tell; delta is what was claimed."""

    violated: int
    undecided: int
    trials: int
    delta: float

    @classmethod
    def of(cls, trials: Iterable[Trial], delta: float) -> Coverage:
        listed = list(trials)
        return cls(
            sum(trial.violated for trial in listed), sum(trial.undecided for trial in listed), len(listed), delta
        )

    @property
    def share(self) -> float:
        """Violations as a share of the trials, 0 where there are none."""
        return self.violated / max(self.trials, 1)

    @property
    def p_value(self) -> float:
        """Probability of at least so many violations if each had probability delta: an exact binomial test."""
        return float(binom.sf(self.violated - 1, self.trials, self.delta))

    @property
    def refuted(self) -> bool:
        """Whether the violations are too many to be chance."""
        return self.p_value < SUSPICION


def violations_needed(trials: int, delta: float) -> int | None:
    """The fewest violations of so many trials that refute a bound, None where not even all of them would."""
    enough = (count for count in range(1, trials + 1) if Coverage(count, 0, trials, delta).refuted)
    return next(enough, None)


def noticed(trials: Sequence[Trial], delta: float) -> float:
    """The power of these very trials: they would have refuted every bound that charges a smaller share of K than this.

    0 where they would not have refuted one that charges nothing.
    """
    enough = violations_needed(len(trials), delta)
    if enough is None or not trials[0].outcome.choice_nats:
        return 0.0
    return max(0.0, sorted((trial.needed for trial in trials), reverse=True)[enough - 1])


def outcome(experiment: Learner, index: int, fresh: Split, progress: Progress | None = None) -> Outcome:
    """Trial `index` of an experiment: a function of the two and of nothing that was run before.

    fresh: digits of the same distribution that no trial trains on; the more, the better the true error is known.
    Raises PacvizError for a negative index.
    """
    if index < 0:
        raise PacvizError(f"Trials are counted from 0, got {index}; give 0 or more.")
    report = progress or (lambda fraction, what: None)
    report(0.0, "drawing digits")
    drawn = sample(experiment.n, int(np.random.SeedSequence((experiment.seed, index)).generate_state(1)[0]))
    if experiment.labels == RANDOM:
        drawn, fresh = _relabelled(drawn, experiment.seed, index), _relabelled(fresh, _FRESH_LABELS)
    match experiment:
        case Pipeline():
            return _compressed(experiment, drawn, fresh, report)
        case Guess():
            return _best_guess(experiment, drawn, fresh, report)


def _relabelled(split: Split, *seeds: int) -> Split:
    """The same images with labels drawn by chance."""
    labels = np.random.default_rng(seeds).integers(CLASSES, size=len(split))
    return dataclasses.replace(split, labels=torch.from_numpy(labels))


def _compressed(experiment: Pipeline, drawn: Split, fresh: Split, report: Progress) -> Outcome:
    """The whole pipeline on one sample; what is measured is what the bytes decode to."""
    source, tiny = DATASETS["digits"], architecture("tiny")
    decay = 0.0 if experiment.labels == RANDOM else _RECIPE.weight_decay
    recipe = dataclasses.replace(_RECIPE, epochs=experiment.epochs, weight_decay=decay)

    def advance(step: Step) -> None:
        report(step.step / step.steps, "training")

    with one_thread():
        state = fit(tiny, Dataset(source.name, source.title, drawn, fresh, source.classes), recipe, progress=advance)
    coded = Deterministic(compress(tiny.name, tiny.matrices(state), experiment.sparsity, experiment.bits, "global"))
    errors = [coded.risk(split).errors for split in (drawn, fresh)]
    return counted(errors[0], len(drawn), errors[1], len(fresh), coded.coded.ledger.nats)


@torch.inference_mode()
def _best_guess(experiment: Guess, drawn: Split, fresh: Split, report: Progress) -> Outcome:
    """The first of the guesses with the fewest errors on one sample; a few guesses are the first of many."""
    random = np.random.default_rng(experiment.seed)
    pixels, fewest, best = _pixels(drawn), len(drawn) + 1, torch.empty(0)
    with one_thread():
        for start in range(0, experiment.guesses, _GUESSES_AT_ONCE):
            report(start / experiment.guesses, "guessing")
            count = min(_GUESSES_AT_ONCE, experiment.guesses - start)
            numbers = bytearray(random.bytes(count * CLASSES * _PIXELS))
            guesses = torch.frombuffer(numbers, dtype=torch.int8).float().view(count, CLASSES, _PIXELS)
            errors = _errors(guesses, pixels, drawn.labels)
            first = int(errors.argmin())
            if errors[first] < fewest:
                fewest, best = int(errors[first]), guesses[first : first + 1].clone()
    wrong = int(_errors(best, _pixels(fresh), fresh.labels))
    return counted(fewest, len(drawn), wrong, len(fresh), math.log(experiment.guesses))


def _pixels(split: Split) -> Tensor:
    """float32 (n, _PIXELS): every fourth pixel, from 0 to 255."""
    return split.images[_FOURTH].flatten(1).float()


def _errors(guesses: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
    """int64 (guesses,): on how many examples a wrong label scores higher than the right one.

    guesses: float32 (guesses, CLASSES, _PIXELS) of whole numbers, so that every score is exact.
    """
    scores = (guesses.flatten(0, 1) @ pixels.T).view(len(guesses), CLASSES, -1)
    return (scores.gather(1, labels.expand(len(guesses), 1, -1))[:, 0] < scores.amax(1)).sum(1)


def counted(errors: int, n: int, fresh_errors: int, fresh: int, choice_nats: float) -> Outcome:
    """The outcome of so many errors on the sample that chose, and on fresh examples."""
    return Outcome(
        RiskEstimate("exact", errors, n, 0.0, None),
        RiskEstimate("clopper-pearson", fresh_errors, fresh, FAILURE, None),
        choice_nats,
    )
