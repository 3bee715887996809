"""What a training is: everything that a user can set, in one frozen value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pacviz.codes.integers.mixture import LARGEST
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES
from pacviz.models.cost import EXAMPLES, Estimate, cost
from pacviz.models.zoo.subspace_nets import DIMENSIONS, PROJECTIONS
from pacviz.scenario import DATA_NAMES, SCRATCH
from pacviz.settings import check_settings, defaults, import_all, setting
from pacviz.training.methods.method import METHODS, ordered

import_all("pacviz.training.methods")
ordered(("dense", "gradual", "surgery", "codebook", "straight-through", "integers", "subspace", "polish"))


@dataclass(frozen=True)
class Training:
    """One training; every field is validated when the value is made.

    The learning rate rises to its peak during the first fifth of the steps and falls to 0 (one cycle).  Raises
    PacvizError naming the field, the value and what is allowed.
    """

    model: str = setting("lenet5", "Network", "The architecture.", choices=lambda: tuple(ARCHITECTURES))
    data: str = setting("digits", "Data set", "What it is trained on.", choices=lambda: tuple(DATA_NAMES))
    name: str = setting("mine", "Name", "What the app calls the checkpoint.")
    start: str = setting(
        SCRATCH, "Start from", f"A checkpoint of the same model on the same data; {SCRATCH}: random weights."
    )
    method: str = setting(
        "dense",
        "Method",
        " ".join(f"{name}: {method.help}" for name, method in METHODS.items()),
        choices=lambda: tuple(METHODS),
    )
    density: float = setting(
        1.0, "Density", "The share of weights that is left in the end.", low=0.0005, high=1.0, step=0.0005, percent=True
    )
    bits: int = setting(3, "Codebook bits", "Each layer's weights share at most 2^bits values.", low=1, high=8)
    price: float = setting(
        5.0,
        "Price of a nat",
        "What a nat of code costs while integers are trained, in nats of cross-entropy on one example: the higher, the "
        "smaller the code and the larger the error.",
        low=0.0,
        high=100.0,
        step=0.5,
    )
    dimension: int = setting(
        500, "Dimension", "Of the random subspace: how many integers the network is.", low=1, high=DIMENSIONS
    )
    projection: str = setting(
        "dense",
        "Projection",
        "How the subspace is drawn. dense: every direction from bits of its own; kronecker: from products of two short "
        "ones, in little memory.",
        choices=lambda: PROJECTIONS,
    )
    levels: int = setting(
        2 * LARGEST + 1, "Levels", "The most values that the integers of a subspace take.", low=2, high=2 * LARGEST + 1
    )
    epochs: int = setting(10, "Epochs", "How often every training example is seen.", low=1, high=1000)
    batch_size: int = setting(128, "Batch size", "Examples a step.", low=1, high=10_000)
    learning_rate: float = setting(2e-3, "Learning rate", "The peak of its cycle.", low=1e-6, high=1.0, step=1e-4)
    weight_decay: float = setting(
        1.0,
        "Weight decay",
        "Decoupled for AdamW; strong enough by default that magnitude pruning finds small weights.",
        low=0.0,
        high=10.0,
        step=0.01,
    )
    seed: int = setting(0, "Seed", "Seed of the first weights and of the examples' order.", low=0, high=2**31 - 1)

    def __post_init__(self) -> None:
        check_settings(self)
        if self.start == self.name:
            raise PacvizError(f"name must differ from start, got {self.name!r} for both; choose another name.")
        METHODS[self.method].check(self)

    @classmethod
    def of(cls, method: str = "dense", **given: Any) -> Training:
        """A training by a method with its usual settings, save those that are given."""
        usual = METHODS[method].usual if method in METHODS else {}
        return cls(method=method, **{**usual, **given})

    def to_dict(self) -> dict[str, Any]:
        """Plain values by field name, in declaration order."""
        return dataclasses.asdict(self)

    def arguments(self) -> str:
        """The command line that asks for this training, usual settings left out."""
        usual = {**defaults(Training), **METHODS[self.method].usual, "method": defaults(Training)["method"]}
        named = {"model", "data", "name"}
        changed = {name: value for name, value in self.to_dict().items() if name in named or value != usual[name]}
        return "".join(f" --{option(name)} {value}" for name, value in changed.items())

    @property
    def command(self) -> str:
        """The whole command that repeats it."""
        return f"python -m pacviz train{self.arguments()}"

    @property
    def estimate(self) -> Estimate:
        """What it will take, from the shapes of its network alone."""
        network = cost(ARCHITECTURES[self.model])
        usual = network.training(EXAMPLES, self.batch_size, self.epochs)
        return METHODS[self.method].estimate(self, network, usual)


def option(name: str) -> str:
    """How a field is called on the command line."""
    return name.replace("_", "-")
