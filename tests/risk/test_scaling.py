"""Exact rescalings of layers change no answer, with noise or without: floats lose nothing that is charged."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.data.dataset import Split
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES, Architecture, AveragePool, Conv, Flatten, Linear, ReLU, Residual, architecture
from pacviz.posteriors.gaussian import posterior_stds
from pacviz.risk import count_errors, count_stochastic_errors, evaluate, exact_risk

NOISE = 0.3
LIMITS = -140, 125
"""Powers of two by which whole numbers up to 5 can be scaled in float32."""
SUM = Architecture(
    "sum",
    "A sum of sides that may be scaled apart",
    (2, 9, 7),
    4,
    (
        Conv("stem", 2, 4, 3, 1, 1),
        ReLU(),
        Residual((Conv("a", 4, 4, 3, 1, 1), ReLU(), Conv("b", 4, 4, 3, 1, 1))),
        AveragePool(),
        Flatten(),
        Linear("last", 4, 4),
    ),
)
MODELS = ["odd", "mlp", "tiny-6"]


def random_network(model, seed=3):
    """Weights are small whole numbers, so that every power of two in float32 scales them exactly; biases only in the first
    layer, so that a layer may be scaled by itself."""
    random, layers = np.random.default_rng(seed), []
    for index, spec in enumerate(architecture(model).layers):
        grid = np.rint(2 * random.normal(size=(spec.rows, spec.columns))).clip(-5, 5).astype(int)
        if index and spec.columns > spec.inputs:
            grid[:, -1] = 0
        steps = np.unique(grid[grid != 0])
        symbols = np.where(grid == 0, 0, 1 + np.searchsorted(steps, grid)).astype(np.uint16)
        layers.append(CompressedLayer(spec.name, symbols, steps.astype(np.float32)))
    return CompressedNetwork(model, tuple(layers))


def rescaled(network, exponents):
    layers = (
        dataclasses.replace(layer, codebook=np.ldexp(layer.codebook, exponent))
        for layer, exponent in zip(network.layers, exponents, strict=True)
    )
    return CompressedNetwork(network.model, tuple(layers))


def labelled(network, split):
    """The sample with the labels that the network gives it, so that only noise is wrong."""
    return Split(split.images, evaluate.answers(network, split))


@pytest.mark.parametrize("exponent", [-90, 90])
@pytest.mark.parametrize("model", MODELS)
def test_noise_is_not_lost_where_a_layer_is_scaled_until_floats_lose_its_square(sample, model, exponent):
    net = random_network(model)
    split = labelled(net, sample(model, 100))
    scaled = rescaled(net, [exponent] + [0] * (len(net.layers) - 1))
    stds, wide = posterior_stds(net, NOISE), posterior_stds(scaled, NOISE)
    assert wide == {
        name: pytest.approx(math.ldexp(std, exponent if place == 0 else 0))
        for place, (name, std) in enumerate(stds.items())
    }
    wrong = count_stochastic_errors(net, stds, split, 500, 0)
    assert wrong > 50
    assert count_stochastic_errors(scaled, wide, split, 500, 0) == wrong
    assert count_errors(scaled, split) == 0


@pytest.mark.parametrize("model", MODELS)
def test_every_layer_may_be_scaled_by_any_power_of_two(sample, model):
    net, random = random_network(model), np.random.default_rng(8)
    split = sample(model, 64)
    exactly, noisily = exact_risk(net, split), count_stochastic_errors(net, posterior_stds(net, NOISE), split, 128, 1)
    corners = [[end] * len(net.layers) for end in LIMITS]
    for exponents in (*corners, *random.integers(*LIMITS, (10, len(net.layers)), endpoint=True).tolist()):
        scaled = rescaled(net, exponents)
        assert exact_risk(scaled, split) == exactly
        assert count_stochastic_errors(scaled, posterior_stds(scaled, NOISE), split, 128, 1) == noisily


@pytest.mark.parametrize(("body", "stem"), [(-140, 0), (110, 0), (-70, 100), (40, -149)])
def test_the_sides_of_a_sum_keep_their_proportion_however_far_they_lie_apart(sample, monkeypatch, body, stem):
    """Where the body's part is 2^-140 of the shortcut, it is nothing, and where it is all, the shortcut is."""
    monkeypatch.setitem(ARCHITECTURES, SUM.name, SUM)
    net, split = random_network("sum"), sample("sum", 64)
    scaled = rescaled(net, [stem, body, 0, 0])
    module = SUM.build(folded=True).double()
    module.load_state_dict(SUM.state_dict(scaled.matrices))
    with torch.inference_mode():
        expected = module(split.pixels().double()).argmax(1)
    assert torch.equal(evaluate.answers(scaled, split), expected)


def test_pixels_may_be_as_small_as_floats_are(sample):
    net, split = random_network("mlp"), sample("mlp", 64)
    stds = posterior_stds(net, NOISE)
    biasless = rescaled(net, [0] * len(net.layers))
    first = biasless.layers[0]
    no_bias = np.where(np.arange(first.symbols.shape[1]) < first.symbols.shape[1] - 1, first.symbols, 0)
    biasless = CompressedNetwork(
        "mlp", (dataclasses.replace(first, symbols=no_bias.astype(np.uint16)), *biasless.layers[1:])
    )
    result = {
        count_stochastic_errors(biasless, stds, dataclasses.replace(split, high=2.0**exponent), 256, 2)
        for exponent in (0, -100, -110)
    }
    assert len(result) == 1


def test_what_float32_cannot_hold_is_measured_in_float64_and_what_neither_can_is_refused(sample):
    net, split = random_network("mlp"), sample("mlp", 64)
    stds = posterior_stds(net, NOISE)
    wide = rescaled(net, [0, 0, 0])
    spread = wide.layers[1].codebook.copy()
    spread[0], spread[-1] = np.float32(-(2.0**-149)), np.float32(2.0**120)
    wide = CompressedNetwork(
        "mlp", (wide.layers[0], dataclasses.replace(wide.layers[1], codebook=spread), wide.layers[2])
    )
    module = architecture("mlp").build(folded=True).double()
    module.load_state_dict(architecture("mlp").state_dict(wide.matrices))
    with torch.inference_mode():
        expected = module(split.pixels().double()).argmax(1)
    assert torch.equal(evaluate.answers(wide, split), expected)
    for std in (1e-200, 1e200):
        with pytest.raises(PacvizError, match=r"fc2.*floats lose them and their noise.*\.$"):
            count_stochastic_errors(net, stds | {"fc2": std}, split, 64, 0)
