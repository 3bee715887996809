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

from pacviz.bounds import BOUNDS, Bound, binary_kl
from pacviz.codes.compress import compress
from pacviz.data import DATASETS, Dataset, Split
from pacviz.data.digits import CLASSES, sample
from pacviz.device import one_thread
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.posteriors.deterministic import Deterministic
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.settings import check_settings, setting
from pacviz.training.fit import Step, fit
from pacviz.training.recipe import Training

FAILURE = 1e-3
"""Probability with which a limit of a true error may be wrong: a violation is counted only where this is not to blame."""
SUSPICION = 1e-3
"""Below this p-value, violations are too many for their delta: the bound is refuted."""

TRUE, RANDOM = "true", "random"
"""Labels of the digits: their own, or drawn anew, where no network can do better than guessing."""

_RECIPE = Training(batch_size=50, learning_rate=0.1, weight_decay=0.1)
_FRESH_LABELS = 2**31
"""Seed of random labels for the fresh digits; those of the trials are smaller."""
_GUESSES_AT_ONCE = 1000  # few enough for the processor's cache
_FOURTH = (slice(None), 0, slice(2, None, 4), slice(2, None, 4))
_PIXELS = 49


def _seed() -> int:
    return setting(0, "Seed", "Other training samples of the same distribution.", low=0, high=2**31 - 1, step=1)


def _labels() -> str:
    return setting(
        TRUE,
        "Labels",
        "true: what the digits are. random: drawn by chance. Then nothing can be learned, every network errs on 90 % of all "
        "digits, and what a choice gains on its sample is overfitting alone: the hardest case for a bound.",
        choices=lambda: (TRUE, RANDOM),
    )


@dataclass(frozen=True)
class Pipeline:
    """Train a tiny network, prune, quantize and write it into bytes; the choice costs the length of its code.

    Random labels are trained on without weight decay, which would keep the network from learning them by heart.
    Raises PacvizError for a field outside its range.
    """

    n: int = setting(2000, "Training digits n", "Fresh digits that each trial trains on.", low=50, high=4000, step=50)
    sparsity: float = setting(
        0.3,
        "Sparsity",
        "The share of weights set to exactly zero: the smallest magnitudes go first.",
        low=0.0,
        high=0.95,
        step=0.05,
        percent=True,
    )
    bits: int = setting(3, "Codebook bits", "Each layer's weights share at most 2^bits values.", low=1, high=8, step=1)
    epochs: int = setting(10, "Epochs", "How often every training digit is seen.", low=10, high=500, step=10)
    labels: str = _labels()
    seed: int = _seed()

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class Guess:
    """Guess and check: of M random networks, fixed before any data, take the first that errs least; that costs ln M.

    A guess is one linear layer on every fourth pixel, each weight uniform on -128 .. 127.
    Raises PacvizError for a field outside its range.
    """

    n: int = setting(
        30, "Training digits n", "Fresh digits that each trial checks its guesses on.", low=10, high=200, step=10
    )
    guesses: int = setting(
        10_000, "Guesses M", "Random networks to choose the best from.", low=1, high=1_000_000, step=1
    )
    labels: str = _labels()
    seed: int = _seed()

    def __post_init__(self) -> None:
        check_settings(self)


Learner = Pipeline | Guess
LEARNERS: dict[str, type[Learner]] = {"pipeline": Pipeline, "guess": Guess}
USUAL: dict[str, Learner] = {"pipeline": Pipeline(), "guess": Guess()}
"""Of each learner, what is shown first."""
SEVERE: dict[str, Learner] = {
    "pipeline": Pipeline(n=100, sparsity=0.0, bits=4, epochs=200, labels=RANDOM),
    "guess": Guess(n=10, guesses=100_000, labels=RANDOM),
}
"""Of each learner, where its trials notice much more of a charge that is missing: few examples, random labels, and a choice
that makes the most of its bits."""


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
class Claim:
    """What is claimed of an outcome: with probability 1 - delta the true error is below its Occam-Chernoff bound.

    charged: whether K is what the choice costs, as it must be, or 0, as if the network had been fixed before the data.
    Raises PacvizError for a delta that is no probability.
    """

    delta: float = setting(
        0.2,
        "Allowed share δ",
        "The share of violated bounds that is allowed.",
        low=0.0,
        high=1.0,
        step=0.01,
        exclusive=True,
    )
    charged: bool = True

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def bound(self) -> Bound:
        return BOUNDS["occam"]


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
        found = self.outcome
        if not found.choice_nats:
            raise PacvizError(
                "A single network costs nothing, so no share of its charge is needed; guess more than once."
            )
        if found.truth.lower <= found.train.mean:
            return -math.inf
        room = found.n * binary_kl(found.train.mean, found.truth.lower)
        return (room + math.log(self.claim.delta)) / found.choice_nats

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
    found = [coded.risk(split).errors for split in (drawn, fresh)]
    return counted(found[0], len(drawn), found[1], len(fresh), coded.coded.ledger.nats)


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
