"""A torch module that somebody else trained, as weights that pacviz can compress, code and certify."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from pacviz.errors import PacvizError
from pacviz.library.weights import Weights
from pacviz.models import Architecture, Linear, Operation, declare
from pacviz.models.operations import OPERATIONS

CHAIN = (
    "Linear, Conv2d, BatchNorm after either, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1), ReLU, Flatten, Dropout and, at "
    "the end, Softmax or LogSoftmax"
)
"""What a module may consist of."""
_FUNCTIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu_": nn.ReLU,
    "flatten": nn.Flatten,
    "view": nn.Flatten,
    "reshape": nn.Flatten,
    "squeeze": nn.Flatten,
    "max_pool2d": nn.MaxPool2d,
    "avg_pool2d": nn.AvgPool2d,
    "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d,
    "dropout": nn.Identity,
    "contiguous": nn.Identity,
    "softmax": nn.Softmax,
    "log_softmax": nn.LogSoftmax,
}
"""The modules that functions and methods stand for; that a view is a flattening is told by the shapes."""
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "max_pool2d": {"kernel_size": None, "stride": None, "padding": 0, "dilation": 1},
    "avg_pool2d": {"kernel_size": None, "stride": None, "padding": 0, "ceil_mode": False},
    "adaptive_avg_pool2d": {"output_size": None},
    "softmax": {"dim": None},
    "log_softmax": {"dim": None},
}
"""What these take after the activations, in order, and what it is where it is not given."""
_KEEP_ANSWERS = (nn.Softmax, nn.LogSoftmax)
"""Where they end a network they move no answer: the largest logit stays the largest."""
_WRAPPED = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
_USUAL = {name: getattr(nn.Module, name) for name in ("__call__", "__getattr__")}
"""What tracing puts something else in place of."""
_TOLERANCE = 1e-4
_BATCH = 3
"""Images that a module is shown while it is traced; another number is tried afterwards."""


def from_module(module: nn.Module, input_shape: tuple[int, int, int]) -> Weights:
    """The weights of a trained chain of layers, of an architecture that is thereby declared (see `pacviz.models.declaration`).

    module: linear layers and square convolutions with whatever in CHAIN lies between them, however nested or written; it
    stays as it is.  Its weights are those that it computes with: masks of pruning and norms of weights are applied.
    Normalisation is folded into the layer before it, as it works after training, so that its parameters and running
    statistics are charged with the weights.  input_shape: (channels, height, width).
    Fix the architecture before you look at the data: that is what makes it free.

    Raises PacvizError for anything else.
    """
    shape = _shape(input_shape)
    try:
        return _converted(_own_copy(module), shape)
    except (PacvizError, MemoryError):
        raise
    except Exception as error:  # a module runs its own code, which fails in any way
        raise PacvizError(
            f"The module cannot be read ({_reason(error)}); write it as nn.Sequential of {CHAIN}."
        ) from error


def _shape(given: Any) -> tuple[int, int, int]:
    sides = tuple(given) if isinstance(given, list | tuple) else ()
    if len(sides) != 3 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise PacvizError(f"input_shape must be (channels, height, width) of one image, got {given!r}.")
    return sides


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}".removesuffix(": ")


def _own_copy(module: Any) -> nn.Module:
    """A copy that may be changed, on the CPU, in float32, as it answers after training.

    Raises PacvizError for what is no module with weights.
    """
    if isinstance(module, Mapping):
        raise PacvizError("This is a state dict; give the module, after `module.load_state_dict(state)`.")
    if not isinstance(module, nn.Module):
        kind = f"the class {module.__name__}" if isinstance(module, type) else f"a {type(module).__name__}"
        raise PacvizError(f"This is {kind}; give a torch.nn.Module with its trained weights.")
    while (inner := _WRAPPED.get(type(module).__name__)) and isinstance(getattr(module, inner, None), nn.Module):
        module = getattr(module, inner)
    tensors = [*module.named_parameters(), *module.named_buffers()]
    if lazy := [name for name, tensor in tensors if is_lazy(tensor)]:
        raise PacvizError(f"{lazy[0]} has no shape yet; run the module once on a batch of images, and train it.")
    if empty := [name for name, tensor in tensors if tensor.is_meta]:
        raise PacvizError(f"{empty[0]} lies on the device meta, without values; load the trained weights first.")
    # Hooks (pruning, weight and spectral norm) keep what they computed as a part of a graph, which has no copy.
    computed = {
        id(value): value.detach().clone()
        for part in module.modules()
        for value in vars(part).values()
        if isinstance(value, Tensor) and not value.is_leaf
    }
    return copy.deepcopy(module, computed).cpu().float().eval()


@torch.no_grad()
def _converted(module: nn.Module, shape: tuple[int, int, int]) -> Weights:
    steps = list(_steps(module, shape))
    ending = [step for step in steps if isinstance(step, _KEEP_ANSWERS)]
    if any(isinstance(step, _KEEP_ANSWERS) for step in steps[: len(steps) - len(ending)]):
        raise PacvizError("Softmax is a step of the chain at its end alone; leave it out before.")
    if any(step.dim not in (None, 1, -1) for step in ending):
        raise PacvizError("The softmax at the end runs over the images of a batch; give it dim=1, over the classes.")
    operations: list[Operation] = []
    state: dict[str, Tensor] = {}
    for layer in _folded(steps[: len(steps) - len(ending)]):
        operation = _operation(layer, operations)
        operations.append(operation)
        for part, size in operation.tensors.items():
            tensor = getattr(layer, part)
            state[f"{operation.name}.{part}"] = torch.zeros(size) if tensor is None else tensor
    outputs = [operation.outputs for operation in operations if isinstance(operation, Linear)]
    if not outputs:
        raise PacvizError("The module has no linear layer to end in; give one that ends in a logit for each class.")
    architecture = declare(Architecture("", "", shape, outputs[-1], tuple(operations)))
    # -0 + 0 is 0: the code knows no -0.
    matrices = {name: matrix + np.float32(0) for name, matrix in architecture.matrices(state).items()}
    _check_same_function(module, architecture, state, nn.Sequential(*ending))
    return Weights(architecture.name, matrices)


class _Proxy(fx.Proxy):
    """A value of which the traced module may ask the shape, loop over it and take its length."""

    @property
    def shape(self) -> torch.Size:
        return self.node.meta["value"].shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return len(self.node.meta["value"])


class _Tracer(fx.Tracer):
    """Writes down what a module does with a batch of images, and what comes out of every step."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images = images

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)

    def create_proxy(self, kind: str, target: Any, *arguments: Any, **options: Any) -> fx.Proxy:
        proxy = super().create_proxy(kind, target, *arguments, **options)
        if kind != "output":
            with _as_usual():
                proxy.node.meta["value"] = self._value(proxy.node)
        return proxy

    def _value(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return self.images
        args, options = fx.node.map_arg(
            (node.args, dict(node.kwargs)),
            lambda given: given.meta["value"] if "value" in given.meta else self._value(given),
        )
        match node.op:
            case "call_module":
                return self.root.get_submodule(str(node.target))(*args, **options)
            case "call_method":
                return getattr(args[0], str(node.target))(*args[1:], **options)
            case "get_attr":
                return operator.attrgetter(str(node.target))(self.root)
        assert callable(node.target)
        return node.target(*args, **options)


@contextmanager
def _as_usual() -> Iterator[None]:
    """Modules do what they do, while another one is traced and calling them would only be written down."""
    traced = {name: getattr(nn.Module, name) for name in _USUAL}
    try:
        for name, method in _USUAL.items():
            setattr(nn.Module, name, method)
        yield
    finally:
        for name, method in traced.items():
            setattr(nn.Module, name, method)


def _steps(module: nn.Module, shape: tuple[int, int, int]) -> Iterator[nn.Module]:
    """The steps of a chain as plain modules, in the order in which they are run."""
    images = torch.rand(_BATCH, *shape, generator=torch.Generator().manual_seed(1))
    try:
        graph = _Tracer(images).trace(module)
    except Exception as error:  # whatever the module's own code does with a value that is not there
        raise PacvizError(
            f"The module cannot be traced on images of {shape} ({_reason(error)}); write it as a chain without decisions."
        ) from error
    present: fx.Node | None = None
    for node in graph.nodes:
        name = str(node.target if isinstance(node.target, str) else getattr(node.target, "__name__", node.target))
        if node.op == "output":
            if node.args[0] is not present:
                kinds = [kind.__name__ for kind in (dict, list, tuple) if isinstance(node.args[0], kind)]
                raise PacvizError(
                    f"The module returns {f'a {kinds[0]}' if kinds else 'another value'}; give one that returns the logits of "
                    "its last step alone."
                )
        elif node.op == "get_attr":
            raise PacvizError(
                f"The module computes with {name}, a tensor of its own that is no layer's weight, and in a chain every step is "
                "a layer. Where it normalises images, leave that out: one range of pixels for all channels is said by "
                "input_low and input_high (--input-range LOW HIGH), (0 - mean) / std and (1 - mean) / std."
            )
        elif node.op == "placeholder":
            if present is not None:
                raise PacvizError(
                    f"The module reads {node.name} beside {present.name}; give one that reads images alone."
                )
            present = node
        else:
            _check_chain(node, present)
            assert present is not None
            before, after = present.meta["value"], node.meta["value"]
            present = node
            yield from _step(
                module.get_submodule(name) if node.op == "call_module" else _called(name, node), before, after
            )


def _check_chain(node: fx.Node, present: fx.Node | None) -> None:
    """Raises PacvizError unless the node reads the step before it, and of all steps this one only."""
    if node.all_input_nodes != [present]:
        raise PacvizError(
            f"{node.name} reads {', '.join(given.name for given in node.all_input_nodes) or 'nothing'}, but in a chain every "
            "step reads the one before it."
        )


def _called(name: str, node: fx.Node) -> nn.Module:
    """The module that a function or method stands for."""
    if name == "mean":
        given: Any = (*node.args[1:], *node.kwargs.values())[:1]
        axes = given[0] if given and isinstance(given[0], list | tuple) else ()
        if sorted(axis % 4 for axis in axes) == [2, 3]:
            return nn.AdaptiveAvgPool2d(1)
    if name not in _FUNCTIONS:
        raise PacvizError(f"{name} is no step of a chain; a module may consist of {CHAIN}.")
    usual = _ARGUMENTS.get(name, {})
    named = {key: value for key, value in node.kwargs.items() if key in (*usual, "ceil_mode")}
    return _FUNCTIONS[name](**{**usual, **dict(zip(usual, node.args[1:], strict=False)), **named})


def _step(module: nn.Module, before: Any, after: Any) -> Iterator[nn.Module]:
    """What a step between two values is made of: nothing, where it changes nothing."""
    if not (isinstance(before, Tensor) and isinstance(after, Tensor)):
        raise PacvizError(f"{type(module).__name__} gives no tensor; a module may consist of {CHAIN}.")
    match module:
        case nn.Identity() | nn.Dropout() | nn.Dropout2d():
            return
        case nn.Flatten():
            if before.shape == after.shape:
                return
            if after.shape != (len(before), math.prod(before.shape[1:])):
                raise PacvizError(
                    f"Activations of {tuple(before.shape)} are arranged as {tuple(after.shape)}, which is no flattening of "
                    "each image; leave it out."
                )
            yield nn.Flatten()
        case nn.AdaptiveAvgPool2d() if after.ndim == 2:
            yield module
            yield nn.Flatten()
        case nn.Linear():
            yield _with_weights(nn.Linear(module.in_features, module.out_features, module.bias is not None), module)
        case nn.Conv2d():
            padding = _padding(module)
            kept = ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups", "padding_mode")
            options: dict[str, Any] = {name: getattr(module, name) for name in kept}
            plain = nn.Conv2d(**options, padding=padding, bias=module.bias is not None)
            yield _with_weights(plain, module)
        case _:
            yield module


def _with_weights(plain: nn.Module, module: nn.Module) -> nn.Module:
    """The plain module with the weights that the other one computes with, whatever they are made of."""
    for name in ("weight", "bias"):
        if (tensor := getattr(module, name)) is not None:
            setattr(plain, name, nn.Parameter(tensor.detach().float().clone(), requires_grad=False))
    return plain.eval()


def _padding(module: nn.Conv2d) -> Any:
    """How many zeros a convolution adds on both sides."""
    if not isinstance(module.padding, str):
        return tuple(module.padding)
    reach = [dilation * (kernel - 1) for dilation, kernel in zip(module.dilation, module.kernel_size, strict=True)]
    if module.padding == "valid":
        return (0, 0)
    if any(length % 2 for length in reach):
        raise PacvizError(
            f"{module} pads one side more than the other, because its kernel is even; choose an odd kernel, or pad by a number."
        )
    return tuple(length // 2 for length in reach)


def _folded(modules: list[nn.Module]) -> list[Any]:
    """The modules with every normalisation in the layer before it."""
    layers: list[Any] = []
    for module in modules:
        before = layers[-1] if layers else None
        fuse: Callable[..., nn.Module] | None = None
        if isinstance(module, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            fuse = fuse_conv_bn_eval
        elif isinstance(module, nn.BatchNorm1d) and isinstance(before, nn.Linear):
            fuse = fuse_linear_bn_eval
        if fuse is None:
            layers.append(module)
        elif module.running_mean is None:
            raise PacvizError(
                f"{module} keeps no running statistics, so that each answer depends on its batch; train it with "
                "track_running_stats=True."
            )
        else:
            layers[-1] = fuse(before, module)
    return layers


def _operation(module: nn.Module, before: list[Operation]) -> Operation:
    """The operation that a module is; raises PacvizError where there is none."""
    name = f"layer{1 + sum(bool(operation.tensors) for operation in before)}"
    for kind in OPERATIONS.values():
        if kind.declarable and (read := kind.from_module(module, name)) is not None:
            return read
    raise PacvizError(
        f"{' '.join(str(module).split())} is no step of a chain; a module may consist of {CHAIN}, convolutions and pooling "
        "square."
    )


def _check_same_function(
    module: nn.Module, architecture: Architecture, state: dict[str, Tensor], ending: nn.Module
) -> None:
    """Raises PacvizError unless the module and the chain that was read from it agree on random images.

    ending: what follows the chain in the module, and moves no answer.
    """
    network = architecture.build().eval()
    network.load_state_dict(state)
    images = torch.rand(_BATCH + 1, *architecture.input_shape, generator=torch.Generator().manual_seed(0))
    try:
        expected = module(images)
    except Exception as error:  # it was traced with another number of images
        raise PacvizError(f"The module does not read {len(images)} images at once ({_reason(error)}).") from error
    logits = network(images)
    if not bool(expected.isfinite().all() and logits.isfinite().all()):
        raise PacvizError("The module's logits are infinite or no numbers already on random images; train it again.")
    closest = _TOLERANCE * float(ending(logits).abs().max())
    if logits.shape != expected.shape or not torch.allclose(ending(logits), expected, _TOLERANCE, closest):
        raise PacvizError("The module computes something else than its chain of layers; write it as nn.Sequential.")
