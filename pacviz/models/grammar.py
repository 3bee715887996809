"""What an architecture costs where it is not taken as fixed before the data: a description of it in bits, and back.

The description says what the network computes and how its weights are written: the range that pixels are mapped to, the
kind of the weights' code, and the chain of operations with their sizes.  It is self-delimiting, so that 2^-bits is a
prior over architectures (Kraft), and its length may be added to that of the weights' code.

    part            bits
    pixel range     0 where black is 0 and white 1; else 1 and two decimal numbers
    code            2: codebook, integers or subspace
    operation       4 each, its place in OPERATIONS, and then its numbers; Residual is followed by its body
    end of a chain  4
    whole number x  2 floor(log2 y) + 1: the Elias gamma code of y = x, or x + 1 where x may be 0
    decimal number  the digits behind the point and the signed digits, two whole numbers

Free are: the shape of the images and the number of classes, which the data set says; what the operations before leave no
choice in, such as the channels that a layer reads; the names of layers; and batch normalisation, which is a way to train.
Sizes that are constants of pacviz (the filters of OrientedEdges, the shifts of Glances, the seeds of subspaces) belong to
the grammar: what is charged is the choice among all networks that it can describe, not its vocabulary.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture
from pacviz.models.operations import (
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Glances,
    Linear,
    MaxPool,
    Operation,
    OrientedEdges,
    ReLU,
    Residual,
    Shape,
    output_shape,
)

CODES = ("codebook", "integers", "subspace")
"""How weights are written, in the order of the grammar."""
OPERATIONS: dict[type, dict[str, int]] = {
    Conv: {"outputs": 1, "kernel": 1, "stride": 1, "padding": 0},
    DepthwiseConv: {"kernel": 1, "stride": 1, "padding": 0},
    Linear: {"outputs": 1},
    MaxPool: {"size": 1},
    ReLU: {},
    Flatten: {},
    AveragePool: {"size": 0, "stride": 0},
    Deskew: {},
    OrientedEdges: {"directions": 1, "kernel": 1, "stride": 1, "padding": 0},
    Glances: {},
    Residual: {},
}
"""In the order of the grammar: the numbers that an operation sends, and the least that each can be; 0 stands for None.

