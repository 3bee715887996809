"""Dropping dead units and ordering the others leave the function as it is."""

import numpy as np
import pytest
import torch
from coder_networks import TINY, networks, realistic
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz import models
from pacviz.codes.codebook.units import canonical_order, drop_dead_units
from pacviz.codes.network import CompressedLayer, CompressedNetwork

CODEBOOKS = st.sampled_from([np.array([-0.5, 0.25, 1.0], np.float32), np.array([0.5], np.float32)])

few = settings(max_examples=40)


@pytest.fixture(scope="module", autouse=True)
def _small_architecture():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(models.ARCHITECTURES, TINY.name, TINY)
        yield


def outputs(network: CompressedNetwork) -> torch.Tensor:
    architecture = models.architecture(network.model)
    module = architecture.build(folded=True)
    module.load_state_dict(architecture.state_dict(network.matrices))
    images = torch.rand((8, *architecture.input_shape), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return module(images)


def shuffled(network: CompressedNetwork, seed: int) -> CompressedNetwork:
    """The same function with the units of each hidden layer in random order, column by column."""
    rng = np.random.default_rng(seed)
    symbols = {layer.name: layer.symbols.copy() for layer in network.layers}
    for reader in network.specs[1:]:
        order = rng.permutation(len(symbols[reader.source]))
        run = reader.widths[0] // len(order)
        symbols[reader.source] = symbols[reader.source][order]
        columns = np.concatenate([np.arange(unit * run, (unit + 1) * run) for unit in order])
        symbols[reader.name][:, : len(columns)] = symbols[reader.name][:, columns]
    return CompressedNetwork(
        network.model, tuple(CompressedLayer(part.name, symbols[part.name], part.codebook) for part in network.layers)
    )


def assert_valid(network: CompressedNetwork) -> None:
    for layer in network.layers:
        assert (layer.counts > 0).all()
        assert (np.diff(layer.codebook) > 0).all()


@few
@given(networks(CODEBOOKS))
def test_dropping_dead_units_leaves_the_outputs_as_they_are(network):
    dropped = drop_dead_units(network)
    assert_valid(dropped)
    assert dropped.nonzeros <= network.nonzeros
    torch.testing.assert_close(outputs(dropped), outputs(network), rtol=0, atol=1e-6)


@few
@given(networks(CODEBOOKS))
def test_a_second_look_finds_no_more_dead_units(network):
    once = drop_dead_units(network)
    assert drop_dead_units(once).nonzeros == once.nonzeros


def test_a_unit_with_a_bias_alone_is_alive_and_one_that_nobody_reads_is_dead():
    symbols = {spec.name: np.zeros((spec.rows, spec.columns), np.uint16) for spec in TINY.layers}
    symbols["hidden"][0, -1] = 1  # only a bias, and read
    symbols["hidden"][1, 3] = 1  # not read
    symbols["output"][0, 0] = 1
    symbols["output"][0, 2] = 1  # reads a unit that gives 0
    symbols["conv"][2, 0] = 1  # read only by a unit that is not
    symbols["hidden"][1, 9] = 1
    one = np.ones(1, np.float32)
    network = CompressedNetwork(
        "tiny", tuple(CompressedLayer(spec.name, symbols[spec.name], one) for spec in TINY.layers)
    )
    dropped = {layer.name: layer for layer in drop_dead_units(network).layers}
    assert [tuple(place) for place in np.argwhere(dropped["hidden"].symbols)] == [(0, 12)]
    assert [tuple(place) for place in np.argwhere(dropped["output"].symbols)] == [(0, 0)]
    assert dropped["conv"].nonzeros == 0
    assert len(dropped["conv"].codebook) == 0


@few
@given(networks(CODEBOOKS))
def test_canonical_order_leaves_the_outputs_as_they_are(network):
    ordered = canonical_order(network)
    assert_valid(ordered)
    torch.testing.assert_close(outputs(ordered), outputs(network), rtol=1e-5, atol=1e-5)


def test_hidden_units_end_up_in_falling_order_and_output_units_stay():
    network = realistic()
    ordered = canonical_order(network)
    for before, after in zip(network.layers[:-1], ordered.layers[:-1], strict=True):
        rows = np.count_nonzero(after.symbols, axis=1)
        assert (np.diff(rows) <= 0).all()
        assert sorted(rows) == sorted(np.count_nonzero(before.symbols, axis=1))
    last, kept = network.layers[-1].symbols, ordered.layers[-1].symbols
    np.testing.assert_array_equal(np.count_nonzero(last, axis=1), np.count_nonzero(kept, axis=1))
    torch.testing.assert_close(outputs(ordered), outputs(network), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_canonical_order_is_the_same_from_any_order(seed):
    network = drop_dead_units(realistic())
    first, second = canonical_order(network), canonical_order(shuffled(network, seed))
    for a, b in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(a.symbols, b.symbols)
