from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from pacviz import models
from pacviz.compression.network import CompressedNetwork

from .strategies import ATOM, TINY

few = settings(max_examples=60, deadline=None)


@pytest.fixture(autouse=True)
def _small_architectures(monkeypatch):
    for architecture in (TINY, ATOM):
        monkeypatch.setitem(models.ARCHITECTURES, architecture.name, architecture)


def same(a: CompressedNetwork, b: CompressedNetwork) -> bool:
    return a.model == b.model and all(
        x.name == y.name
        and np.array_equal(x.symbols, y.symbols)
        and x.symbols.dtype == y.symbols.dtype
        and x.codebook.tobytes() == y.codebook.tobytes()
        for x, y in zip(a.layers, b.layers, strict=True)
    )
