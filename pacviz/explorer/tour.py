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
    """A preset in the tour.

    question, answers: asked before the numbers are shown.  asks: what is looked up to tell which answer is right:
    "vacuous" (the bound here), "better" (than a step ago), "shrinks" (the effective size, by the noise).
    """

    question: str = ""
    answers: tuple[str, ...] = ()
    asks: str = ""


GUESS = ("Vacuous", "Not vacuous")
COMPRESSIBLE = {"model": "lenet5", "checkpoint": "gradual"}
"""A network that was trained to be small; data sets are left as they are."""

PRESETS = (
    Preset(
        "zhou",
        "Zhou et al. LeNet-5",
        "The setting of Zhou et al. 2019 on MNIST: few weights, a small codebook, 5 % noise; they certified 46 %.",
        {**COMPRESSIBLE, "data": "mnist", "sparsity": 0.985, "bits": 4, "noise": 0.05, "bound": "catoni"},
    ),
    Preset("sweet-spot", "Sweet spot", "The smallest bound on the recorded grid of this checkpoint.", sweet_spot=True),
    Preset(
        "too-much",
        "Too much pruning",
        "The code is tiny, but the network has forgotten the task.",
        {**COMPRESSIBLE, "sparsity": 0.999},
    ),
    Preset(
        "no-noise",
        "No noise",
        "One deterministic network: its error is counted exactly, and every bit of its code is paid.",
        {**COMPRESSIBLE, "sparsity": 0.99, "bits": 5, "noise": 0.0},
    ),
    Preset(
        "vacuous",
        "Vacuous",
        "A dense network takes more bits than the examples can pay for.",
        {**COMPRESSIBLE, "sparsity": 0.5},
    ),
    Preset(
        "tiny-data", "Tiny data", "The same network and the same errors, had it seen 1,000 examples only.", {"n": 1000}
    ),
)

TOUR = (
    Step(
        "dense",
        "A trained network, hardly compressed",
        "It is nearly always right, but the examples have to pay for every bit that describes it.",
        {**COMPRESSIBLE, "sparsity": 0.5},
        question="Half of the weights are left, and the network is nearly always right on its training data. Vacuous or not?",
        answers=GUESS,
        asks="vacuous",
    ),
    Step(
        "prune",
        "Prune, and train on",
        "One weight in twenty is left and does the work of all: the code shrinks, the error hardly grows. Drag the sparsity.",
        {**COMPRESSIBLE, "sparsity": 0.95},
    ),
    Step(
        "harder",
        "Prune harder",
        "More errors and a much shorter code: the bound pays for both.",
        {**COMPRESSIBLE, "sparsity": 0.998},
        question="Two weights in a thousand are left, and the training error has grown. Will the bound be better or worse?",
        answers=("Better", "Worse"),
        asks="better",
    ),
    Step(
        "too-much",
        "Prune too much",
        "The code is tiny, but the training error has exploded, and no bound can be below the training error.",
        {**COMPRESSIBLE, "sparsity": 0.999},
    ),
    Step(
        "plain",
        "Trained without pruning in mind",
        "A network that was trained to be accurate only breaks long before its code gets short: training has to help.",
        {"model": "lenet5", "checkpoint": "plain", "sparsity": 0.98},
    ),
    Step(
        "noise",
        "Add noise",
        "A network that works with noisy weights needs no precise ones: noise can refund bits. Too much of it costs accuracy.",
        {**COMPRESSIBLE, "sparsity": 0.99, "bits": 5, "noise": 0.05},
        question="Every weight now carries random noise. What happens to the code that the bound pays for?",
        answers=("It shrinks", "It grows"),
        asks="shrinks",
    ),
    Step(
        "sweet",
        "The sweet spot",
        "The smallest bound on the recorded grid: where another bit saved would cost more in errors than it brings.",
        COMPRESSIBLE,
        sweet_spot=True,
    ),
    Step(
        "data",
        "Examples pay for bits",
        "Now 1,000 examples have to pay for the same code. Drag n.",
        {**COMPRESSIBLE, "sparsity": 0.99, "n": 1000},
        question="The same kind of network, the same errors, but 1,000 training examples instead of 60,000. Vacuous or not?",
        answers=GUESS,
        asks="vacuous",
    ),
)
