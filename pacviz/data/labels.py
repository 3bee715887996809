"""Label randomization: what a network is asked to memorise (Zhang et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pacviz.data.dataset import Split
from pacviz.errors import PacvizError


@dataclass(frozen=True, eq=False)
class Randomized:
    """A sample with some of its labels redrawn.

    split: what the network sees.  true_labels: int64 (n,).  redrawn: bool (n,), also True where chance drew the true label.
    """

    split: Split
    true_labels: Tensor
    redrawn: Tensor


def randomize(split: Split, level: float, classes: int, seed: int) -> Randomized:
    """The sample with the labels of a fixed share of its examples redrawn, uniformly over all classes.

    level: that share, in [0, 1].  Which examples, and which labels they get, depends on n and the seed only: what is redrawn
    at one level is redrawn alike at every higher one.  Raises PacvizError for a level outside [0, 1].
    """
    if not 0 <= level <= 1:
        raise PacvizError(f"level must lie in [0, 1], got {level}; it is the share of labels that are redrawn.")
    random = np.random.default_rng(seed)
    order, drawn = random.permutation(len(split)), random.integers(classes, size=len(split))
    redrawn = torch.zeros(len(split), dtype=torch.bool)
    redrawn[torch.from_numpy(order[: round(level * len(split))])] = True
    labels = torch.where(redrawn, torch.from_numpy(drawn), split.labels)
    return Randomized(replace(split, labels=labels), split.labels, redrawn)


def subset(split: Split, n: int, seed: int) -> Split:
    """n different examples drawn at random, in random order; raises PacvizError where there are fewer."""
    if not 0 < n <= len(split):
        raise PacvizError(f"n must be from 1 to the {len(split):,} examples that there are, got {n:,}.")
    chosen = torch.from_numpy(np.random.default_rng(seed).permutation(len(split))[:n])
    return replace(split, images=split.images[chosen], labels=split.labels[chosen])
