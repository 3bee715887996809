"""Networks and samples for the tests of pacviz.risk."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.data.dataset import Split
from pacviz.models import ARCHITECTURES, Architecture, Conv, Flatten, Linear, MaxPool, ReLU, architecture

ODD = Architecture(
    "odd",
    "A chain with strides, padding and remainders",
    (2, 13, 9),
    4,
    (
        Conv("first", 2, 6, 3, stride=2, padding=1),
        ReLU(),
        MaxPool(2),
        Conv("second", 6, 5, 2, padding=2),
        MaxPool(3),
        Flatten(),
        Linear("last", 10, 4),
    ),
)


@pytest.fixture(autouse=True)
def _odd_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, ODD.name, ODD)
    monkeypatch.setenv("PACVIZ_DEVICE", "cpu")


@pytest.fixture
def unscaled() -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Logits without the power of two by which the rescaled network's are too large, going by the expected ones."""

    def unscale(logits: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
        largest = (float(one.abs().max()) for one in (expected, logits))
        wanted, result = largest
        return logits * 2.0 ** round(math.log2(wanted / result)) if wanted and result else logits

    return unscale


@pytest.fixture
def network() -> Callable[[str, float], CompressedNetwork]:
    """Makes a random network of a model with that share of nonzero weights and biases."""

    def make(model: str, density: float) -> CompressedNetwork:
        random = np.random.default_rng(7)
        layers = []
        for spec in architecture(model).layers:
            shape = (spec.rows, spec.columns)
            weights = random.normal(0, 4 / np.sqrt(density * spec.columns), shape) * (random.random(shape) < density)
            grid = np.round(64 * weights).astype(int)
            steps = np.unique(grid[grid != 0])
            symbols = np.where(grid == 0, 0, 1 + np.searchsorted(steps, grid)).astype(np.uint16)
            layers.append(CompressedLayer(spec.name, symbols, (steps / 64).astype(np.float32)))
        return CompressedNetwork(model, tuple(layers))

    return make


@pytest.fixture
def sample() -> Callable[[str, int], Split]:
    """Makes n random images, mostly black as digits are, with random labels."""

    def make(model: str, n: int) -> Split:
        random = torch.Generator().manual_seed(11)
        images = torch.randint(-600, 256, (n, *architecture(model).input_shape), generator=random).clamp(0)
        labels = torch.randint(architecture(model).classes, (n,), generator=random)
        return Split(images.to(torch.uint8), labels)

    return make


@pytest.fixture
def sampled_error() -> Callable[[Architecture, CompressedNetwork, dict[str, float], Split], float]:
    """The error of networks whose noisy weights are drawn one by one, one for each example."""

    def error(model: Architecture, net: CompressedNetwork, stds: dict[str, float], split: Split) -> float:
        module, state, wrong = model.build(folded=True), model.state_dict(net.matrices), 0
        random = torch.Generator().manual_seed(2)
        for _ in range(1500):
            noisy = {
                key: w + stds.get(key.split(".")[0], 0.0) * torch.randn(w.shape, generator=random) * (w != 0)
                for key, w in state.items()
            }
            with torch.inference_mode():
                answer = torch.func.functional_call(module, noisy, (split.pixels(),)).argmax(1)
            wrong += int(answer != split.labels)
        return wrong / 1500

    return error
