"""How heavy the tails of each tensor of a network are, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pacviz.errors import PacvizError
from pacviz.library.tails.compressibility import PRUNINGS, Compressibility
from pacviz.library.tails.estimators import Hill, TailIndex, hill, tail_index

if TYPE_CHECKING:
    from torch import Tensor

FEWEST = 1_000
"""Entries of a tensor that is looked at."""
PORTION = 200_000
"""Entries, drawn by chance, that the tail index of entries is from where there are more."""
FEW_ROWS = 50
"""Output units of which the columns are taken in their place."""


@dataclass(frozen=True)
class Tail:
    """The tails of one tensor.

    shape: of the tensor.  rows: tail index of its rows, as `vectors` says.  entries: of single entries.  hill: of their
    magnitudes.  zeros: share of entries that are exactly 0; where it is large, the tensor was pruned, and the indices say little.
    prunable: by way of pruning, the share of its numbers that may go at a relative error of 0.1; a tensor of more than two
    dimensions is taken as a matrix with a row an output unit, and nodes are rows.  Independent Gaussian numbers: 27 % by
    magnitude.  Of very large matrices singular values are left out.
    """

    name: str
    shape: tuple[int, ...]
    rows: TailIndex | None
    entries: TailIndex | None
    hill: Hill | None
    zeros: float
    prunable: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the documented keys of `python -m pacviz tails FILE --json`."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "n": int(np.prod(self.shape, dtype=np.int64)),
            "alpha": self.rows and self.rows.alpha,
            "alpha_interval": self.rows and list(self.rows.interval),
            "alpha_entries": self.entries and self.entries.alpha,
            "alpha_entries_interval": self.entries and list(self.entries.interval),
            "hill": self.hill and self.hill.alpha,
            "hill_k": self.hill and self.hill.k,
            "zeros": self.zeros,
            "prunable": self.prunable,
        }


def tails(weights: Mapping[str, np.ndarray | Tensor] | Path | str, seed: int = 0) -> tuple[Tail, ...]:
    """The tails of every tensor of real numbers with at least FEWEST entries, in their order.

    weights: tensors by name, such as a state dict, or a safetensors file.  seed: of the permutations.
    Raises PacvizError for a file that cannot be read and for numbers that are not finite.
    """
    if isinstance(weights, Path | str):
        weights = read(Path(weights))
    measured = []
    for index, (name, tensor) in enumerate(weights.items()):
        numbers = _array(tensor)
        if numbers.size >= FEWEST and numbers.dtype.kind == "f":
            measured.append(_tail(name, numbers.astype(np.float64), np.random.default_rng((seed, index))))
    return tuple(measured)


def read(path: Path) -> Mapping[str, np.ndarray | Tensor]:
    """All tensors of a safetensors file, by name: arrays, or torch's tensors of a file with kinds of numbers that numpy lacks."""
    from safetensors import SafetensorError, numpy

    try:
        try:
            return numpy.load_file(path)
        except (TypeError, AttributeError):  # bfloat16 and eight-bit floats
            from safetensors.torch import load_file

            return load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise PacvizError(
            f"{path} cannot be read as a safetensors file ({error}); give one that safetensors.torch.save_file wrote."
        ) from error


def _array(tensor: np.ndarray | Tensor) -> np.ndarray:
    if isinstance(tensor, np.ndarray):
        return tensor
    tensor = tensor.detach().cpu()
    # numpy knows no bfloat16 and no eight-bit floats.
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _tail(name: str, numbers: np.ndarray, rng: np.random.Generator) -> Tail:
    if not np.isfinite(numbers).all():
        raise PacvizError(f"{name} holds numbers that are not finite; a tail index takes finite weights.")
    entries = numbers[numbers != 0].reshape(-1, 1)
    if len(entries) > PORTION:
        entries = entries[rng.choice(len(entries), PORTION, replace=False)]
    scale = float(np.abs(numbers).max())
    # Indices do not depend on the scale, but squares of tiny or huge numbers are lost.
    scaled = numbers / scale if scale > 0 else numbers
    return Tail(
        name,
        numbers.shape,
        tail_index(vectors(scaled), rng),
        tail_index(entries / (scale or 1.0), rng),
        hill(scaled),
        float(np.mean(numbers == 0)),
        _prunable(numbers.reshape(len(numbers), -1) if numbers.ndim > 1 else numbers.reshape(-1, 1)),
    )


def _prunable(matrix: np.ndarray) -> dict[str, float]:
    if not matrix.any():
        return {}
    found = Compressibility.of(matrix)
    return {name: found.prunable(name) for name in PRUNINGS if name in found.errors}


def vectors(numbers: np.ndarray) -> np.ndarray:
    """The vectors of a tensor, as (vectors, entries): what `Tail` calls rows.

    Output units of a matrix, kernels of a convolution, entries of a vector; columns of a matrix with so few output units,
    such as a last layer, that sums of them would say nothing.
    """
    if numbers.ndim < 2:
        return numbers.reshape(-1, 1)
    matrix = (
        numbers.reshape(-1, numbers.shape[1])
        if numbers.ndim == 2
        else numbers.reshape(len(numbers) * numbers.shape[1], -1)
    )
    return matrix.T if len(matrix) < min(FEW_ROWS, matrix.shape[1]) else matrix


def median(layers: tuple[Tail, ...]) -> float | None:
    """The network's tail index: the median over its layers; None where there is none."""
    known = [tail.rows.alpha for tail in layers if tail.rows is not None]
    return float(np.median(known)) if known else None


def table(layers: tuple[Tail, ...]) -> list[dict[str, Any]]:
    """Rows as a person reads them."""
    return [
        {
            "tensor": tail.name,
            "shape": " × ".join(map(str, tail.shape)),
            "α of rows": _written(tail.rows),
            "α of entries": _written(tail.entries),
            "Hill": "" if tail.hill is None else f"{tail.hill.alpha:.2f} (k = {tail.hill.k:,})",
            "zeros": f"{tail.zeros:.0%}",
            **{
                f"may go by {title}": f"{tail.prunable[name]:.0%}" if name in tail.prunable else ""
                for name, title in PRUNINGS.items()
            },
        }
        for tail in layers
    ]


def _written(index: TailIndex | None) -> str:
    return "" if index is None else f"{index.alpha:.2f} ({index.interval[0]:.2f} to {index.interval[1]:.2f})"
