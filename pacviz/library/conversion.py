"""A torch module that somebody else trained, as weights that pacviz can compress, code and certify."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from pacviz.errors import PacvizError
from pacviz.library.weights import Weights
from pacviz.models import Architecture, Conv, Flatten, Linear, MaxPool, Operation, ReLU, declare

CHAIN = "Linear, Conv2d, BatchNorm after either, MaxPool2d, ReLU, Flatten and Dropout"
"""What a module may consist of."""
_FUNCTIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu_": nn.ReLU,
    "flatten": nn.Flatten,
    "view": nn.Flatten,
    "reshape": nn.Flatten,
    "max_pool2d": nn.MaxPool2d,
    "dropout": nn.Identity,
}
"""The modules that functions and methods stand for; that a view is a flattening is checked by running both."""
_SHAPES = ("size", "getattr", "getitem")
_TOLERANCE = 1e-4


def from_module(module: nn.Module, input_shape: tuple[int, int, int]) -> Weights:
    """The weights of a trained chain of layers, of an architecture that is thereby declared (see `pacviz.models.declaration`).

    module: linear layers and square convolutions with whatever in CHAIN lies between them, however nested or written; it
    stays as it is.  Normalisation is folded into the layer before it, as it works after training, so that its
    parameters and running statistics are charged with the weights.  input_shape: (channels, height, width).
    Fix the architecture before you look at the data: that is what makes it free.

    Raises PacvizError for a module that computes anything else.
    """
    evaluated = copy.deepcopy(module).cpu().float().eval()
    layers = _folded(_modules(evaluated))
    operations: list[Operation] = []
    state: dict[str, Tensor] = {}
    for layer in layers:
        operation = _operation(layer, operations)
        operations.append(operation)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert isinstance(operation, Conv | Linear)
            bias = torch.zeros(operation.outputs) if layer.bias is None else layer.bias.detach()
            state |= {f"{operation.name}.weight": layer.weight.detach(), f"{operation.name}.bias": bias}
    outputs = [operation.outputs for operation in operations if isinstance(operation, Linear)]
    if not outputs:
        raise PacvizError("The module has no linear layer to end in; give one that ends in a logit for each class.")
    architecture = declare(Architecture("", "", input_shape, outputs[-1], tuple(operations)))
    # -0 + 0 is 0: the code knows no -0.
    matrices = {name: matrix + np.float32(0) for name, matrix in architecture.matrices(state).items()}
    _check_same_function(evaluated, architecture, state)
    return Weights(architecture.name, matrices)


def _modules(module: nn.Module) -> Iterator[nn.Module]:
    """The steps of a chain, in the order in which they are run."""
    try:
        graph = fx.symbolic_trace(module).graph
    except Exception as error:  # fx raises whatever the module's own code does with a value that is not there
        raise PacvizError(f"The module cannot be traced ({error}); write it as a chain without decisions.") from error
    present: fx.Node | None = None
    for node in graph.nodes:
        name = str(node.target if isinstance(node.target, str) else getattr(node.target, "__name__", node.target))
        if node.op == "output":
            _check_chain(node, present)
        elif node.op == "placeholder":
            if present is not None:
                raise PacvizError(
                    f"The module reads {node.name} beside {present.name}; give one that reads images alone."
                )
            present = node
        elif name not in _SHAPES:
            _check_chain(node, present)
            present = node
            if node.op == "call_module":
                yield module.get_submodule(name)
            elif name in _FUNCTIONS:
                yield _FUNCTIONS[name](*_constants(node)) if name == "max_pool2d" else _FUNCTIONS[name]()
            else:
                raise PacvizError(f"{name} is no step of a chain; a module may consist of {CHAIN}.")


def _check_chain(node: fx.Node, present: fx.Node | None) -> None:
    """Raises PacvizError unless the node reads the step before it, and of all steps this one only."""
    read = [
        given for given in node.all_input_nodes if str(getattr(given.target, "__name__", given.target)) not in _SHAPES
    ]
    if read != [present]:
        raise PacvizError(
            f"{node.name} reads {', '.join(given.name for given in read) or 'nothing'}, but in a chain every step reads "
            "the one before it."
        )


def _constants(node: fx.Node) -> tuple[Any, ...]:
    """The first arguments of max_pool2d after the activations: kernel size, stride, padding and dilation."""
    names = {"kernel_size": None, "stride": None, "padding": 0, "dilation": 1}
    given = dict(zip(names, node.args[1:], strict=False)) | {
        key: node.kwargs[key] for key in names if key in node.kwargs
    }
    return tuple((names | given).values())


def _folded(modules: Iterator[nn.Module]) -> list[nn.Module]:
    """The modules with every normalisation in the layer before it, and without those that do nothing."""
    layers: list[nn.Module] = []
    for module in modules:
        if isinstance(module, nn.Identity | nn.Dropout | nn.Dropout2d):
            continue
        before = layers[-1] if layers else None
        if isinstance(module, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(before, module)
        elif isinstance(module, nn.BatchNorm1d) and isinstance(before, nn.Linear):
            layers[-1] = fuse_linear_bn_eval(before, module)
        else:
            layers.append(module)
    return layers


def _operation(module: nn.Module, before: list[Operation]) -> Operation:
    """The operation that a module is; raises PacvizError where there is none."""
    number = 1 + sum(isinstance(operation, Conv | Linear) for operation in before)
    match module:
        case nn.Linear():
            return Linear(f"layer{number}", module.in_features, module.out_features)
        case nn.Conv2d() if (module.groups, module.padding_mode) == (1, "zeros") and _one(module.dilation) == 1:
            sides = [_one(size) for size in (module.kernel_size, module.stride, module.padding)]
            if None not in sides:
                kernel, stride, padding = (side for side in sides if side is not None)
                return Conv(f"layer{number}", module.in_channels, module.out_channels, kernel, stride, padding)
        case nn.MaxPool2d(padding=0 | (0, 0), dilation=1 | (1, 1), ceil_mode=False):
            size = _one(module.kernel_size)
            if size is not None and size == _one(module.stride):
                return MaxPool(size)
        case nn.ReLU():
            return ReLU()
        case nn.Flatten(start_dim=1, end_dim=-1):
            return Flatten()
    raise PacvizError(
        f"{module} is no step of a chain; a module may consist of {CHAIN}, convolutions and pooling square."
    )


def _one(size: Any) -> int | None:
    """The number behind a size of both directions, None where they differ."""
    if isinstance(size, int):
        return size
    return size[0] if isinstance(size, tuple) and len(set(size)) == 1 else None


@torch.no_grad()
def _check_same_function(module: nn.Module, architecture: Architecture, state: dict[str, Tensor]) -> None:
    """Raises PacvizError unless the module and the chain that was read from it agree on random images."""
    network = architecture.build().eval()
    network.load_state_dict(state)
    images = torch.rand(4, *architecture.input_shape, generator=torch.Generator().manual_seed(0))
    try:
        found, expected = network(images), module(images)
    except RuntimeError as error:
        raise PacvizError(f"The module does not read images of {architecture.input_shape} ({error}).") from error
    if found.shape != expected.shape or not torch.allclose(
        found, expected, _TOLERANCE, _TOLERANCE * float(found.abs().max())
    ):
        raise PacvizError("The module computes something else than its chain of layers; write it as nn.Sequential.")
