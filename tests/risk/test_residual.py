"""Sums with a shortcut: every way of computing them gives what the plain torch module gives, with noise too."""

import pytest
import torch

from pacviz.models import ARCHITECTURES, Architecture, AveragePool, Conv, Flatten, Linear, ReLU, Residual
from pacviz.risk import count_errors, count_stochastic_errors, evaluate, exact

SUM = Architecture(
    "sum",
    "Two residual sums",
    (2, 9, 7),
    3,
    (
        Conv("stem", 2, 4, 3, 1, 1),
        Residual((Conv("a", 4, 4, 3, 1, 1), ReLU(), Conv("b", 4, 4, 3, 1, 1))),
        ReLU(),
        Residual((Conv("c", 4, 6, 3, 2, 1), ReLU(), Conv("d", 6, 6, 3, 1, 1))),
        ReLU(),
        AveragePool(),
        Flatten(),
        Linear("last", 6, 3),
    ),
)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _sum_is_known(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, SUM.name, SUM)


def reference(network, split):
    module = SUM.build(folded=True)
    module.load_state_dict(SUM.state_dict(network.matrices))
    with torch.inference_mode():
        return module.double()(split.pixels().double())


@pytest.mark.parametrize("limit", [2.0, 0.0], ids=["sparse", "dense"])
@pytest.mark.parametrize("density", [0.3, 1.0])
def test_sparse_and_dense_products_give_the_logits_of_the_plain_module(
    network, sample, unscaled, monkeypatch, limit, density
):
    monkeypatch.setattr(exact, "SPARSE_CONV", limit)
    monkeypatch.setattr(exact, "SPARSE_LINEAR", limit)
    net, split = network("sum", density), sample("sum", 70)
    x = split.pixels().permute(1, 2, 3, 0)
    for stage in evaluate.stages(net, {}, CPU):
        x = stage(x, None)
    expected = reference(net, split)
    x = unscaled(x.T.double(), expected)
    torch.testing.assert_close(x, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert count_errors(net, split) == int((expected.argmax(1) != split.labels).sum())


def test_noise_in_a_body_moves_the_sum_as_networks_sampled_one_by_one(network, sample, sampled_error):
    net, split = network("sum", 0.6), sample("sum", 1)
    stds, draws = {"a": 0.3, "d": 0.2}, 4000
    ours = count_stochastic_errors(net, stds, split, draws, 0) / draws
    error = sampled_error(SUM, net, stds, split)
    assert abs(ours - error) < 0.06
