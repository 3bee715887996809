"""Architectures that are not pacviz's own: declared by who made them, before any data were seen, and named by fingerprint.

A code cannot say which architecture was declared, only that one was; whoever decodes it is told which.  That is free in
the bound for the same reason as a registered architecture is: it was fixed before the data.  A certificate names it by
its fingerprint, and a certificate file carries the plain description that `described` gives.
"""

from __future__ import annotations

import dataclasses
import re
import reprlib
from typing import Any

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture
from pacviz.models.operations import OPERATIONS, Operation, parametrised
from pacviz.models.operations.operation import LARGEST, Cost

PREFIX = "declared-"
_LAYER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


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
        "operations": [operation.described() for operation in architecture.operations],
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
    kinds = {name: kind for name, kind in OPERATIONS.items() if kind.declarable}
    if not isinstance(kind, str) or kind not in kinds:
        raise PacvizError(f"There is no operation {reprlib.repr(kind)}; a chain consists of {', '.join(kinds)}.")
    fields = kinds[kind].described_fields()
    if plain.keys() != {"kind", *fields}:
        raise PacvizError(f"{kind} is described by {', '.join(fields) or 'nothing more'}; ask for the file again.")
    return kinds[kind](**{name: plain[name] for name in fields})


def _check(architecture: Architecture) -> None:
    """Raises PacvizError unless the operations form a chain from images to one logit a class, of bearable cost."""
    shape: tuple[int, ...] = architecture.input_shape
    operations = architecture.operations
    _check_cost(Cost(len(operations), 0, 0, 0))
    if not all(operation.declarable for operation in operations):
        raise PacvizError("A declared network is a plain chain, and this one has a shortcut; use a registered one.")
    counted = [*shape, architecture.classes]
    if (
        len(shape) != 3
        or not all(type(number) is int and 1 <= number <= LARGEST for number in counted)
        or not all(operation.is_whole for operation in operations)
    ):
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
    looks = [place for place, operation in enumerate(operations) if operation.looks > 1]
    if len(looks) > 1 or any(True for _ in parametrised(operations[: sum(looks)])):
        raise PacvizError("A network may look at an image several times only once, and before its first weights.")
    for operation in operations:
        shape = operation.after(shape)
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
        before, shape = shape, operation.after(shape)
        looks *= operation.looks
        own = operation.cost(before, shape)
        parameters += own.parameters
        products += looks * own.products
        values = max(values, looks * own.values)
    return Cost(len(architecture.operations), parameters, products, values)
