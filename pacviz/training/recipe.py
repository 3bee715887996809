"""What a training is: everything that a user can set, in one frozen value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from pacviz.codes.integers.mixture import LARGEST
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES
from pacviz.models.cost import FLOPS, Estimate, cost
from pacviz.models.zoo.subspace_nets import DIMENSIONS, PROJECTIONS
from pacviz.scenario import DATA_NAMES, SCRATCH
from pacviz.settings import check_settings, defaults, setting

EXAMPLES = 60_000
"""Training examples of the largest data set."""


@dataclass(frozen=True)
class Method:
    """A way to train, and what suits it.

    optimizer: AdamW (Loshchilov and Hutter 2019) or stochastic gradient descent with Nesterov momentum.  usual: the
    settings that it starts from, where they differ from the defaults of Training.  exact: trained in float32 even where
    bfloat16 is quicker.  particular: the PARTICULAR settings that it reads.
    """

    title: str
    help: str
    optimizer: Literal["adamw", "sgd"]
    usual: dict[str, Any]
    exact: bool = False
    particular: tuple[str, ...] = ()


PARTICULAR = ("price", "dimension", "projection", "levels")
"""Settings that most methods have no use for."""
METHODS = {
    "dense": Method("Plain training", "All weights stay.", "adamw", {}),
    "gradual": Method(
        "Gradual magnitude pruning",
        "The smallest weights go for good, along a cubic schedule (Zhu and Gupta 2017).",
        "adamw",
        {"start": "plain", "density": 0.015, "epochs": 12, "batch_size": 256, "weight_decay": 0.0},
    ),
    "surgery": Method(
        "Dynamic network surgery",
        "Weights go, and come back where they turn out to matter (Guo et al. 2016).",
        "sgd",
        {
            "start": "plain",
            "density": 0.015,
            "epochs": 12,
            "batch_size": 256,
            "weight_decay": 1e-4,
            "learning_rate": 0.02,
        },
    ),
    "codebook": Method(
        "Codebook tuning",
        "Which codebook entry a weight uses stays fixed; the entries are learned (Han et al. 2016).",
        "adamw",
        {"start": "plain", "epochs": 3, "batch_size": 256, "weight_decay": 0.0, "learning_rate": 1e-3},
    ),
    "straight-through": Method(
        "Straight-through quantization",
        "Weights are rounded to the codebook going forward, and moved as if they were not: they may change their entry.",
        "adamw",
        {"start": "plain", "epochs": 3, "batch_size": 256, "weight_decay": 0.0, "learning_rate": 5e-4},
    ),
    "integers": Method(
        "Integers at a price",
        "Every weight becomes a small integer; the length of its code is paid for while it is trained.",
        "adamw",
        {"start": "plain", "epochs": 60, "batch_size": 256, "weight_decay": 0.0, "learning_rate": 3e-3},
        exact=True,
        particular=("price",),
    ),
    "subspace": Method(
        "Integers in a random subspace",
        "The network moves in a few random directions only, by integers whose code is paid for while it is trained "
        "(Lotfi et al. 2022).",
        "adamw",
        {
            "model": "subspace-conv",
            "epochs": 12,
            "batch_size": 256,
            "weight_decay": 0.0,
            "learning_rate": 1e-2,
            "price": 6.0,
        },
        exact=True,
        particular=PARTICULAR,
    ),
    "polish": Method(
        "Polishing integers",
        "Every integer is tried one up, one down and at zero, and moved where the bound falls; an epoch is one sweep.",
        "adamw",
        {"start": "integers", "epochs": 3, "batch_size": 256, "weight_decay": 0.0},
        exact=True,
    ),
}

QUANTIZING = ("codebook", "straight-through")
"""The methods that end with at most 2^bits values a layer."""
FROM_TRAINED = (*QUANTIZING, "integers", "polish")
"""The methods that need trained weights to start from."""


@dataclass(frozen=True)
class Training:
    """One training; every field is validated when the value is made.

    The learning rate rises to its peak during the first fifth of the steps and falls to 0 (one cycle).  Raises
    PacvizError naming the field, the value and what is allowed.
    """

    model: str = setting("lenet5", "Network", "The architecture.", choices=lambda: tuple(ARCHITECTURES))
    data: str = setting("digits", "Data set", "What it is trained on.", choices=lambda: DATA_NAMES)
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
        if self.density < 1 and self.method == "dense":
            pruning = ", ".join(name for name in METHODS if name != "dense")
            raise PacvizError(
                f"density is {self.density:g}, but method 'dense' prunes nothing; choose one of {pruning}."
            )
        if self.method == "subspace":
            self._check_subspace()
        if self.start == self.name:
            raise PacvizError(f"name must differ from start, got {self.name!r} for both; choose another name.")
        if self.method in FROM_TRAINED and self.start == SCRATCH:
            raise PacvizError(
                f"method {self.method!r} needs trained weights, but start is {SCRATCH!r}; name a checkpoint to start from."
            )

    def _check_subspace(self) -> None:
        network = ARCHITECTURES[self.model]
        if network.code != "subspace":
            coded = [name for name, other in ARCHITECTURES.items() if other.code == "subspace"]
            raise PacvizError(
                f"model {self.model!r} is not coded in a subspace, so that method 'subspace' cannot train it; "
                f"choose one of {', '.join(coded)}."
            )
        if self.dimension > network.parameters:
            raise PacvizError(
                f"dimension is {self.dimension:,}, but {self.model} has {network.parameters:,} parameters; "
                "choose a smaller one."
            )
        if self.start != SCRATCH:
            raise PacvizError(
                f"start is {self.start!r}, but a subspace has an origin of its own; leave start at {SCRATCH!r}."
            )

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
        found = network.training(EXAMPLES, self.batch_size, self.epochs)
        if self.method == "polish":  # three values of every integer, each asked about a quarter of the examples
            seconds = network.inference(self.epochs * 3 * network.parameters * EXAMPLES / 4)
            return Estimate(seconds, found.bytes)
        if self.method == "subspace":  # every step projects, forward and backward
            entries = self.dimension * network.parameters
            steps = self.epochs * -(-EXAMPLES // min(self.batch_size, EXAMPLES))
            held = 4 * entries if self.projection == "dense" else 0
            return Estimate(found.seconds + steps * 4 * entries / FLOPS, found.bytes + held)
        return found


def option(name: str) -> str:
    """How a field is called on the command line."""
    return name.replace("_", "-")
