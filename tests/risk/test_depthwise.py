"""Depthwise convolutions, windows of means and deskewing: what is measured is what the plain torch module computes."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pacviz.models import (
    ARCHITECTURES,
    Architecture,
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Linear,
    ReLU,
    architecture,
)
from pacviz.risk import count_errors, count_stochastic_errors, evaluate
from pacviz.risk.scaling import Layer
from pacviz.risk.stochastic import noisy_depthwise

SEPARABLE = Architecture(
    "separable",
    "Strides, padding and remainders",
    (2, 11, 9),
    3,
    (
        Deskew(),
        DepthwiseConv("a", 2, 2, 2, 1),
        Conv("b", 2, 4, 1),
        ReLU(),
        DepthwiseConv("c", 4, 3, 1, 2),
        AveragePool(3, 2),
        Flatten(),
        Linear("last", 36, 3),
    ),
)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _separable_is_known(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, SEPARABLE.name, SEPARABLE)


@pytest.mark.parametrize("density", [0.3, 1.0])
@pytest.mark.parametrize("model", ["separable", "tiny-6", "upright-8"])
def test_the_stages_give_the_logits_of_the_plain_module(network, sample, unscaled, model, density):
    net, split = network(model, density), sample(model, 70)
    x = split.pixels().permute(1, 2, 3, 0)
    for stage in evaluate.stages(net, {}, CPU):
        x = stage(x, None)
    module = architecture(model).build(folded=True)
    module.load_state_dict(architecture(model).state_dict(net.matrices))
    with torch.inference_mode():
        expected = module(split.pixels())
    torch.testing.assert_close(unscaled(x.T, expected), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert count_errors(net, split) == int((expected.argmax(1) != split.labels).sum())


def test_noise_on_a_depthwise_kernel_has_its_covariances():
    operation, std, n = DepthwiseConv("a", 2, 2, 1, 1), 0.4, 20_000
    random = torch.Generator().manual_seed(0)
    matrix = np.array([[1.0, 0.0, -2.0, 0.5], [0.0, 1.5, 0.25, 0.0]], np.float32)
    x = torch.rand(2, 3, 3, generator=random)
    stage = noisy_depthwise(operation, Layer("a", matrix, std), CPU)
    samples = stage(x[..., None].expand(-1, -1, -1, n), random).flatten(1, 2).double()
    for channel in range(2):
        patches = F.unfold(x[None, channel : channel + 1].double(), 2, padding=1)[0]
        weights = torch.from_numpy(matrix[channel]).double()
        covariance = std**2 * patches.T @ torch.diag((weights != 0).double()) @ patches
        result = samples[channel]
        torch.testing.assert_close(result.mean(1), weights @ patches, atol=5 * std * 2 / n**0.5, rtol=0)
        torch.testing.assert_close(result.cov(), covariance, atol=0.03, rtol=0)
    together = torch.corrcoef(torch.stack([samples[0, 5], samples[1, 5]]))
    assert abs(float(together[0, 1])) < 5 / n**0.5


def test_noise_in_every_layer_moves_the_error_as_networks_sampled_one_by_one(network, sample, sampled_error):
    net, split = network("separable", 0.8), sample("separable", 1)
    stds, draws = {"a": 0.6, "b": 0.3, "c": 0.4}, 4000
    ours = count_stochastic_errors(net, stds, split, draws, 0) / draws
    error = sampled_error(SEPARABLE, net, stds, split)
    assert 0.05 < error < 0.95
    assert abs(ours - error) < 0.06
