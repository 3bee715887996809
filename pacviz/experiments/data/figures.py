"""A sheet of examples, and how far one average image a class gets: what a network has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pacviz.data import Dataset, Split
from pacviz.figures.sheet import Sheet, Tile

_AT_ONCE = 1000
"""Test images that are compared in one go."""


def sheet(
    split: Split, rows: int, start: int = 0, classes: int = 10, names: Sequence[str] = (), title: str = ""
) -> Sheet:
    """A column a class, `rows` examples each, taken in order from example `start` on; names: of the classes, else 0, 1, …"""
    images, labels = split.images[start:], split.labels[start:]
    columns = [images[labels == label][:rows].numpy() for label in range(classes)]
    tiles = [
        Tile(column[row], names[label] if names else str(label))
        for row in range(rows)
        for label, column in enumerate(columns)
        if row < len(column)
    ]
    return Sheet(title, tuple(tiles), classes)


def first_shown(split: Split, start: int, rows: int, classes: int) -> int:
    """The example that a sheet begins with: `start`, or so much before it that there are enough examples after it."""
    return max(0, min(start, len(split) - rows * classes))


def mean_image_error(dataset: Dataset) -> float:
    """The share of test images that the nearest of the training sample's mean images, one a class, is wrong about."""
    train, test = dataset.train, dataset.test
    means = torch.stack([
        train.images[train.labels == label].flatten(1).float().mean(0) for label in range(dataset.classes)
    ])  # fmt: skip
    wrong = 0
    for images, labels in zip(test.images.split(_AT_ONCE), test.labels.split(_AT_ONCE), strict=True):
        wrong += int((torch.cdist(images.flatten(1).float(), means).argmin(1) != labels).sum())
    return wrong / len(test)


def takeaway(dataset: Dataset) -> str:
    """What a network has to do better than."""
    return (
        f"To beat: guessing is wrong {1 - 1 / dataset.classes:.0%} of the time, the nearest of {dataset.classes} average "
        f"images {mean_image_error(dataset):.0%}"
    )


def caption(dataset: Dataset, start: int) -> str:
    """What is seen, and what it is used for.  start: the example that the sheet begins with."""
    height, width = dataset.train.images.shape[-2:]
    return (
        f"Examples {start:,} onwards of {len(dataset.train):,} that train; {len(dataset.test):,} more are kept for the test "
        f"error. {width} × {height} pixels. The average images are of the training examples, the errors on the test "
        "examples. The bound uses the training examples only."
    )
