"""Arrays that are mostly zero, in a file: where the others are, and what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

PARTS = (".shape", ".places", ".values")


def packed(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A state dict in which each array with fewer than half of its values nonzero is three: int32 shape and places (row by
    row), and the values there."""
    result: dict[str, np.ndarray] = {}
    for key, array in state.items():
        flat = array.ravel()
        places = np.flatnonzero(flat)
        if 2 * len(places) < len(flat):
            parts = (np.array(array.shape, np.int32), places.astype(np.int32), flat[places])
            result |= {key + part: value for part, value in zip(PARTS, parts, strict=True)}
        else:
            result[key] = array
    return result


def unpacked(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of `packed`; raises ValueError where the parts of an array do not fit each other."""
    result = {key: array for key, array in state.items() if not key.endswith(PARTS)}
    for key in [key.removesuffix(".shape") for key in state if key.endswith(".shape")]:
        try:
            shape, places, values = (state[key + part] for part in PARTS)
            flat = np.zeros(int(shape.prod()), values.dtype)
            flat[places] = values
            result[key] = flat.reshape(shape)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ValueError(f"{key} is not whole: {error}") from error
    return result
