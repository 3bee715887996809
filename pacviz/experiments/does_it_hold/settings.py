"""What can be asked of "Does it hold?": how a network is found, and what is claimed of it."""

from __future__ import annotations

from dataclasses import dataclass

from pacviz.bounds import BOUNDS, Bound
from pacviz.settings import check_settings, setting

TRUE, RANDOM = "true", "random"
"""Labels of the digits: their own, or drawn anew, where no network can do better than guessing."""


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
