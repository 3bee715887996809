"""A network in a subspace as bytes: they decode to the very same weights, and its certificate is like any other."""

import math

import numpy as np
import pytest

from pacviz.certificates.archive import Archive
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import errors, posterior_of, summary
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import decode, encode, encode_prior
from pacviz.codes.compress import as_it_stands, compress
from pacviz.codes.subspace.network import SubspaceNetwork
from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.library.weights import Weights, scenario_of
from pacviz.models import architecture
from pacviz.models.zoo.subspace_nets import PROJECTIONS


def point(dimension=400, kind="dense", spread=3.0, model="subspace-conv"):
    drawn = np.rint(np.random.default_rng(dimension).laplace(0, spread, dimension))
    integers = np.clip(drawn, -127, 127).astype(np.int64)
    integers[-1] = integers[-1] or 1
    return SubspaceNetwork(model, kind, 30, integers)


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("dimension", [1, 150, 1024])
def test_bytes_decode_to_the_very_same_network_whatever_follows(kind, dimension):
    network = point(dimension, kind)
    data = encode(network).data
    result, length = decode(data + b"\xff\x00\xff")
    assert isinstance(result, SubspaceNetwork)
    assert length == len(data)
    assert (result.model, result.projection, result.exponent) == (network.model, kind, 30)
    assert np.array_equal(result.integers, network.integers)
    assert all(np.array_equal(result.matrices[name], matrix) for name, matrix in network.matrices.items())


def test_the_ledger_is_what_the_bytes_cost():
    encoded = encode(point())
    assert [charge.name for charge in encoded.ledger.charges] == ["header", "subspace", "step", "integers", "rounding"]
    assert encoded.ledger.bits == pytest.approx(8 * len(encoded.data))
    bits = {charge.name: charge.bits for charge in encoded.ledger.charges}
    assert bits["header"] + bits["subspace"] + bits["step"] == pytest.approx(9 + 1 + 10 + 6, abs=0.01)


def test_integers_cost_hardly_more_than_their_entropy():
    network = point()
    _, counts = np.unique(network.integers, return_counts=True)
    entropy = -float(counts @ np.log2(counts / counts.sum()))
    charge = next(charge for charge in encode(network).ledger.charges if charge.name == "integers")
    assert charge.bits < 1.04 * entropy


def test_what_was_decoded_is_written_as_it_was():
    data = encode(point()).data
    assert encode(decode(data)[0]).data == data
    assert encode(as_it_stands("subspace-conv", decode(data)[0].matrices)).data == data


def test_lenet5_in_a_subspace_is_as_small():
    network = point(20, "kronecker", model="subspace-lenet5")
    assert len(encode(network).data) < 20
    assert decode(encode(network).data)[0].nonzeros > 400_000


def test_bytes_that_end_too_soon_are_refused():
    data = encode(point()).data
    with pytest.raises(PacvizError, match="end before"):
        decode(data[: len(data) // 2])


def test_it_takes_neither_noise_nor_pruning():
    network = point()
    with pytest.raises(PacvizError, match="takes no noise"):
        encode_prior(network, {})
    with pytest.raises(PacvizError, match="nothing to prune"):
        compress(network.model, network.matrices, 0.5, 3, "global")


def test_its_scenario_says_how_many_values_it_has():
    network = point()
    scenario = scenario_of(Weights(network.model, network.matrices), {"data": "digits"}, as_is=True)
    assert scenario.bits == math.ceil(math.log2(len(np.unique(network.integers))))
    assert scenario.sparsity == 1 - network.nonzeros / architecture(network.model).parameters


def test_a_certificate_of_it_verifies():
    few = Dataset("digits", "Procedural digits", digits.sample(200, seed=1), digits.sample(50, seed=2), 10)
    network = point(100)
    weights = Weights(network.model, network.matrices)
    scenario = scenario_of(weights, {"data": "digits"}, as_is=True)
    posterior = posterior_of(network, scenario)
    test, train = errors(posterior, scenario, few, False, lambda fraction, what: None)
    measured = summary(posterior, few.identity, train, test, False, weights.fingerprint)
    archive = Archive.from_bytes(pack(Certificate(scenario, measured), weights))
    assert archive.code == encode(network).data
    assert verify(archive, few).ok
    with pytest.raises(PacvizError, match="noise must be 0"):
        posterior_of(network, scenario.but(noise=0.1))
