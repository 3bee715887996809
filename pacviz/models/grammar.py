"""What an architecture costs where it is not taken as fixed before the data: a description of it in bits, and back.

The description says what the network computes and how its weights are written: the range that pixels are mapped to, the
kind of the weights' code, and the chain of operations with their sizes.  It is self-delimiting, so that 2^-bits is a
prior over architectures (Kraft), and its length may be added to that of the weights' code.

    part            bits
    pixel range     0 where black is 0 and white 1; else 1 and two decimal numbers
    code            2: codebook, integers, subspace, or another, whose name follows
    operation       4 each, its place in PLACES, and then its numbers; Residual is followed by its body
    another one     4, its name, and then its numbers: of an operation that was registered and has no place
    end of a chain  4
    whole number x  2 floor(log2 y) + 1: the Elias gamma code of y = x, or x + 1 where x may be 0
    name            its length, a whole number, and 7 for each character
    decimal number  the digits behind the point and the signed digits, two whole numbers

Free are: the shape of the images and the number of classes, which the data set says; what the operations before leave no
choice in, such as the channels that a layer reads; the names of layers; and batch normalisation, which is a way to train.
Sizes that are constants of pacviz (the filters of OrientedEdges, the shifts of Glances, the seeds of subspaces) belong to
the grammar: what is charged is the choice among all networks that it can describe, not its vocabulary.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture
from pacviz.models.operations import OPERATIONS, Operation, Shape

CODES = ("codebook", "integers", "subspace")
"""How weights are written, in the order of the grammar."""
PLACES = (
    "Conv",
    "DepthwiseConv",
    "Linear",
    "MaxPool",
    "ReLU",
    "Flatten",
    "AveragePool",
    "Deskew",
    "OrientedEdges",
    "Glances",
    "Residual",
)
"""Operations in the order of the grammar; others are sent by their name."""
_NAMED, _END = 14, 15
_TOKEN, _CODE = 4, 2
_OTHER_CODE = 3
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
    names = (f"layer{place}" for place in itertools.count(1))
    chain = tuple(operation.plain(names) for operation in architecture.operations)
    return dataclasses.replace(architecture, name="", title="", operations=chain)


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
        Phrase(f"weights written by {architecture.code}", _code_bits(architecture.code)),
        *_chain_phrases(architecture.operations, 0),
    )


def encode(architecture: Architecture, low: float = 0.0, high: float = 1.0) -> str:
    """The description as a text of 0 and 1; raises PacvizError like `phrases`."""
    return "".join(phrase.bits for phrase in phrases(architecture, low, high))


def decode(bits: str, input_shape: tuple[int, int, int], classes: int) -> tuple[Description, int]:
    """What was described at the start of `bits`, and how many of them that took.

    input_shape, classes: of the data set, which are no part of the description.
    Raises PacvizError where `bits` do not start with what `encode` wrote for such data.
    """
    reader = _Reader(bits)
    low, high = (reader.decimal(), reader.decimal()) if reader.whole(1) else (0.0, 1.0)
    code = CODES[place] if (place := reader.whole(_CODE)) < len(CODES) else reader.name()
    operations, _ = _read_chain(reader, input_shape, 0)
    architecture = unnamed(Architecture("", "", input_shape, classes, operations, code))
    _check_shapes(architecture)
    return Description(architecture, low, high), reader.place


def _chain_phrases(operations: tuple[Operation, ...], depth: int) -> Iterator[Phrase]:
    if depth > _DEEPEST:
        raise PacvizError(f"Sums lie more than {_DEEPEST} deep in each other, which has no description.")
    for operation in operations:
        kind = type(operation).__name__
        if OPERATIONS.get(kind) is not type(operation):
            raise PacvizError(f"{operation} has no description; the grammar knows {', '.join(OPERATIONS)}.")
        sent = {name: getattr(operation, name) or 0 for name in operation.numbers}
        numbers = "".join(_gamma(value + (operation.numbers[name] == 0)) for name, value in sent.items())
        said = ", ".join(f"{name} {value}" for name, value in sent.items() if value)
        yield Phrase(f"{kind}{f': {said}' if said else ''}", _kind_bits(kind) + numbers)
        if "body" in operation.described_fields():
            yield from _chain_phrases(operation.body, depth + 1)
    yield Phrase("end of the sum" if depth else "end", format(_END, f"0{_TOKEN}b"))


def _read_chain(reader: _Reader, shape: Shape, depth: int) -> tuple[tuple[Operation, ...], Shape]:
    """The operations up to the end of a chain on activations of `shape`, and the shape that they leave."""
    if depth > _DEEPEST:
        raise PacvizError(f"Sums lie more than {_DEEPEST} deep in each other; the bits are no description.")
    operations: list[Operation] = []
    while (place := reader.whole(_TOKEN)) != _END:
        if len(PLACES) <= place < _NAMED:
            raise PacvizError(f"There is no operation number {place}; the bits are no description.")
        name = reader.name() if place == _NAMED else PLACES[place]
        if (kind := OPERATIONS.get(name)) is None or (place == _NAMED and name in PLACES):
            raise PacvizError(f"There is no operation {name!r} here; import the module that registers it.")
        values: dict[str, Any] = {name: reader.gamma() - (least == 0) for name, least in kind.numbers.items()}
        optional = {field.name for field in dataclasses.fields(kind) if field.default is None}  # type: ignore[arg-type]
        values = {name: (value or None) if name in optional else value for name, value in values.items()}
        if "body" in kind.described_fields():
            values["body"], _ = _read_chain(reader, shape, depth + 1)
        if kind.reads:
            values |= {"name": f"layer{len(operations)}", kind.reads: shape[0]}
        operation = kind(**values)
        shape = operation.after(shape)
        operations.append(operation)
    return tuple(operations), shape


def _check_shapes(architecture: Architecture) -> None:
    """Raises PacvizError unless the operations lead from the images to one logit a class."""
    shape: Shape = architecture.input_shape
    for operation in architecture.operations:
        shape = operation.after(shape)
    if shape != (architecture.classes,):
        raise PacvizError(f"The chain ends in activations of {shape}, but there are {architecture.classes} classes.")


def _kind_bits(kind: str) -> str:
    """The place of a kind of operation, or that it has none and its name."""
    place = PLACES.index(kind) if kind in PLACES else _NAMED
    return format(place, f"0{_TOKEN}b") + (_name_bits(kind) if place == _NAMED else "")


def _code_bits(code: str) -> str:
    """The same of a code."""
    place = CODES.index(code) if code in CODES else _OTHER_CODE
    return format(place, f"0{_CODE}b") + (_name_bits(code) if place == _OTHER_CODE else "")


def _name_bits(name: str) -> str:
    """How many characters a name has, and each in 7 bits."""
    if not name.isascii():
        raise PacvizError(
            f"{name!r} has no place in a description; give it a name of letters without marks and digits."
        )
    return _gamma(len(name)) + "".join(format(ord(character), "07b") for character in name)


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

    def name(self) -> str:
        if (length := self.gamma()) > _LONGEST:
            raise PacvizError(f"A name has more than {_LONGEST} characters; the bits are no description.")
        return "".join(chr(self.whole(7)) for _ in range(length))

    def decimal(self) -> float:
        places, signed = self.gamma() - 1, self.gamma() - 1
        if places > 400:
            raise PacvizError("A number has more than 400 digits behind its point; the bits are no description.")
        return float(Decimal(signed >> 1).scaleb(-places)) * (-1 if signed & 1 else 1)
