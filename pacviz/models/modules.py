"""An architecture as a torch module."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

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

EPSILON = 1e-5
"""Added to the running variance, against a division by zero."""

MOST_SLANT = 1.0
"""How far `deskew` shears, in pixels a row: 45 degrees."""


class NormalisedConv(nn.Conv2d):
    """A convolution and batch normalisation: (W * x - mean) / sqrt(variance) * scale + bias, unit by unit."""

    scale: nn.Parameter
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        self.scale = nn.Parameter(torch.ones(outputs))
        self.register_buffer("running_mean", torch.zeros(outputs))
        self.register_buffer("running_var", torch.ones(outputs))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, None, self.stride, self.padding)
        statistics = (self.running_mean, self.running_var)
        return F.batch_norm(x, *statistics, self.scale, self.bias, training=self.training, eps=EPSILON)


def fold(state: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The state dict in which the named convolutions do what they and their normalisation did, where it has all of both."""
    found = dict(state)
    for name in names:
        keys = [f"{name}.{part}" for part in ("weight", "bias", "scale", "running_mean", "running_var")]
        if all(key in found for key in keys):
            weight, bias, scale, mean, variance = (found.pop(key).double() for key in keys)
            factor = scale / (variance + EPSILON).sqrt()
            found[f"{name}.weight"] = (weight * factor[:, None, None, None]).float()
            found[f"{name}.bias"] = (bias - mean * factor).float()
    return found


def deskew(images: Tensor) -> Tensor:
    """Every image sheared along its rows until x and y are uncorrelated in it, its centre of mass moved to the middle.

    images: (n, channels, height, width).  An image's darkest value is its background, and what is above it, over all
    channels, its mass.  The slant is cov(x, y) / (var(y) + 1/12), a pixel being 1 high, and at most MOST_SLANT: an image
    of one line, or of none, thereby has one too.  The middle is the pixel (height // 2, width // 2), where MNIST has it,
    so that rows stay as they are there.  Bilinear.
    """
    height, width = images.shape[2:]
    # Two machines shall agree on where a pixel comes from; MPS has no float64.
    wide = torch.float32 if images.device.type == "mps" else torch.float64
    y, x = (torch.arange(side, device=images.device, dtype=wide) - side // 2 for side in (height, width))
    background = images.amin((1, 2, 3), keepdim=True)
    ink = images - background
    mass = ink.sum(1, dtype=wide)
    rows, moments = mass.sum(2), (mass * x).sum(2)
    total = rows.sum(1, keepdim=True).clamp(min=torch.finfo(wide).tiny)
    x_mean, y_mean = moments.sum(1, keepdim=True) / total, (rows * y).sum(1, keepdim=True) / total
    covariance = (moments * y).sum(1, keepdim=True) / total - x_mean * y_mean
    variance = (rows * y.square()).sum(1, keepdim=True) / total - y_mean.square()
    slant = (covariance / (variance + 1 / 12)).clamp(-MOST_SLANT, MOST_SLANT)
    # grid_sample counts from -1 at the left edge of the first pixel to 1 at the right edge of the last.
    x_offset, y_from = x_mean + slant * y, y_mean + y
    columns = (2 * x + 1 - width % 2).to(ink) / width + (2 * x_offset).to(ink)[:, :, None] / width
    lines = ((2 * y_from + 1 - height % 2).to(ink) / height)[:, :, None].expand_as(columns)
    return F.grid_sample(ink, torch.stack([columns, lines], -1), align_corners=False) + background


def edge_filters(operation: OrientedEdges) -> Tensor:
    """float32 (directions, 1, kernel, kernel): a Gaussian of std kernel / 4 derived in each direction.

    The first looks to the right, and they go around by equal angles.  The magnitudes of each sum to about 2.  Every
    entry is a multiple of 1/64, so that all machines have the same.
    """
    axis = np.arange(operation.kernel) - (operation.kernel - 1) / 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    bell = np.exp(-8 * (x**2 + y**2) / operation.kernel**2)
    angles = 2 * np.pi * np.arange(operation.directions)[:, None, None] / operation.directions
    filters = (np.cos(angles) * x + np.sin(angles) * y) * bell
    filters *= 2 / np.abs(filters).sum((1, 2), keepdims=True)
    return torch.from_numpy(np.rint(64 * filters) / 64).float()[:, None]


class Network(nn.Module):
    """A chain of operations; the state-dict keys are the layers' names, however deep they lie."""

    def __init__(self, operations: tuple[Operation, ...], folded: bool, glances: int) -> None:
        super().__init__()
        self.operations, self.glances = operations, glances
        free = itertools.takewhile(lambda operation: not any(parametrised((operation,))), operations)
        self.fixed = len(list(free))
        for layer in parametrised(operations):
            match layer:
                case Conv(name, inputs, outputs, kernel, stride, padding):
                    kind = NormalisedConv if layer.normalised and not folded else nn.Conv2d
                    self.add_module(name, kind(inputs, outputs, kernel, stride, padding))
                case DepthwiseConv(name, channels, kernel, stride, padding):
                    self.add_module(
                        name, nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=False)
                    )
                case Linear(name, inputs, outputs):
                    self.add_module(name, nn.Linear(inputs, outputs))

    def forward(self, x: Tensor, prepared: bool = False) -> Tensor:
        """Logits (n, classes) of images (n, channels, height, width), or of what `prepare` made of them."""
        return self.answers(self.operations[self.fixed :], x if prepared else self.prepare(x))

    def prepare(self, x: Tensor) -> Tensor:
        """What the operations before the first weights make of images, (n, glances, channels, height, width).

        It is the same however often it is trained on.
        """
        return self.chain(self.operations[: self.fixed], x).unflatten(0, (len(x), self.glances))

    def answers(self, operations: tuple[Operation, ...], x: Tensor) -> Tensor:
        """The rest of the chain on activations (n, glances, ...): the logits, means over the glances."""
        return self.chain(operations, x.flatten(0, 1)).unflatten(0, x.shape[:2]).mean(1)

    def chain(self, operations: tuple[Operation, ...], x: Tensor) -> Tensor:
        for operation in operations:
            match operation:
                case Conv(name) | DepthwiseConv(name) | Linear(name):
                    x = self.get_submodule(name)(x)
                case MaxPool(size):
                    x = F.max_pool2d(x, size)
                case ReLU():
                    x = F.relu(x)
                case Flatten():
                    x = x.flatten(1)
                case AveragePool(None):
                    x = x.mean((2, 3), keepdim=True)
                case AveragePool(int(size), stride):
                    x = F.avg_pool2d(x, size, stride)
                case Deskew():
                    x = deskew(x)
                case Glances():
                    x = torch.stack([x.roll(shift, (2, 3)) for shift in SHIFTS], 1).flatten(0, 1)
                case OrientedEdges(_, _, stride, padding):
                    x = F.conv2d(x, edge_filters(operation).to(x), None, stride, padding)
                case Residual(body):
                    y = self.chain(body, x)
                    shortcut = x[:, :, :: operation.stride, :: operation.stride]
                    x = y + F.pad(shortcut, (0, 0, 0, 0, 0, y.shape[1] - shortcut.shape[1]))
        return x
