"""Everything a user can set, in one frozen value: the page's URL, the cache key, a sweep's row and the command line."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pacviz.bounds import BOUNDS
from pacviz.codes.prune import PRUNINGS
from pacviz.codes.quantizer import KMEANS, QUANTIZERS
from pacviz.errors import PacvizError, quoted
from pacviz.models import ARCHITECTURES, architecture, declared
from pacviz.settings import OWN_DATA, check_settings, defaults, names, setting, settings

DATA_NAMES = names("data", "digits", "mnist", "fashion-mnist", "cifar10", "cifar10-jpeg")
PIXELS = ("input_low", "input_high")
EVEN = "even"
"""How the noise is spread where every layer has the same share of its range, as in Zhou et al. 2019."""
SPREAD = re.compile(rf"{EVEN}|\d{{1,3}}(\.\d{{1,3}})?(-\d{{1,3}}(\.\d{{1,3}})?)*")
PLAIN = "plain"
"""What the checkpoint of a network is called that was trained to be accurate, and not to be small."""
AS_IS, FROM_FILE = "as-is", "from-file"
"""What the checkpoint is called where the weights came as a file: certified as they stand, or compressed first."""
SCRATCH = "scratch"
"""What the checkpoint is called that a training starts from where it begins with random weights."""
AS_FOUND: dict[str, dict[str, Any]] = {"sparsity": {"high": 1.0}, "bits": {"low": 0, "high": 16}}
"""Limits of what a network that is certified as it stands may be found to have."""


@dataclass(frozen=True)
class Scenario:
    """One point that a user can ask for; every field is validated when the value is made.

    Raises PacvizError naming the field, the value and what is allowed.
    """

    model: str = setting(
        "lenet5",
        "Network",
        "The architecture; fixed before the data, therefore free.",
        choices=lambda: tuple(ARCHITECTURES),
    )
    data: str = setting(
        "digits",
        "Data set",
        "Where training and test examples come from.",
        choices=lambda: tuple(DATA_NAMES),
        others=OWN_DATA,
    )
    checkpoint: str = setting(
        "gradual",
        "Checkpoint",
        "Which trained weights the compression starts from; plain was trained to be accurate only.  A method with networks "
        "trained at several sparsities (gradual, surgery) means the one for the sparsity asked, or for the next higher: "
        "it is shown as it was trained, for pruned further it breaks.",
    )
    pruning: str = setting(
        "global",
        "Pruning",
        "; ".join(f"{name}: {pruning.help}" for name, pruning in PRUNINGS.items()) + ".",
        choices=lambda: tuple(PRUNINGS),
    )
    quantizer: str = setting(
        KMEANS,
        "Quantizer",
        "; ".join(f"{name}: {quantizer.help}" for name, quantizer in QUANTIZERS.items()) + ".",
        choices=lambda: tuple(QUANTIZERS),
    )
    sparsity: float = setting(
        0.998,
        "Sparsity",
        "The share of weights set to exactly zero: the smallest magnitudes go first, or with the uniform quantizer those "
        "that are cheapest as zeros.  Of a checkpoint that was trained at "
        "several sparsities it is the least: the next network that was trained to be so sparse stands for all that lie "
        "between two.",
        low=0.0,
        high=0.999,
        step=0.001,
        percent=True,
        scale="log-rest",
    )
    bits: int = setting(2, "Codebook bits", "Each layer's weights share at most 2^bits values.", low=1, high=8, step=1)
    noise: float = setting(
        0.0,
        "Noise scale",
        "Standard deviation of the Gaussian noise on every nonzero weight, as a share of its layer's range of |weight|.",
        low=0.0,
        high=0.2,
        step=0.005,
        percent=True,
    )
    spread: str = setting(
        EVEN,
        "Spread of the noise",
        "How the noise differs between layers: even, or a multiplier of the noise scale for each layer from input to output.",
        pattern=SPREAD,
        form=f"{EVEN!r}, or a multiplier for each layer, joined by dashes as in 0.5-1-2-1",
    )
    delta: float = setting(
        0.05,
        "Failure probability δ",
        "The certificate may be wrong with at most this probability over the draw of the training data.",
        low=0.0,
        high=1.0,
        step=0.001,
        exclusive=True,
        scale="log",
    )
    bound: str = setting(
        "seeger",
        "Bound",
        "Choose it before looking: taking the best of several after the fact would have to be paid for.",
        choices=lambda: tuple(BOUNDS),
    )
    seed: int = setting(
        0,
        "Seed",
        "Seed of the noise draws and of a preview's examples.  A certificate with noise has draws of its own, and a later "
        "seed is another look: less of δ is left for it.",
        low=0,
        high=2**31 - 1,
        step=1,
    )

    input_low: float = setting(
        0.0,
        "Black pixel",
        "What the network sees for a black pixel; fixed before the data.",
        low=-1e3,
        high=1e3,
        step=0.5,
    )
    input_high: float = setting(
        1.0,
        "White pixel",
        "What the network sees for a white pixel; fixed before the data.",
        low=-1e3,
        high=1e3,
        step=0.5,
    )

    def __post_init__(self) -> None:
        limits = settings(Scenario)
        if declared(self.model):
            limits["model"] = dataclasses.replace(limits["model"], choices=lambda: (self.model,))
        if self.checkpoint == AS_IS:
            limits |= {name: dataclasses.replace(limits[name], **wider) for name, wider in AS_FOUND.items()}
        check_settings(self, limits)
        if self.noise > 0 and BOUNDS[self.bound].deterministic_only:
            raise PacvizError(
                f"bound {self.bound!r} holds for one deterministic network only, but noise is {self.noise:g}: "
                "set noise to 0 or choose one of "
                + ", ".join(name for name, bound in BOUNDS.items() if not bound.deterministic_only)
                + "."
            )

        self._check_spread()
        if self.input_low >= self.input_high:
            raise PacvizError(
                f"input_low must be below input_high, got {self.input_low:g} and {self.input_high:g}; give the values "
                "that the network sees for black and for white."
            )

    def _check_spread(self) -> None:
        """Gives equal spreads one text; raises PacvizError for one that does not fit the model's layers."""
        if (each := self.multipliers) is None:
            return
        names = [layer.name for layer in architecture(self.model).layers]
        if len(each) != len(names) or not all(0.01 <= multiplier <= 100 for multiplier in each):
            raise PacvizError(
                f"spread must be {EVEN!r} or {len(names)} multipliers from 0.01 to 100 joined by dashes, one for each of "
                f"{', '.join(names)}, got {quoted(self.spread)}."
            )
        text = EVEN if set(each) == {1.0} else "-".join(f"{multiplier:g}" for multiplier in each)
        object.__setattr__(self, "spread", text)

    @property
    def multipliers(self) -> tuple[float, ...] | None:
        """Each layer's multiplier of the noise scale; None where the noise is spread evenly."""
        return None if self.spread == EVEN else tuple(map(float, self.spread.split("-")))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Scenario:
        """From text or numbers by field name (a URL's query, a JSON object); the rest keeps its default.

        Raises PacvizError for an unknown name too.
        """
        for name in values:
            if name not in settings(Scenario):
                raise PacvizError(
                    f"There is no setting {quoted(name)}; the settings are {', '.join(settings(Scenario))}."
                )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by field name, in declaration order."""
        return dataclasses.asdict(self)

    def but(self, **changes: Any) -> Scenario:
        """The same scenario with some fields changed."""
        return dataclasses.replace(self, **changes)

    def arguments(self) -> str:
        """The command line that asks for this scenario, defaults left out."""
        changed = {name: value for name, value in self.to_dict().items() if value != defaults(Scenario)[name]}
        text = "".join(f" --{name} {value}" for name, value in changed.items() if name not in PIXELS)
        return text + (f" --input-range {self.input_low} {self.input_high}" if changed.keys() & {*PIXELS} else "")
