"""What a data set is: two i.i.d. samples of labelled images, and a fingerprint that tells each apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Split:
    """A sample of labelled images.  images: uint8 (n, channels, height, width).  labels: int64 (n,).

    low, high: the values that the network sees for the bytes 0 and 255, fixed before any data.
    """

    images: Tensor
    labels: Tensor
    low: float = 0.0
    high: float = 1.0

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def fingerprint(self) -> str:
        """As `fingerprint` says."""
        return fingerprint(self.images.contiguous().numpy(), self.labels.contiguous().numpy())

    def pixels(self, start: int = 0, stop: int | None = None) -> Tensor:
        """float32 images of examples start to stop, scaled from 0..255 to [low, high]."""
        shares = self.images[start:stop].float().div_(255)
        return shares if (self.low, self.high) == (0, 1) else shares.mul_(self.high - self.low).add_(self.low)


def fingerprint(images: np.ndarray, labels: np.ndarray) -> str:
    """Hex SHA-256 of shape, pixels (uint8) and labels (int64) of a sample."""
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(images.data)
    digest.update(labels.data)
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set.  title: how it is written where a person reads it.  classes: number of labels."""

    name: str
    title: str
    train: Split
    test: Split
    classes: int

    @property
    def identity(self) -> Identity:
        return Identity(len(self.train), len(self.test), self.classes, self.train.fingerprint, self.test.fingerprint)


@dataclass(frozen=True)
class Identity:
    """What a certificate says of its data: examples of the training and the test sample, labels, and both fingerprints."""

    n: int
    tests: int
    classes: int
    train: str
    test: str
