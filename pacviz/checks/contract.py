"""What all checks share: how a broken contract is told, and small networks and images to try things on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from pacviz.codes.code import code_named
from pacviz.codes.network import Network
from pacviz.data.dataset import Split
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES, Architecture, Conv, Flatten, Linear, MaxPool, ReLU

CHAIN = (Conv("conv", 1, 3, 3), MaxPool(2), ReLU(), Flatten(), Linear("fc", 27, 4))
"""On images of 8 x 8, 142 parameters."""


class BrokenContract(PacvizError):
    """Something that is registered does not do what its kind promises; the message is one sentence."""


def require(kept: bool, sentence: str) -> None:
    """Raises BrokenContract with this sentence unless the promise was kept."""
    if not kept:
        raise BrokenContract(sentence)


def refuses(act: Callable[[], object], sentence: str) -> None:
    """Raises BrokenContract unless the act is refused by a PacvizError."""
    try:
        act()
    except PacvizError:
        return
    raise BrokenContract(sentence)


@contextmanager
def small(code: str) -> Iterator[Architecture]:
    """A small architecture of a code, registered for as long as it is looked at."""
    network = Architecture(f"checked-{code}", "Small network", (1, 8, 8), 4, CHAIN, code=code)
    ARCHITECTURES[network.name] = network
    try:
        yield network
    finally:
        del ARCHITECTURES[network.name]


def example(network: Architecture, seed: int) -> Network:
    """A network of that architecture as its code has them: half of its weights zero, few values."""
    return code_named(network.code).example(network, np.random.default_rng(seed))


def images(n: int, shape: tuple[int, ...] = (1, 8, 8), classes: int = 4, seed: int = 0) -> Split:
    """Random images with random labels."""
    random = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (n, *shape), generator=random, dtype=torch.uint8)
    return Split(pixels, torch.randint(0, classes, (n,), generator=random))


def same_weights(one: Network, other: Network) -> bool:
    """Whether two networks have the very same weights."""
    return one.model == other.model and all(
        np.array_equal(matrix, other.matrices[name]) for name, matrix in one.matrices.items()
    )
