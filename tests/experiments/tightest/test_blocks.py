"""The picture's numbers are the network's, and its bits the ledger's."""

import math

import numpy as np
import pytest
from tight_points import certificate, integers

from pacviz.codes.compress import as_it_stands
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.subspace.network import SubspaceNetwork
from pacviz.experiments.tightest.blocks import binary_unit, blocks, charges_of
from pacviz.models import architecture


def test_every_number_of_a_network_is_in_its_blocks():
    weights = integers("tiny-6", spread=2)
    ledger = certificate(weights, 1000).ledger
    result = blocks(as_it_stands("tiny-6", weights.matrices), ledger)
    assert sum(block.count for block in result) == architecture("tiny-6").parameters
    for block, layer in zip(result, architecture("tiny-6").layers, strict=True):
        matrix = weights.matrices[layer.name]
        assert block.name == layer.name
        width = layer.widths[0]
        if block.tiles.shape[0] > 1:
            assert (block.tiles.reshape(layer.rows, width) == matrix[:, :width]).all()
        else:
            assert (block.tiles[0] == matrix[:, :width]).all()
        assert (block.biases * block.unit == matrix[:, width:].ravel()).all()
    rest = [charge.bits for charge in ledger.charges if " of " not in charge.name]
    assert math.fsum([*(block.bits for block in result), *rest]) == pytest.approx(ledger.bits)


def test_kernels_stay_together():
    weights = integers("tiny-4")
    kernel = blocks(as_it_stands("tiny-4", weights.matrices), Ledger(()))[0].tiles[2]
    assert kernel.shape == (3, 3)
    assert (kernel.ravel() == weights.matrices["conv1"][2, :9]).all()


def test_a_network_that_fits_on_no_slide_has_no_blocks():
    weights = integers("lenet5")
    assert blocks(as_it_stands("lenet5", weights.matrices), Ledger(())) is None


@pytest.mark.parametrize(("values", "unit"), [([0, 0], 1), ([3, 6], 1), ([2, 6], 2), ([0.5, -0.75], 0.25), ([96], 32)])
def test_biases_are_whole_multiples_of_the_largest_power_of_two_that_allows_it(values, unit):
    assert binary_unit(np.array(values)) == unit


def test_charges_of_a_layer_are_not_those_of_one_with_a_longer_name():
    ledger = Ledger(
        (Charge("weights", 8, "", "conv1"), Charge("weights", 4, "", "conv1b"), Charge("biases", 2, "", "conv1"))
    )
    assert charges_of(ledger, "conv1") == {"weights": 8, "biases": 2}


def test_of_a_network_in_a_subspace_the_place_is_shown():
    integers = np.arange(-6, 7)
    network = SubspaceNetwork("subspace-conv", "dense", 40, integers)
    (block,) = blocks(network, Ledger((Charge("header", 9, ""), Charge("integers", 40, ""))))
    cells = block.tiles[np.isfinite(block.tiles)]
    assert (cells == integers).all()
    assert (block.count, block.bits, len(block.biases)) == (13, 40, 0)
