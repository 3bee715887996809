"""The tiny nets: their sizes, their places in the code, and what ties their units."""

import dataclasses

import pytest
import torch

from pacviz.errors import PacvizError
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
    declare,
    described,
    from_description,
)

NAMES = [f"{kind}-{width}" for kind in ("tiny", "upright") for width in (4, 6, 8, 10, 12)]


def test_tiny_nets_follow_the_resnets_in_the_code():
    assert list(ARCHITECTURES)[6:16] == NAMES


def test_they_are_coded_as_integers_which_changes_no_fingerprint():
    assert {architecture(name).code for name in NAMES} == {"integers"}
    assert {known.code for known in list(ARCHITECTURES.values())[:6]} == {"codebook"}
    tiny = architecture("tiny")
    assert dataclasses.replace(tiny, code="integers").fingerprint == tiny.fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_a_few_hundred_parameters_are_all_that_the_module_has(name):
    result = architecture(name)
    assert 200 < result.parameters < 1500
    assert sum(weights.numel() for weights in result.build(folded=True).parameters()) == result.parameters


def test_units_next_to_a_depthwise_layer_are_tied_and_keep_their_order():
    assert {layer.name: layer.source for layer in architecture("tiny-8").layers} == {
        "conv1": None,
        "conv2a": None,
        "conv2b": None,
        "conv3a": None,
        "conv3b": None,
        "fc": "conv3b",
    }


@pytest.mark.parametrize("name", ["tiny-6", "upright-6"])
def test_the_folded_network_computes_what_the_normalised_one_does(name):
    torch.manual_seed(0)
    net = architecture(name)
    module = net.build()
    for key, tensor in module.state_dict().items():
        if key.endswith(("scale", "running_var")):
            tensor.copy_(torch.rand(tensor.shape) + 0.3)
        elif key.endswith(("bias", "running_mean")):
            tensor.copy_(torch.randn(tensor.shape) / 5)
    module.eval()
    folded = net.build(folded=True)
    folded.load_state_dict(net.state_dict(net.matrices(module.state_dict())))
    images = torch.rand(4, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(folded(images), module(images), rtol=1e-3, atol=1e-4)


def test_a_depthwise_convolution_reads_each_channel_by_itself():
    net = Architecture("", "", (3, 5, 5), 2, (DepthwiseConv("a", 3, 3, 2, 1), Flatten(), Linear("b", 27, 2)))
    module, x = net.build(), torch.rand(1, 3, 5, 5)
    before = module.get_submodule("a")(x)
    x[:, 1] += 1
    changed = (module.get_submodule("a")(x) != before).flatten(2).any(2)
    assert changed.tolist() == [[False, True, False]]
    assert net.layers[0].shapes == ((3, 1, 3, 3),)


@pytest.mark.parametrize(
    ("pool", "after"),
    [
        (AveragePool(), (2, 1, 1)),
        (AveragePool(4, 3), (2, 2, 2)),
        (AveragePool(3), (2, 2, 2)),
        (AveragePool(7), (2, 1, 1)),
    ],
)
def test_pooling_has_the_shape_that_the_module_gives(pool, after):
    module = Architecture("", "", (2, 7, 7), 2, (pool,)).build()
    assert pool.after((2, 7, 7)) == after == tuple(module(torch.rand(1, 2, 7, 7)).shape[1:])


def test_the_chain_can_be_declared():
    for name in ("tiny-4", "upright-12"):
        net = declare(architecture(name))
        assert net.fingerprint == architecture(name).fingerprint
        assert from_description(described(net)) == net


@pytest.mark.parametrize(
    "operations",
    [
        (DepthwiseConv("a", 2, 3), Flatten(), Linear("b", 8, 2)),
        (DepthwiseConv("a", 1, 0), Flatten(), Linear("b", 8, 2)),
        (Flatten(), Deskew(), Linear("b", 16, 2)),
        (AveragePool(5, 1), Flatten(), Linear("b", 1, 2)),
        (AveragePool(2, 0), Flatten(), Linear("b", 4, 2)),
        (Conv("a", 1, 1, 1), AveragePool("2"), Flatten(), Linear("b", 4, 2)),
        (DepthwiseConv("a", 1, 3), ReLU(), Linear("b", 4, 2)),
    ],
)
def test_a_chain_that_does_not_fit_is_refused(operations):
    with pytest.raises(PacvizError):
        declare(Architecture("", "", (1, 4, 4), 2, operations))
