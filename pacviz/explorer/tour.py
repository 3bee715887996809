"""Presets, each a setting with a name and a sentence, and the tour that leads through some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Settings that make a point.  changes: by name of a Scenario's field or `n`; the rest takes its default, except
    for what says where the weights come from, which stays.  sweet_spot: sparsity, bits and noise of the smallest bound.
    """

    name: str
    title: str
    sentence: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    sweet_spot: bool = False


@dataclass(frozen=True)
class Step(Preset):
    """A preset in the tour.  question, answers: asked before the numbers are shown."""

    question: str = ""
    answers: tuple[str, ...] = ()


GUESS = ("Vacuous", "Not vacuous")

PRESETS = (
    Preset(
        "zhou",
        "Zhou et al. LeNet-5",
        "The setting of Zhou et al. 2019 on MNIST: few weights, a small codebook, 5 % noise.",
        {"model": "lenet5", "data": "mnist", "sparsity": 0.985, "bits": 4, "noise": 0.05, "bound": "catoni"},
    ),
    Preset("sweet-spot", "Sweet spot", "The smallest bound on the recorded grid of this checkpoint.", sweet_spot=True),
    Preset(
        "too-much", "Too much pruning", "The code is tiny, but the network has forgotten the task.", {"sparsity": 0.998}
    ),
    Preset(
        "no-noise", "No noise", "One deterministic network: the error is counted exactly.", {"noise": 0.0, "bits": 4}
    ),
    Preset(
        "vacuous",
        "Vacuous",
        "A dense network takes more bits than the examples can pay for.",
        {"sparsity": 0.5, "bits": 5},
    ),
    Preset("tiny-data", "Tiny data", "The same network, had it seen 1,000 examples only.", {"n": 1000}),
)

TOUR = (
    Step(
        "dense",
        "A trained network, hardly compressed",
        "It is nearly always right, and yet its bound is vacuous: it takes more bits to describe than the examples can pay for.",
        {"sparsity": 0.5, "bits": 5},
        question="Half of the weights are left, and the network is nearly always right on its training data. Vacuous or not?",
        answers=GUESS,
    ),
    Step(
        "prune",
        "Prune",
        "Nine in ten weights fewer and hardly an error more: what is not there need not be described. Drag the sparsity.",
        {"sparsity": 0.95, "bits": 5},
    ),
    Step(
        "too-much",
        "Prune too much",
        "The code is tiny, but the training error has exploded, and the bound with it: it can never be below the training error.",
        {"sparsity": 0.998, "bits": 5},
        question="Only two weights in a thousand are left, and the code is tiny. Will the bound be better?",
        answers=("Better", "Worse"),
    ),
    Step(
        "quantize",
        "Share values",
        "With few values a layer each weight costs fewer bits; the bound takes what both curves leave. Drag the codebook bits.",
        {"sparsity": 0.98, "bits": 2},
    ),
    Step(
        "noise",
        "Add noise",
        "A network that works with noisy weights needs no precise ones: the noise refunds bits. Too much of it costs accuracy.",
        {"sparsity": 0.98, "bits": 4, "noise": 0.05},
        question="Every weight now carries random noise. What happens to the code that the bound pays for?",
        answers=("It shrinks", "It grows"),
    ),
    Step(
        "sweet",
        "The sweet spot",
        "The smallest bound on the recorded grid: where another bit saved would cost more in errors than it brings.",
        sweet_spot=True,
    ),
    Step(
        "data",
        "Examples pay for bits",
        "The same errors and code with 1,000 examples certify nothing, with ten million nearly the training error. Drag n.",
        {"n": 1000},
        question="The same network, the same errors, but 1,000 training examples instead of 60,000. Will the bound be vacuous?",
        answers=GUESS,
    ),
)
