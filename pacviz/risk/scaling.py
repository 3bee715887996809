"""Layers times powers of two: no float over- or underflows where the network is run, and noise is never lost to one.

Every operation is positively homogeneous, f(c x) = c f(x) for c > 0, and a power of two is multiplied exactly.  Where the
activations before a layer are held as h = 2^-e x, the layer computes

    2^-f (W x + b) = (2^(e-f) W) h + 2^-f b,

with an f that keeps what it gives near 1; its noise is scaled with it.  The logits come out times one power of two, which
moves no answer.  A network and its exact rescalings are thereby one and the same computation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from pacviz.errors import PacvizError
from pacviz.models import Operation

REACH = {torch.float32: 30, torch.float64: 500}
"""Held weights and standard deviations lie within 2^-REACH .. 2^REACH, so that their squares are normal floats too.

For float32 it is small enough that four layers of the smallest weights in a row do not underflow.
"""
_NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


class OutOfRange(PacvizError):
    """Numbers that floats of the present precision cannot hold; where it is the finest, the network is refused."""


@dataclass(frozen=True)
class Scale:
    """How activations are held: times 2^-held; their true magnitude is about 2^size."""

    held: int
    size: int

    @classmethod
    def of_pixels(cls, largest: float) -> Scale:
        """Pixels as they are."""
        return cls(0, _exponent(largest) or 0)


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer as it is run.  matrix: float32 or float64 (rows, columns), a bias last.

    weight_std, bias_std: of the noise on each nonzero weight and bias; 0 where there is none.
    """

    name: str
    matrix: np.ndarray
    weight_std: float = 0.0
    bias_std: float = 0.0

    @property
    def noisy(self) -> bool:
        """Whether there is any noise."""
        return self.weight_std > 0 or self.bias_std > 0


@dataclass(frozen=True, eq=False)
class Rescaling:
    """The layers of one network under one noise, rescaled as the module says.

    matrices: float32 (rows, columns) by layer.  posterior_stds: by layer; a layer that is left out has none.
    """

    matrices: Mapping[str, np.ndarray]
    posterior_stds: Mapping[str, float]
    dtype: torch.dtype

    def layer(self, operation: Operation, before: Scale) -> tuple[Layer, Scale]:
        """The rescaled layer, and the scale of what it gives; raises OutOfRange where dtype cannot hold it."""
        name = operation.name
        matrix, std = self.matrices[name].astype(np.float64), self.posterior_stds.get(name, 0.0)
        shifted = np.zeros(matrix.shape[1], bool)
        if "bias" in operation.tensors:
            shifted[-1] = True
        gain = _exponent(np.sqrt(np.square(matrix[:, ~shifted]).sum(1)).max(initial=0.0))
        bias = _exponent(np.abs(matrix[:, shifted]).max(initial=0.0))
        sizes = [] if gain is None else [before.size + gain]
        after = max([*sizes, *([] if bias is None else [bias])], default=0)
        exponents = np.where(shifted, -after, before.held - after)
        held = self._held(name, matrix, exponents)
        stds = np.array([0.0 if gain is None else std, 0.0 if bias is None else std])
        weight_std, bias_std = self._held(name, stds, np.array([before.held - after, -after])).tolist()
        return Layer(name, held.astype(_NUMPY[self.dtype]), weight_std, bias_std), Scale(after, after)

    def sum(self, body: Scale, shortcut: Scale) -> tuple[float, float, Scale]:
        """The factors of the two sides of a sum, and its scale."""
        after = max(body.size, shortcut.size)
        factors = self._held("a sum", np.ones(2), np.array([body.held - after, shortcut.held - after])).tolist()
        return factors[0], factors[1], Scale(after, after)

    def _held(self, name: str, values: np.ndarray, exponents: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", under="ignore"):
            held = np.ldexp(values, exponents)
        sizes = np.abs(held[values != 0])
        reach = REACH[self.dtype]
        if sizes.size and not (2.0**-reach <= sizes.min() and sizes.max() <= 2.0**reach):
            raise OutOfRange(
                f"The numbers of {name} lie further apart than 2^{reach} (from {np.abs(values[values != 0]).min():g} to "
                f"{np.abs(values).max():g}, with what comes before it), where floats lose them and their noise; rescale "
                "the layer, or prune its smallest weights."
            )
        return held


def require_squares(name: str, x: torch.Tensor, squares: torch.Tensor) -> None:
    """Raises OutOfRange where the square of a nonzero activation x is no normal float: the layer's noise depends on it."""
    normal = (squares >= torch.finfo(x.dtype).tiny) & (squares <= torch.finfo(x.dtype).max)
    if not bool((normal | (x == 0)).all()):
        raise OutOfRange(
            f"Activations before {name} are so small or so large that floats lose their squares, and the noise with "
            "them; set noise to 0, or prune the smallest weights."
        )


def require_finite(logits: torch.Tensor) -> None:
    """Raises OutOfRange for logits that are infinite or no numbers: then there is no answer to count."""
    if not bool(torch.isfinite(logits).all()):
        raise OutOfRange("The network's logits overflow, so that it gives no answers; prune or rescale its weights.")


def _exponent(size: float) -> int | None:
    """The e with 2^(e-1) <= size < 2^e, None for 0."""
    return int(np.frexp(size)[1]) if size > 0 else None
