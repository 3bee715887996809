"""ResNets: their parameters, their shortcuts, and normalisation that is folded into what is coded."""

import pytest
import torch
from torch.nn import functional as F

from pacviz.errors import PacvizError
from pacviz.models import (
    ARCHITECTURES,
    Architecture,
    AveragePool,
    Conv,
    Flatten,
    Linear,
    architecture,
    declare,
    described,
    from_description,
)
from pacviz.models.modules import Network

DEPTHS = (8, 20, 56)


def trained_looking(model, seed=0):
    """The module in training form with normalisation that has learned something, in evaluation mode."""
    torch.manual_seed(seed)
    module = architecture(model).build()
    for name, tensor in module.state_dict().items():
        if name.endswith(("scale", "running_var")):
            tensor.copy_(torch.rand(tensor.shape) + 0.3)
        elif name.endswith(("bias", "running_mean")):
            tensor.copy_(torch.randn(tensor.shape) / 5)
    return module.eval()


@pytest.mark.parametrize(("depth", "parameters"), [(8, 75_050), (20, 269_034), (56, 850_986)])
def test_depth_counts_the_layers_with_weights(depth, parameters):
    model = architecture(f"resnet{depth}")
    assert len(model.layers) == depth
    assert model.parameters == parameters


def test_architectures_keep_their_places_in_the_code():
    assert list(ARCHITECTURES)[:6] == ["lenet5", "mlp", "tiny", "resnet8", "resnet20", "resnet56"]


def test_older_architectures_keep_their_fingerprints():
    assert [architecture(name).fingerprint[:12] for name in ("lenet5", "mlp", "tiny")] == [
        "c770a67a5149",
        "99536bcd7b35",
        "b154538e0f02",
    ]


@pytest.mark.parametrize("model", [f"resnet{depth}" for depth in DEPTHS])
def test_the_folded_network_computes_what_the_normalised_one_does(model):
    net, module = architecture(model), trained_looking(model)
    folded = net.build(folded=True)
    folded.load_state_dict(net.state_dict(net.matrices(module.state_dict())))
    images = torch.rand((4, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(folded(images), module(images), rtol=1e-3, atol=1e-4)
    assert not [key for key in folded.state_dict() if not key.endswith((".weight", ".bias"))]


def test_running_statistics_are_part_of_what_is_coded():
    net, module = architecture("resnet8"), trained_looking("resnet8")
    before = net.matrices(module.state_dict())
    module.get_submodule("block2a").running_mean += 1
    after = net.matrices(module.state_dict())
    assert [name for name in before if not (before[name] == after[name]).all()] == ["block2a"]


def test_folding_twice_changes_nothing():
    net = architecture("resnet8")
    once = net.folded(trained_looking("resnet8").state_dict())
    twice = net.folded(once)
    assert all(torch.equal(once[key], twice[key]) for key in once)


def test_training_form_and_folded_form_are_told_apart_by_what_is_missing():
    net = architecture("resnet8")
    state = trained_looking("resnet8").state_dict()
    del state["stem.running_var"]
    with pytest.raises(PacvizError, match=r"stem\.scale|stem\.running_mean"):
        net.matrices(state)


def test_training_normalises_a_unit_over_the_batch():
    module = architecture("resnet8").build().train()
    out = module.get_submodule("stem")(torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(16), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var((0, 2, 3), correction=0), torch.ones(16), atol=1e-3, rtol=0)


def test_a_shortcut_subsamples_and_fills_up_with_zeros():
    net = architecture("resnet8")
    residual = net.operations[4]
    module = Network((residual,), folded=True, looks=1)
    x = torch.rand(2, 16, 32, 32, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        out = module(x)
    assert out.shape == (2, 32, 16, 16)
    torch.testing.assert_close(out, F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 16)))


def test_the_biases_of_normalised_layers_are_not_pruned():
    net, module = architecture("resnet8"), trained_looking("resnet8")
    keys = net.prunable(module.state_dict())
    assert "stem.weight" in keys
    assert "stem.bias" not in keys
    assert {"fc.weight", "fc.bias"} <= set(keys)
    assert net.prunable(net.state_dict(net.matrices(module.state_dict()))) == [
        key for layer in net.layers for key in layer.tensors
    ]


def test_a_declared_chain_may_average_but_has_no_shortcut():
    chain = Architecture("", "", (1, 4, 4), 2, (Conv("a", 1, 3, 3), AveragePool(), Flatten(), Linear("b", 3, 2)))
    assert from_description(described(chain)) == declare(chain)
    with pytest.raises(PacvizError, match="shortcut"):
        declare(architecture("resnet8"))
