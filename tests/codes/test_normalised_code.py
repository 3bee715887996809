"""Networks with residual sums and folded normalisation come back bit for bit, and every bit is on the ledger."""

import dataclasses

import numpy as np
import pytest
import torch

from pacviz.codes.codebook.units import canonical_order, drop_dead_units
from pacviz.codes.coder import decode, decode_prior, encode, encode_prior
from pacviz.codes.compress import compress
from pacviz.models import architecture

NET = architecture("resnet8")


@pytest.fixture(scope="module")
def module():
    torch.manual_seed(5)
    made = NET.build()
    with torch.no_grad():
        made.train()(torch.rand(64, 3, 32, 32))  # running statistics of its own
        for name, tensor in made.state_dict().items():
            if name.endswith("scale"):
                tensor.copy_(torch.rand(tensor.shape) + 0.5)
    return made.eval()


def outputs(network):
    folded = NET.build(folded=True)
    folded.load_state_dict(NET.state_dict(network.matrices))
    with torch.no_grad():
        return folded(torch.rand((6, 3, 32, 32), generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize(("sparsity", "bits"), [(0.0, 8), (0.5, 5), (0.97, 3)])
def test_it_comes_back_whatever_follows(module, sparsity, bits):
    network = compress("resnet8", NET.matrices(module.state_dict()), sparsity, bits, "global")
    encoded = encode(network)
    for trailing in (b"", b"\xff" * 9):
        decoded, consumed = decode(encoded.data + trailing)
        assert consumed == len(encoded.data)
        for a, b in zip(decoded.layers, network.layers, strict=True):
            assert a.weights.tobytes() == b.weights.tobytes()
    assert encoded.ledger.bits == 8 * len(encoded.data)
    assert {f"codebook of {layer.name}" for layer in NET.layers} <= {line.name for line in encoded.ledger.charges}


def test_what_is_decoded_computes_what_training_left_with_its_running_statistics(module):
    decoded, _ = decode(encode(compress("resnet8", NET.matrices(module.state_dict()), 0.0, 8, "global")).data)
    with torch.no_grad():
        expected = module(torch.rand((6, 3, 32, 32), generator=torch.Generator().manual_seed(0)))
    assert float((outputs(decoded) - expected).abs().max()) < 0.05 * float(expected.abs().max())


def test_the_prior_of_the_noisy_network_comes_back(module):
    network = compress("resnet8", NET.matrices(module.state_dict()), 0.9, 3, "global")
    scales = {layer.name: index for index, layer in enumerate(network.layers)}
    prior, _ = decode_prior(encode_prior(network, scales).data)
    assert dict(prior.prior_scales) == scales
    for layer in network.layers:
        np.testing.assert_array_equal(prior.masks[layer.name], layer.symbols > 0)


def test_dropping_and_ordering_units_leave_a_residual_network_as_it_is(module):
    network = compress("resnet8", NET.matrices(module.state_dict()), 0.5, 4, "global")
    layers = []
    for layer in network.layers:
        symbols = layer.symbols.copy()
        if layer.name.endswith("a"):
            symbols[::3] = 0  # dead units inside of a block
        used = np.bincount(symbols.ravel(), minlength=len(layer.codebook) + 1)[1:] > 0
        renumbered = np.concatenate([[0], np.cumsum(used)]).astype(np.uint16)
        layers.append(dataclasses.replace(layer, symbols=renumbered[symbols], codebook=layer.codebook[used]))
    holed = dataclasses.replace(network, layers=tuple(layers))
    dropped = drop_dead_units(holed)
    ordered = canonical_order(dropped)
    assert dropped.nonzeros < holed.nonzeros
    torch.testing.assert_close(outputs(dropped), outputs(holed), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(outputs(ordered), outputs(holed), rtol=1e-4, atol=1e-5)
    assert len(encode(ordered).data) < len(encode(holed).data)
