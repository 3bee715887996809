"""Random bits that are the same on every machine."""

from __future__ import annotations

import numpy as np


def bits(count: int, *key: int) -> np.ndarray:
    """`count` words of 16 random bits; key: two numbers that name the stream."""
    words = np.random.Philox(key=np.array(key, np.uint64)).random_raw(-(-count // 4))
    return words.astype("<u8").view("<u2")[:count]
