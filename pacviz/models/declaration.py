"""Architectures that are not pacviz's own: declared by who made them, before any data were seen, and named by fingerprint.

A code cannot say which architecture was declared, only that one was; whoever decodes it is told which.  That is free in
the bound for the same reason as a registered architecture is: it was fixed before the data.  A certificate names it by
its fingerprint, and a certificate file carries the plain description that `described` gives.
"""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
from dataclasses import dataclass
from typing import Any

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture
from pacviz.models.operations import (
    SHIFTS,
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
    parametrised,
)

PREFIX = "declared-"
_LAYER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Cost:
    """What a network takes, from the shapes of its operations alone: known before anything of it is made.

    operations: how many.  parameters: numbers that are decoded, about a microsecond each.  products: of numbers, for one
    example.  values: the most numbers that one operation holds at a time for one example: what it reads (with its
    padding), writes and unfolds, and a convolution's own noisy kernels; a batch is 64 examples a thread.
    """

    operations: int
    parameters: int
    products: int
    values: int


LIMITS = Cost(operations=100, parameters=2 * 10**6, products=10**8, values=2**21)
"""The most that a declared architecture may take: its description comes from anywhere, and must not keep busy who reads it.

In a batch of 64 examples the values are half a gigabyte at most; the products of MNIST's 70,000 images a quarter of an
hour on one core.
"""
_WORDS = {
    "operations": "operations",
    "parameters": "parameters",
    "products": "products for each example",
    "values": "values at a time for each example",
}
_LARGEST = 10**7
"""The largest number that a description may hold."""
_DESKEW = 700
"""What a sheared pixel costs, in products of a convolution: measured."""
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Conv, DepthwiseConv, Linear, MaxPool, ReLU, Flatten, AveragePool, Deskew, OrientedEdges, Glances)
}
"""What a declared chain may consist of; sums with a shortcut are for registered architectures only."""
_declared: dict[str, Architecture] = {}


def declare(architecture: Architecture) -> Architecture:
    """Makes an architecture known to this process and returns it under its name: "declared-" and its fingerprint.

    Whatever name and title it had are no part of what it computes, and dropped.
    Raises PacvizError where its operations do not fit each other, or it costs more than LIMITS.
    """
    _check(architecture)
    fingerprint = architecture.fingerprint
    named = dataclasses.replace(
        architecture, name=PREFIX + fingerprint, title=f"Declared network {fingerprint[:8]}", code="codebook"
    )
    return _declared.setdefault(named.name, named)


def declared(name: str) -> Architecture | None:
    """The architecture that was declared under that name in this process, None where none was."""
    return _declared.get(name)


def described(architecture: Architecture) -> dict[str, Any]:
    """What an architecture computes in plain values, as JSON can hold them."""
    return {
        "input_shape": list(architecture.input_shape),
        "classes": architecture.classes,
        "operations": [
            {"kind": type(operation).__name__}
            | {field.name: getattr(operation, field.name) for field in dataclasses.fields(operation) if field.repr}
            for operation in architecture.operations
        ],
    }


def from_description(description: Any) -> Architecture:
    """Declares what `described` described.  Raises PacvizError for anything else."""
    if not isinstance(description, dict) or set(description) != {"input_shape", "classes", "operations"}:
        raise PacvizError(
            "This describes no architecture by input_shape, classes and operations; ask for the file again."
        )
    shape, listed = description["input_shape"], description["operations"]
    if not isinstance(shape, list) or not isinstance(listed, list):
        raise PacvizError(
            "This describes no architecture: input_shape and operations are lists; ask for the file again."
        )
    _check_cost(Cost(len(listed), 0, 0, 0))
    return declare(Architecture("", "", tuple(shape), description["classes"], tuple(map(_operation, listed))))


