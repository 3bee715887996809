"""What a kind of operation promises."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import torch

from pacviz.checks.contract import images, require
from pacviz.codes.network import by_values
from pacviz.models import ARCHITECTURES, Architecture, Flatten, Linear, Operation, grammar
from pacviz.models.declaration import _operation
from pacviz.models.operations import OPERATIONS
from pacviz.risk import answers, count_stochastic_errors

_CLASSES = 4


def check_operation(operation: Operation, shape: tuple[int, ...]) -> None:
    """An operation makes the shape that it says, is positively homogeneous and linear in its parameters, costs what its
    parameters are, is described and rebuilt in the grammar and as plain values, and is measured as it computes.

    shape: of activations that it can read, (channels, height, width) or (features,).
    """
    kind, name = type(operation), type(operation).__name__
    require(OPERATIONS.get(name) is kind, f"{name} is not registered: decorate it with `register`.")
    require(hash(operation) == hash(dataclasses.replace(operation)), f"{name} is no frozen dataclass.")  # type: ignore[type-var]
    require(operation.is_whole, f"{operation} has a number below what {name} says is its least.")
    after = operation.after(shape)
    torch.manual_seed(0)
    module = operation.module(folded=True) if operation.tensors else None
    tensors = [] if module is None else [getattr(module, part).detach() for part in operation.tensors]
    for tensor, size in zip(tensors, operation.tensors.values(), strict=True):
        require(tuple(tensor.shape) == size, f"A parameter of {operation} has shape {tuple(tensor.shape)}, not {size}.")
    x = torch.rand(3, *shape)
    with torch.no_grad():
        y = operation.apply(x, *tensors)
        require(
            tuple(y.shape) == (3 * operation.looks, *after), f"{operation} gives {tuple(y.shape)[1:]}, not {after}."
        )
        if module is not None:
            require(torch.allclose(module(x), y, atol=1e-6), f"The module of {name} computes something else.")
        scaled = [4 * part if bias == "bias" else part for bias, part in zip(operation.tensors, tensors, strict=True)]
        require(
            torch.allclose(operation.apply(4 * x, *scaled), 4 * y, rtol=1e-4, atol=1e-5),
            f"{name} is not positively homogeneous: f(4 x) is not 4 f(x).",
        )
        doubled = operation.apply(x, *(2 * part for part in tensors))
        require(
            not tensors or torch.allclose(doubled, 2 * y, rtol=1e-4, atol=1e-5),
            f"{name} is not linear in its parameters.",
        )
        if operation.keeps_units and len(shape) == 3:
            blank = x.clone()
            blank[:, 0] = 0
            units = operation.apply(blank, *tensors).reshape(3, shape[0], -1)
            others = y.reshape(3, shape[0], -1)
            require(
                not units[:, 0].any() and torch.equal(units[:, 1:], others[:, 1:]),
                f"{name} says that it keeps units apart, and does not.",
            )
    cost = operation.cost(shape, after)
    own = sum(math.prod(size) for size in operation.tensors.values())
    require(cost.parameters == own, f"{name} costs {cost.parameters} parameters, but has {own}.")
    require(cost.products > 0 and cost.values > 0, f"{name} says that it costs nothing.")
    _check_in_a_network(operation, shape, after)


def _check_in_a_network(operation: Operation, shape: tuple[int, ...], after: tuple[int, ...]) -> None:
    name = type(operation).__name__
    first: tuple[Operation, ...] = () if len(shape) == 3 else (Flatten(),)
    image = shape if len(shape) == 3 else (1, 1, *shape)
    rest: tuple[Operation, ...] = (
        *((Flatten(),) if len(after) == 3 else ()),
        Linear("end", math.prod(after), _CLASSES),
    )
    network = Architecture(
        f"checked-{name.lower()}", name, (image[0], image[1], image[2]), _CLASSES, (*first, operation, *rest)
    )
    bits = grammar.encode(network)
    decoded, read = grammar.decode(bits + "0110", network.input_shape, _CLASSES)
    require(
        read == len(bits) and decoded.architecture == grammar.unnamed(network),
        f"{name} is rebuilt as another from its bits.",
    )
    if operation.declarable:
        again = _operation(json.loads(json.dumps(operation.described())))
        require(repr(again) == repr(operation), f"{name} is rebuilt as another from its description.")
    ARCHITECTURES[network.name] = network
    try:
        state = network.build(folded=True).state_dict()
        coded = by_values(
            network.name, {key: matrix + np.float32(0) for key, matrix in network.matrices(state).items()}
        )
        split = images(70, image)
        module = network.build(folded=True)
        module.load_state_dict(state)
        with torch.inference_mode():
            logits = module(split.pixels())
        top = logits.topk(2, dim=1).values
        clear = top[:, 0] - top[:, 1] > 1e-4 * logits.abs().amax(1)
        require(
            torch.equal(answers(coded, split)[clear], logits.argmax(1)[clear]), f"{name} is measured as something else."
        )
        if network.looks == 1:
            stds = dict.fromkeys(coded.matrices, 0.01)
            counts = {count_stochastic_errors(coded, stds, split, 128, 7) for _ in range(2)}
            require(len(counts) == 1, f"{name} under noise gives another count each time, for the same seed.")
    finally:
        del ARCHITECTURES[network.name]
