"""Architectures that are not pacviz's own: declared by who made them, before any data were seen, and named by fingerprint.

A code cannot say which architecture was declared, only that one was; whoever decodes it is told which.  That is free in
the bound for the same reason as a registered architecture is: it was fixed before the data.  A certificate names it by
its fingerprint, and a certificate file carries the plain description that `described` gives.
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from pacviz.errors import PacvizError
from pacviz.models.architecture import (
    Architecture,
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
)

PREFIX = "declared-"
PARAMETERS, ACTIVATIONS, PRODUCTS = 10**7, 2**20, 2 * 10**8
"""Most parameters of a declared architecture, values of one activation, and products for one example: a description comes
from anywhere, and must not fill the memory of who reads it."""
_KINDS: dict[str, Callable[..., Operation]] = {
    kind.__name__: kind
    for kind in (Conv, DepthwiseConv, Linear, MaxPool, ReLU, Flatten, AveragePool, Deskew, OrientedEdges, Glances)
}
"""What a declared chain may consist of; sums with a shortcut are for registered architectures only."""
_declared: dict[str, Architecture] = {}


def declare(architecture: Architecture) -> Architecture:
    """Makes an architecture known to this process and returns it under its name: "declared-" and its fingerprint.

    Whatever name and title it had are no part of what it computes, and dropped.
    Raises PacvizError where its operations do not fit each other or it is too large.
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


def from_description(description: Mapping[str, Any]) -> Architecture:
    """Declares what `described` described.  Raises PacvizError for anything else."""
    try:
        operations = tuple(_operation(**plain) for plain in description["operations"])
        shape, classes = tuple(description["input_shape"]), description["classes"]
    except (TypeError, KeyError, AttributeError) as error:
        raise PacvizError(f"This describes no architecture ({error}); ask for the file again.") from error
    if set(description) != {"input_shape", "classes", "operations"}:
        raise PacvizError("This describes no architecture; ask for the file again.")
    return declare(Architecture("", "", shape, classes, operations))


def _operation(kind: str, **fields: Any) -> Operation:
    if kind not in _KINDS:
        raise PacvizError(f"There is no operation {kind!r}; a chain consists of {', '.join(_KINDS)}.")
    return _KINDS[kind](**fields)


def _check(architecture: Architecture) -> None:
    """Raises PacvizError unless the operations form a chain from images to one logit a class, of bearable size."""
    shape: tuple[int, ...] = architecture.input_shape
    if len(shape) != 3 or not _whole(*shape, architecture.classes, *_numbers(architecture)):
        raise PacvizError(
            f"A network reads images of (channels, height, width) and counts in positive whole numbers, got "
            f"{reprlib.repr(shape)} and {reprlib.repr(architecture.operations)}."
        )
    names = [layer.name for layer in architecture.layers]
    if (
        not names
        or not all(type(name) is str and name.isidentifier() for name in names)
        or len(set(names)) < len(names)
    ):
        raise PacvizError(f"Every layer needs a name of its own, got {reprlib.repr(names)}.")
    products = 0
    for operation in architecture.operations:
        before = math.prod(shape)
        shape = _after(operation, shape)
        products += math.prod(shape) * _inputs_of_one(operation)
        if before > ACTIVATIONS or math.prod(shape) > ACTIVATIONS:
            raise PacvizError(f"Activations of {operation} have more than {ACTIVATIONS:,} values.")
    if shape != (architecture.classes,):
        raise PacvizError(
            f"The chain ends in activations of {shape}, but {architecture.classes} classes need ({architecture.classes},)."
        )
    if architecture.parameters > PARAMETERS or products > PRODUCTS:
        raise PacvizError(
            f"The network has {architecture.parameters:,} parameters and {products:,} products an example; at most "
            f"{PARAMETERS:,} and {PRODUCTS:,} can be certified."
        )


def _after(operation: Operation, shape: tuple[int, ...]) -> tuple[int, ...]:
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


def _inputs_of_one(operation: Operation) -> int:
    """How many products make one value of the activations after an operation."""
    match operation:
        case Conv(_, inputs, _, kernel):
            return inputs * kernel**2
        case Linear(_, inputs):
            return inputs
        case DepthwiseConv(_, _, kernel) | OrientedEdges(_, kernel):
            return kernel**2
    return 0


def _numbers(architecture: Architecture) -> list[Any]:
    """Every number of the operations, but a padding shifted to be positive."""
    numbers: list[Any] = []
    for operation in architecture.operations:
        match operation:
            case Conv(_, inputs, outputs, kernel, stride, padding):
                numbers += [inputs, outputs, kernel, stride, padding + 1 if type(padding) is int else padding]
            case DepthwiseConv(_, channels, kernel, stride, padding) | OrientedEdges(channels, kernel, stride, padding):
                numbers += [channels, kernel, stride, padding + 1 if type(padding) is int else padding]
            case Linear(_, inputs, outputs):
                numbers += [inputs, outputs]
            case AveragePool(size, stride):
                numbers += [number for number in (size, stride) if number is not None]
            case MaxPool(size):
                numbers.append(size)
    return numbers


def _whole(*numbers: Any) -> bool:
    return all(type(number) is int and 1 <= number <= PARAMETERS for number in numbers)