def _operation(plain: Any) -> Operation:
    kind = plain.get("kind") if isinstance(plain, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise PacvizError(f"There is no operation {reprlib.repr(kind)}; a chain consists of {', '.join(_KINDS)}.")
    # What is not described is a way to train, and nobody else's to choose.
    fields = [field.name for field in dataclasses.fields(_KINDS[kind]) if field.repr]
    if plain.keys() != {"kind", *fields}:
        raise PacvizError(f"{kind} is described by {', '.join(fields) or 'nothing more'}; ask for the file again.")
    return _KINDS[kind](**{name: plain[name] for name in fields})


def _check(architecture: Architecture) -> None:
    """Raises PacvizError unless the operations form a chain from images to one logit a class, of bearable cost."""
    shape: tuple[int, ...] = architecture.input_shape
    operations = architecture.operations
    _check_cost(Cost(len(operations), 0, 0, 0))
    if len(shape) != 3 or not _whole(*shape, architecture.classes, *_numbers(architecture)):
        raise PacvizError(
            f"A network reads images of (channels, height, width) and counts in positive whole numbers, got "
            f"{reprlib.repr(shape)} and {reprlib.repr(operations)}."
        )
    names = [layer.name for layer in parametrised(operations)]
    if (
        not names
        or not all(type(name) is str and _LAYER_NAME.fullmatch(name) for name in names)
        or len(set(names)) < len(names)
    ):
        raise PacvizError(
            f"Every layer needs a name of its own, of at most 64 letters, digits and underscores, got {reprlib.repr(names)}."
        )
    looks = [place for place, operation in enumerate(operations) if isinstance(operation, Glances)]
    if len(looks) > 1 or any(True for _ in parametrised(operations[: sum(looks)])):
        raise PacvizError("A network may look at an image several times only once, and before its first weights.")
    for operation in operations:
        shape = after_operation(operation, shape)
    if shape != (architecture.classes,):
        raise PacvizError(
            f"The chain ends in activations of {shape}, but {architecture.classes} classes need ({architecture.classes},)."
        )
    _check_cost(cost(architecture))


def _check_cost(cost: Cost) -> None:
    for field in dataclasses.fields(cost):
        needed, most = getattr(cost, field.name), getattr(LIMITS, field.name)
        if needed > most:
            raise PacvizError(
                f"The network takes {needed:,} {_WORDS[field.name]}, but a declared one may take {most:,}; make it smaller."
            )


def cost(architecture: Architecture) -> Cost:
    """What a chain takes; raises PacvizError where its operations do not fit each other."""
    shape: tuple[int, ...] = architecture.input_shape
    parameters = products = values = 0
    looks = 1
    for operation in architecture.operations:
        before, shape = shape, after_operation(operation, shape)
        looks *= len(SHIFTS) if isinstance(operation, Glances) else 1
        own = cost_of(operation, before, shape)
        parameters += own.parameters
        products += looks * own.products
        values = max(values, looks * own.values)
    return Cost(len(architecture.operations), parameters, products, values)


def cost_of(operation: Operation, before: tuple[int, ...], after: tuple[int, ...]) -> Cost:
    """What one operation takes for one look at an image."""
    read, written = math.prod(before), math.prod(after)
    match operation:
        case Conv(_, inputs, outputs, kernel, _, padding):
            window = inputs * kernel**2
            unfolded = window * math.prod(after[1:])
            own = outputs * (window + 1)
            return Cost(1, own, written * window, _padded(before, padding) + unfolded + written + own)
        case DepthwiseConv(_, channels, kernel, _, padding):
            own = channels * kernel**2
            return Cost(1, own, written * kernel**2, _padded(before, padding) + 2 * written + own)
        case OrientedEdges(directions, kernel, _, padding):
            return Cost(1, 0, written * kernel**2, _padded(before, padding) + written + directions * kernel**2)
        case Linear(_, inputs, outputs):
            return Cost(1, outputs * (inputs + 1), outputs * inputs, read + 2 * written)
        case MaxPool(size) | AveragePool(int(size)):
            return Cost(1, 0, written * size**2, read + 2 * written)
        case Deskew():
            return Cost(1, 0, _DESKEW * read, 12 * read)
    return Cost(1, 0, read, read + written)


def _padded(shape: tuple[int, ...], padding: int) -> int:
    return math.prod((shape[0], *(side + 2 * padding for side in shape[1:])))


def after_operation(operation: Operation, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the activations after an operation; raises PacvizError where it cannot read those before."""
    match operation:
        case Conv(_, inputs, outputs, kernel, stride, padding) if len(shape) == 3 and shape[0] == inputs:
            after = (outputs, *((side + 2 * padding - kernel) // stride + 1 for side in shape[1:]))
        case DepthwiseConv(_, channels, kernel, stride, padding) if len(shape) == 3 and shape[0] == channels:
            after = (channels, *((side + 2 * padding - kernel) // stride + 1 for side in shape[1:]))
        case OrientedEdges(directions, kernel, stride, padding) if len(shape) == 3 and shape[0] == 1:
            after = (directions, *((side + 2 * padding - kernel) // stride + 1 for side in shape[1:]))
        case MaxPool(size) if len(shape) == 3:
            after = (shape[0], shape[1] // size, shape[2] // size)
        case AveragePool(size, stride) if len(shape) == 3:
            after = (
                shape[0],
                *(1 if size is None else (length - size) // (stride or size) + 1 for length in shape[1:]),
            )
        case Linear(_, inputs, outputs) if shape == (inputs,):
            after = (outputs,)
        case Flatten() if len(shape) == 3:
            after = (math.prod(shape),)
        case ReLU():
            after = shape
        case Deskew() | Glances() if len(shape) == 3:
            after = shape
        case Residual():
            raise PacvizError("A declared network is a plain chain, and this one has a shortcut; use a registered one.")
        case _:
            raise PacvizError(f"{operation} cannot read activations of shape {shape}.")
    if min(after) < 1:
        raise PacvizError(f"{operation} leaves nothing of activations of shape {shape}.")
    return after


def _numbers(architecture: Architecture) -> list[Any]:
    """Every number of the operations, but a padding shifted to be positive."""
    numbers: list[Any] = []
    for operation in architecture.operations:
        match operation:
            case Conv(_, inputs, outputs, kernel, stride, padding):
                numbers += [inputs, outputs, kernel, stride, padding + 1 if type(padding) is int else padding]
            case OrientedEdges(directions, kernel, stride, padding):
                # The derivative of a single pixel is nothing.
                numbers += [directions, kernel - 1 if type(kernel) is int else kernel, stride]
                numbers.append(padding + 1 if type(padding) is int else padding)
            case DepthwiseConv(_, channels, kernel, stride, padding):
                numbers += [channels, kernel, stride, padding + 1 if type(padding) is int else padding]
            case Linear(_, inputs, outputs):
                numbers += [inputs, outputs]
            case AveragePool(size, stride):
                numbers += [number for number in (size, stride) if number is not None]
            case MaxPool(size):
                numbers.append(size)
    return numbers


def _whole(*numbers: Any) -> bool:
    return all(type(number) is int and 1 <= number <= _LARGEST for number in numbers)
