"""Tensors that are mostly zero, in a file: where the others are, and what."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

PARTS = (".shape", ".places", ".values")


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in which each tensor with fewer than half of its values nonzero is three: int32 shape and places (row by
    row), and the values there."""
    result: dict[str, Tensor] = {}
    for key, tensor in state.items():
        flat = tensor.flatten()
        places = flat.nonzero().flatten()
        if 2 * len(places) < len(flat):
            parts = (torch.tensor(tensor.shape, dtype=torch.int32), places.int(), flat[places])
            result |= {key + part: value for part, value in zip(PARTS, parts, strict=True)}
        else:
            result[key] = tensor
    return result


def unpacked(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `packed`; raises ValueError where the parts of a tensor do not fit each other."""
    result = {key: tensor for key, tensor in state.items() if not key.endswith(PARTS)}
    for key in [key.removesuffix(".shape") for key in state if key.endswith(".shape")]:
        try:
            shape, places, values = (state[key + part] for part in PARTS)
            flat = torch.zeros(int(shape.prod()), dtype=values.dtype)
            flat[places.long()] = values
            result[key] = flat.view(*shape.tolist())
        except (KeyError, IndexError, RuntimeError) as error:
            raise ValueError(f"{key} is not whole: {error}") from error
    return result
