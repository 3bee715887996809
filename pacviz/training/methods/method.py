"""The protocol of a method, a way to train, and the registry of methods."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pacviz.errors import PacvizError
from pacviz.models.architecture import ARCHITECTURES
from pacviz.scenario import SCRATCH
from pacviz.settings import enlist

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from pacviz.data.dataset import Split
    from pacviz.models import Architecture
    from pacviz.models.cost import Cost, Estimate
    from pacviz.training.parametrisations.parametrisation import Parametrisation
    from pacviz.training.recipe import Training

FINE_TUNING: Mapping[str, Any] = {"start": "plain", "batch_size": 256, "weight_decay": 0.0}
"""What suits most methods that go on from trained weights."""


class Method(ABC):
    """A way to train, and what suits it.

    A subclass that `register` decorates is chosen by its name.  It needs `parametrise`, or `search` where it looks at no
    gradient; `pacviz.checks.check_method` holds it to what it promises.

    optimizer: AdamW (Loshchilov and Hutter 2019) or stochastic gradient descent with Nesterov momentum.  usual: the
    settings that it starts from, where they differ from the defaults of Training.  particular: the settings that it reads
    and most others do not.  exact: trained in float32 even where bfloat16 is quicker.  prunes: it ends with as few weights
    as `density` says.  quantizes: it ends with at most 2^bits values a layer.  from_trained: it needs weights to start from.
    code: the code of the networks that it trains, where it is not for all.  by_gradient: it is trained by the loop of
    pacviz.training.fit.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str]
    optimizer: ClassVar[Literal["adamw", "sgd"]] = "adamw"
    usual: ClassVar[Mapping[str, Any]] = {}
    particular: ClassVar[tuple[str, ...]] = ()
    exact: ClassVar[bool] = False
    prunes: ClassVar[bool] = True
    quantizes: ClassVar[bool] = False
    from_trained: ClassVar[bool] = False
    code: ClassVar[str | None] = None
    by_gradient: ClassVar[bool] = True

    def check(self, training: Training) -> None:
        """Raises PacvizError for a training that this method cannot do."""
        if training.density < 1 and not self.prunes:
            pruning = ", ".join(name for name, method in METHODS.items() if method.prunes)
            raise PacvizError(
                f"density is {training.density:g}, but method {self.name!r} prunes nothing; choose one of {pruning}."
            )
        if self.from_trained and training.start == SCRATCH:
            raise PacvizError(
                f"method {self.name!r} needs trained weights, but start is {SCRATCH!r}; name a checkpoint to start from."
            )

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        """The tensors that are trained, starting from a state dict on `where`."""
        raise PacvizError(f"Method {self.name!r} looks at no gradient, so that it has no tensors to train.")

    def search(
        self,
        architecture: Architecture,
        state: Mapping[str, Tensor],
        split: Split,
        training: Training,
        progress: Callable[..., None] | None,
    ) -> dict[str, Tensor]:
        """The trained state dict of a method that looks at no gradient, from the one that it starts from.

        progress: told a `parametrisations.polish.Sweep` and a function that gives the present weights.
        """
        raise PacvizError(f"Method {self.name!r} is trained by its gradient.")

    def estimate(self, training: Training, network: Cost, usual: Estimate) -> Estimate:
        """What a training will take.  usual: what its steps take where nothing but the network is computed."""
        return usual

    @property
    def unread(self) -> frozenset[str]:
        """The settings that it has no use for."""
        others = {name for method in METHODS.values() for name in method.particular} - set(self.particular)
        return frozenset(others if self.prunes else others | {"density"})

    def require_code(self, training: Training, words: str) -> None:
        """Raises PacvizError for a network of another code.  words: how such a network is coded."""
        if ARCHITECTURES[training.model].code != self.code:
            coded = [name for name, other in ARCHITECTURES.items() if other.code == self.code]
            raise PacvizError(
                f"model {training.model!r} is not coded {words}, so that method {self.name!r} cannot train it; "
                f"choose one of {', '.join(coded)}."
            )


METHODS: dict[str, Method] = {}
"""Every method by name."""

_Registered = TypeVar("_Registered", bound=type[Method])


def register(method: _Registered) -> _Registered:
    """A class decorator that makes a method known; raises PacvizError for a name that is taken or is none."""
    enlist(METHODS, method.name, method(), "method")
    return method


def parametrise(
    architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
) -> Parametrisation:
    """The parametrisation that a training asks for, starting from a state dict on `where`."""
    return METHODS[training.method].parametrise(architecture, state, training, where)


def ordered(first: tuple[str, ...]) -> None:
    """Puts these methods before all others, in this order."""
    for name in (*first, *(name for name in METHODS if name not in first)):
        METHODS[name] = METHODS.pop(name)
