"""The protocol of an operation: everything that pacviz knows about one kind stands in its class; and the registry of kinds."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pacviz.errors import PacvizError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pacviz.models.modules import Network

Shape = tuple[int, ...]
"""Activations: (channels, height, width), or (features,) of a vector."""
LARGEST = 10**7
"""The largest number that an operation may have."""


@dataclass(frozen=True)
class Cost:
    """What operations take, from the shapes of their activations alone: known before anything of it is made.

    operations: how many.  parameters: numbers that are decoded, about a microsecond each.  products: of numbers, for one
    example.  values: the most numbers that one operation holds at a time for one example: what it reads (with its
    padding), writes and unfolds, and a convolution's own noisy kernels; a batch is 64 examples a thread.
    """

    operations: int
    parameters: int
    products: int
    values: int


class Operation(ABC):
    """A step of an architecture: a frozen dataclass of its numbers, which `register` makes known under its class's name.

    It is positively homogeneous, f(c x) = c f(x) for c > 0, and linear in its parameters, of which only the biases are
    added without a factor: that lets every layer be rescaled by powers of two.  A kind needs `fits` and `apply`; one with
    parameters also `tensors` and a field `name`.  `pacviz.checks.check_operation` holds it to what it promises.

    numbers: the fields that its description sends, in order, and the least that each may be; a field whose default is None
    may be left out.  reads: the field that the operations before leave no choice in, the channels or features of what it
    reads.  keeps_units: each unit (channel, or run of features) that it gives depends on the unit of the same place alone,
    and is 0 where that is 0.  declarable: whether a declared network may have it.  looks: how many images it makes of one,
    which the logits are means over.  body: the chain inside it, whose result it adds to what it reads; most have none.
    """

    numbers: ClassVar[Mapping[str, int]] = {}
    reads: ClassVar[str | None] = None
    keeps_units: ClassVar[bool] = False
    declarable: ClassVar[bool] = True
    looks: ClassVar[int] = 1
    name: str
    body: tuple[Operation, ...] = ()

    @abstractmethod
    def fits(self, shape: Shape) -> Shape | None:
        """The shape of the activations after it on those of `shape`; None where it cannot read these."""

    @abstractmethod
    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        """What it computes of a batch x (n, ...), with parameters as `tensors` lists them."""

    @property
    def tensors(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of its parameters by name: "weight" (rows, inputs, ...) first, "bias" (rows,) after it; empty without any."""
        return {}

    @property
    def spacing(self) -> int:
        """It gives one position for so many that it reads, in each direction."""
        return 1

    @property
    def is_normalised(self) -> bool:
        """Whether it is trained with batch normalisation."""
        return False

    def plain(self, names: Iterator[str]) -> Operation:
        """The same function under the next name, without what only training knows."""
        return dataclasses.replace(self, name=next(names)) if self.tensors else self  # type: ignore[type-var]

    def module(self, folded: bool) -> nn.Module:
        """Its parameters, freshly initialised, as a torch module that computes it; folded: in the form that is coded."""
        from pacviz.models.modules import Parameters

        return Parameters(self)

    def run(self, x: Tensor, network: Network) -> Tensor:
        """As `apply`, with the parameters that a network has for it."""
        return network.get_submodule(self.name)(x) if self.tensors else self.apply(x)

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> Operation | None:
        """The operation that a torch module is, under that name if it has parameters; None where it is none of this kind."""
        return None

    def cost(self, before: Shape, after: Shape) -> Cost:
        """What it takes for one look at an image."""
        read, written = math.prod(before), math.prod(after)
        own = sum(map(math.prod, self.tensors.values()))
        return Cost(1, own, max(read, own * math.prod(after[1:])), read + written + own)

    def after(self, shape: Shape) -> Shape:
        """The shape after it; raises PacvizError where it cannot read activations of `shape`, or leaves nothing of them."""
        if (following := self.fits(shape)) is None:
            raise PacvizError(f"{self} cannot read activations of shape {shape}.")
        if min(following) < 1:
            raise PacvizError(f"{self} leaves nothing of activations of shape {shape}.")
        return following

    def described(self) -> dict[str, Any]:
        """Kind and fields as plain values, without those that do not show in its repr: they are a way to train."""
        return {"kind": type(self).__name__} | {name: getattr(self, name) for name in self.described_fields()}

    @classmethod
    def described_fields(cls) -> list[str]:
        """Names of the fields that `described` tells."""
        return [field.name for field in dataclasses.fields(cls) if field.repr]  # type: ignore[arg-type]

    @property
    def is_whole(self) -> bool:
        """Whether its numbers are whole and within their limits, as they may not be where they come from a file."""
        least = dict(self.numbers) | ({self.reads: 1} if self.reads else {})
        defaults = {field.name: field.default for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        return all(
            (value is None and defaults[name] is None)
            or (type(value) is int and max(smallest, int(defaults[name] is None)) <= value <= LARGEST)
            for name, smallest in least.items()
            for value in (getattr(self, name),)
        )

    @property
    def layers(self) -> Iterator[Operation]:
        """The operations with parameters in it, in order: itself, those of its body, or none."""
        if self.tensors:
            yield self
        for operation in self.body:
            yield from operation.layers


OPERATIONS: dict[str, type[Operation]] = {}
"""Every kind of operation by the name of its class."""

_Registered = TypeVar("_Registered", bound=type[Operation])


def register(kind: _Registered) -> _Registered:
    """A class decorator, above `@dataclass(frozen=True)`, that makes a kind known; raises PacvizError for a name twice."""
    if kind.__name__ in OPERATIONS:
        raise PacvizError(f"There is an operation {kind.__name__} already; give this one another name.")
    fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else None
    sent = {*kind.numbers, *filter(None, [kind.reads])}
    if fields is None or not sent <= fields:
        missing = ", ".join(sorted(sent - (fields or set())))
        raise PacvizError(
            f"{kind.__name__} is no dataclass with the fields {missing or 'that it describes'}; add them."
        )
    OPERATIONS[kind.__name__] = kind
    return kind


def positions(side: int, kernel: int, stride: int, padding: int = 0) -> int:
    """How many places a window has along a side."""
    return (side + 2 * padding - kernel) // stride + 1


def one(size: Any) -> int | None:
    """The number behind a size of both directions in torch, None where they differ."""
    if isinstance(size, int):
        return size
    return size[0] if isinstance(size, tuple | list) and len(set(size)) == 1 else None