New operations are added at the end, so that what is known costs the same; there is room for four.
"""
_READS = {Conv: "inputs", DepthwiseConv: "channels", Linear: "inputs"}
"""The number that the operations before leave no choice in."""
_END = 15
_TOKEN, _CODE = 4, 2
_DEEPEST = 8
"""Sums within sums."""
_LONGEST = 64
"""Binary digits of a number."""


@dataclass(frozen=True)
class Description:
    """An architecture without the names that change nothing, and the pixel range that it reads.

    architecture: as `unnamed` leaves it.  low, high: what the network sees for a black and for a white pixel.
    """

    architecture: Architecture
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Phrase:
    """A piece of a description.  says: for a person.  bits: its code, of 0 and 1."""

    says: str
    bits: str


def unnamed(architecture: Architecture) -> Architecture:
    """The same function under no name, its layers counted through, and without the normalisation it was trained with."""
    places = iter(range(1, 1 + len(architecture.layers)))

    def chain(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
        return tuple(plain(operation) for operation in operations)

    def plain(operation: Operation) -> Operation:
        match operation:
            case Residual(body):
                return Residual(chain(body))
            case Conv():
                return dataclasses.replace(operation, name=f"layer{next(places)}", normalised=False)
            case DepthwiseConv() | Linear():
                return dataclasses.replace(operation, name=f"layer{next(places)}")
        return operation

    return dataclasses.replace(architecture, name="", title="", operations=chain(architecture.operations))


@lru_cache(maxsize=256)
def phrases(architecture: Architecture, low: float = 0.0, high: float = 1.0) -> tuple[Phrase, ...]:
    """The description, piece by piece.  low, high: the pixel range.

    Raises PacvizError where an operation cannot read what those before it leave, or is no part of the grammar.
    """
    _check_shapes(architecture)
    standard = (low, high) == (0.0, 1.0)
    pixels = "0" if standard else "1" + _decimal_bits(low) + _decimal_bits(high)
    return (
        Phrase(f"pixels from {low:g} to {high:g}", pixels),
        Phrase(f"weights written by {architecture.code}", format(CODES.index(architecture.code), f"0{_CODE}b")),
        *_chain_phrases(architecture.operations, 0),
    )


def encode(architecture: Architecture, low: float = 0.0, high: float = 1.0) -> str:
    """The description as a text of 0 and 1; raises PacvizError like `phrases`."""
    return "".join(phrase.bits for phrase in phrases(architecture, low, high))


def decode(bits: str, input_shape: Shape, classes: int) -> tuple[Description, int]:
    """What was described at the start of `bits`, and how many of them that took.

    input_shape, classes: of the data set, which are no part of the description.
    Raises PacvizError where `bits` do not start with what `encode` wrote for such data.
    """
    reader = _Reader(bits)
    low, high = (reader.decimal(), reader.decimal()) if reader.whole(1) else (0.0, 1.0)
    if (place := reader.whole(_CODE)) >= len(CODES):
        raise PacvizError(f"There is no code number {place} of weights; the bits are no description.")
    operations, _ = _read_chain(reader, input_shape, 0)
    found = unnamed(Architecture("", "", input_shape, classes, operations, CODES[place]))  # type: ignore[arg-type]
    _check_shapes(found)
    return Description(found, low, high), reader.place


def _chain_phrases(operations: tuple[Operation, ...], depth: int) -> Iterator[Phrase]:
    if depth > _DEEPEST:
        raise PacvizError(f"Sums lie more than {_DEEPEST} deep in each other, which has no description.")
    kinds = list(OPERATIONS)
    for operation in operations:
        kind = type(operation)
        if kind not in OPERATIONS:
            raise PacvizError(f"{operation} has no description; the grammar knows {', '.join(_names())}.")
        least = OPERATIONS[kind]
        sent = {name: getattr(operation, name) or 0 for name in least}
        numbers = "".join(_gamma(value + (least[name] == 0)) for name, value in sent.items())
        said = ", ".join(f"{name} {value}" for name, value in sent.items() if value)
        yield Phrase(
            f"{kind.__name__}{f': {said}' if said else ''}", format(kinds.index(kind), f"0{_TOKEN}b") + numbers
        )
        if isinstance(operation, Residual):
            yield from _chain_phrases(operation.body, depth + 1)
    yield Phrase("end of the sum" if depth else "end", format(_END, f"0{_TOKEN}b"))


def _read_chain(reader: _Reader, shape: Shape, depth: int) -> tuple[tuple[Operation, ...], Shape]:
    """The operations up to the end of a chain on activations of `shape`, and the shape that they leave."""
    if depth > _DEEPEST:
        raise PacvizError(f"Sums lie more than {_DEEPEST} deep in each other; the bits are no description.")
    operations: list[Operation] = []
    while (place := reader.whole(_TOKEN)) != _END:
        if place >= len(OPERATIONS):
            raise PacvizError(f"There is no operation number {place}; the bits are no description.")
        kind = list(OPERATIONS)[place]
        if kind is Residual:
            body, _ = _read_chain(reader, shape, depth + 1)
            operation: Operation = Residual(body)
        else:
            values: dict[str, Any] = {name: reader.gamma() - (least == 0) for name, least in OPERATIONS[kind].items()}
            if kind is AveragePool:
                values = {name: value or None for name, value in values.items()}
            if kind in _READS:
                values |= {"name": f"layer{len(operations)}", _READS[kind]: shape[0]}
            operation = kind(**values)
        shape = _after(operation, shape)
        operations.append(operation)
    return tuple(operations), shape


def _after(operation: Operation, shape: Shape) -> Shape:
    """The shape after an operation, vectors being (length, 1, 1); raises PacvizError where it cannot read `shape`."""
    if (field := _READS.get(type(operation))) and getattr(operation, field) != shape[0]:
        raise PacvizError(f"{operation} cannot read {shape[0]} channels.")
    match operation:
        case Residual(body):
            after = shape
            for inner in body:
                after = _after(inner, after)
            stride = operation.stride
            expected = tuple(-(-side // stride) for side in shape[1:])
            if after[0] < shape[0] or after[1:] != expected:
                raise PacvizError(f"A sum of activations of {after} and {shape} has no description.")
        case Flatten():
            after = (math.prod(shape), 1, 1)
        case Linear(_, _, outputs) if shape[1:] == (1, 1):
            after = (outputs, 1, 1)
        case Linear():
            raise PacvizError(f"{operation} reads vectors, but the activations have the shape {shape}.")
        case OrientedEdges() if shape[0] != 1:
            raise PacvizError(f"{operation} reads grey images, but there are {shape[0]} channels.")
        case _:
            after = output_shape(operation, shape)
    if min(after) < 1:
        raise PacvizError(f"{operation} leaves nothing of activations of shape {shape}.")
    return after


def _check_shapes(architecture: Architecture) -> None:
    """Raises PacvizError unless the operations lead from the images to one logit a class."""
    shape = architecture.input_shape
    for operation in architecture.operations:
        shape = _after(operation, shape)
    if shape != (architecture.classes, 1, 1):
        raise PacvizError(f"The chain ends in activations of {shape}, but there are {architecture.classes} classes.")


def _names() -> list[str]:
    return [kind.__name__ for kind in OPERATIONS]


def _gamma(number: int) -> str:
    """Elias's gamma code of a number from 1 on: as many zeros as digits follow the first, then all binary digits."""
    if not 1 <= number < 2**_LONGEST:
        raise PacvizError(f"{number:,} has no place in a description; numbers reach from 1 to 2^{_LONGEST}.")
    digits = format(number, "b")
    return "0" * (len(digits) - 1) + digits


def _decimal_bits(number: float) -> str:
    """The shortest decimal that is this very float: how many digits stand behind its point, then all of them as a number."""
    sign, digits, exponent = Decimal(repr(float(number))).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise PacvizError(f"A pixel range goes from one number to another, got {number}.")
    magnitude = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    return _gamma(max(-exponent, 0) + 1) + _gamma(2 * magnitude + (sign if magnitude else 0) + 1)


class _Reader:
    """Bits that are read one after another.  place: how many were."""

    def __init__(self, bits: str) -> None:
        self.bits, self.place = bits, 0

    def _take(self, count: int) -> str:
        taken = self.bits[self.place : self.place + count]
        if len(taken) < count:
            raise PacvizError("The bits end before the description does; give all of them.")
        self.place += count
        return taken

    def whole(self, count: int) -> int:
        return int(self._take(count), 2)

    def gamma(self) -> int:
        zeros = 0
        while self._take(1) == "0":
            zeros += 1
            if zeros >= _LONGEST:
                raise PacvizError(f"A number has more than {_LONGEST} digits; the bits are no description.")
        return int("1" + self._take(zeros), 2)

    def decimal(self) -> float:
        places, signed = self.gamma() - 1, self.gamma() - 1
        if places > 400:
            raise PacvizError("A number has more than 400 digits behind its point; the bits are no description.")
        return float(Decimal(signed >> 1).scaleb(-places)) * (-1 if signed & 1 else 1)
