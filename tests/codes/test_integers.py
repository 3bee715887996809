"""Networks of whole numbers: what is coded comes back bit for bit, and no law has to be named."""

import dataclasses
import itertools
import math
from unittest.mock import patch

import numpy as np
import pytest
from coder_networks import registered
from hypothesis import given
from hypothesis import strategies as st

from pacviz import PacvizError, models
from pacviz.codes.coder import decode, decode_prior, encode, encode_prior
from pacviz.codes.compress import as_it_stands
from pacviz.codes.integers.mixture import EXPONENTS, LARGEST, Mixture
from pacviz.codes.rangecoder import Coder
from pacviz.models import Architecture, Conv, DepthwiseConv, Flatten, Linear, ReLU

SMALL = Architecture(
    "small",
    "Small",
    (1, 5, 5),
    2,
    (
        Conv("conv", 1, 3, 3),
        ReLU(),
        DepthwiseConv("each", 3, 2),
        Conv("mix", 3, 2, 1),
        Flatten(),
        Linear("out", 8, 2),
    ),
    code="integers",
)
"""Every kind of layer, 68 parameters."""
ATOM = Architecture("atom", "Atom", (1, 1, 1), 1, (Flatten(), Linear("only", 1, 1)), code="integers")
TRAILING = [b"", b"\x00" * 9, b"\xff" * 9, bytes(range(7, 40))]


@pytest.fixture(scope="module", autouse=True)
def _small_architectures():
    with registered(SMALL, ATOM):
        yield


@st.composite
def networks(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrices = {}
    for spec in SMALL.layers:
        scale = draw(st.sampled_from([0.0, 0.4, 3.0, 40.0, 400.0]))
        matrix = np.clip(np.rint(rng.normal(0, scale, (spec.rows, spec.columns))), -LARGEST, LARGEST)
        if spec.columns > spec.widths[0]:
            matrix[:, -1] *= 2.0 ** draw(st.sampled_from([-149, -8, -3, 0, 2, 30, 120]))
        matrices[spec.name] = matrix.astype(np.float32) + np.float32(0)
    return as_it_stands("small", matrices)


def trained_looking(scale, seed=0, model="tiny-8"):
    """A tiny net of rounded normals, its biases in eighths."""
    rng = np.random.default_rng(seed)
    matrices = {}
    for spec in models.architecture(model).layers:
        matrix = np.rint(rng.normal(0, scale, (spec.rows, spec.columns))).astype(np.float32) + np.float32(0)
        if spec.columns > spec.widths[0]:
            matrix[:, -1] /= 8
        matrices[spec.name] = matrix
    return as_it_stands(model, matrices)


def assert_decodes(network):
    encoded = encode(network)
    for trailing in TRAILING:
        decoded, consumed = decode(encoded.data + trailing)
        assert consumed == len(encoded.data)
        assert decoded.model == network.model
        for name, matrix in network.matrices.items():
            assert decoded.matrices[name].tobytes() == matrix.tobytes()
    assert encoded.ledger.bits == 8 * len(encoded.data)
    assert all(charge.bits >= 0 for charge in encoded.ledger.charges)


@given(networks())
def test_every_network_comes_back_whatever_follows(network):
    assert_decodes(network)


@pytest.mark.parametrize("scale", [0.2, 2.0, 25.0])
@pytest.mark.parametrize("model", ["tiny-4", "upright-12"])
def test_a_real_architecture_comes_back(model, scale):
    assert_decodes(trained_looking(scale, 1, model))


@given(st.lists(st.integers(-LARGEST, LARGEST), max_size=60), st.integers(1, 5), st.sampled_from(TRAILING))
def test_integers_come_back_by_themselves_after_others_whatever_follows(values, side, trailing):
    values = np.array(values, np.int64)
    before = np.arange(-3, 4)
    writer, writes = Coder(), Mixture()
    for given_values in (before, values):
        writes.code(writer, given_values, len(given_values), side)
    data = writer.finish()
    reader, reads = Coder(data + trailing), Mixture()
    for expected in (before, values):
        np.testing.assert_array_equal(reads.code(reader, None, len(expected), side), expected)
    assert reader.finish() == data


@pytest.mark.parametrize("kind", ["normal", "laplace"])
@pytest.mark.parametrize("scale", [0.7, 2.0, 6.0, 20.0])
def test_a_law_costs_a_few_bits_more_than_if_it_were_known(kind, scale):
    rng = np.random.default_rng(3)
    levels = np.arange(-LARGEST, LARGEST + 1)
    law = np.exp(-(levels**2) / (2 * scale**2)) if kind == "normal" else np.exp(-np.abs(levels) / scale)
    law /= law.sum()
    extra = []
    for _ in range(10):
        coder = Coder()
        values = rng.choice(levels, 200, p=law)
        Mixture().code(coder, values, 200)
        extra.append(coder.bits + np.log2(law[values + LARGEST]).sum())
    assert np.mean(extra) < 10


def test_neighbours_in_a_kernel_that_are_alike_are_cheaper():
    def bits(values, side):
        coder = Coder()
        Mixture().code(coder, values, values.size, side)
        return coder.bits

    rng = np.random.default_rng(0)
    slopes, place = rng.normal(0, 2, (2, 8, 1, 1)), np.arange(5) - 2
    edges = slopes[0] * place + slopes[1] * place[:, None] + rng.normal(0, 1, (8, 5, 5))
    smooth = np.rint(edges).astype(np.int64).ravel()
    mixed = rng.permutation(smooth)
    assert bits(smooth, 5) < 0.93 * bits(smooth, 1)
    assert bits(smooth, 5) < 0.93 * bits(mixed, 5)
    assert bits(mixed, 5) < bits(mixed, 1) + 4


def test_the_next_tensor_is_cheaper_for_what_the_one_before_has_taught():
    values = np.rint(np.random.default_rng(0).normal(0, 9, 20)).astype(np.int64)
    coder, mixture = Coder(), Mixture()
    mixture.code(coder, np.tile(values, 10), 200)
    before = coder.bits
    mixture.code(coder, values, 20)
    fresh = Coder()
    Mixture().code(fresh, values, 20)
    assert coder.bits - before < fresh.bits


def test_what_was_thought_impossible_still_has_a_price():
    values = np.zeros(3000, np.int64)
    values[-1] = LARGEST
    coder = Coder()
    Mixture().code(coder, values, 3000)
    assert coder.bits < 120


def test_the_bytes_of_one_network_stay_as_they_are():
    cells = np.arange(68) ** 2 % 11 - 5
    matrices, start = {}, 0
    for spec in SMALL.layers:
        size = spec.rows * spec.columns
        matrix = cells[start : start + size].reshape(spec.rows, spec.columns).astype(np.float32)
        if spec.columns > spec.widths[0]:
            matrix[:, -1] *= 0.25
        matrices[spec.name] = matrix
        start += size
    # The place among the architectures shows in more than the first byte.
    with patch.object(models, "PLACES", ("small",)):
        code = encode(as_it_stands("small", matrices)).data
    assert code.hex() == "00122b30df2f05e56140e564a2e85aff6ef5213d1927d4dd807c278c675af8d7ff18f6"


def test_a_ledger_has_a_line_a_tensor():
    names = [charge.name for charge in encode(trained_looking(3.0)).ledger.charges]
    assert names == [
        "header",
        "weights of conv1",
        "biases of conv1",
        "weights of conv2a",
        "weights of conv2b",
        "biases of conv2b",
        "weights of conv3a",
        "weights of conv3b",
        "biases of conv3b",
        "weights of fc",
        "biases of fc",
        "rounding",
    ]
    parts = encode(trained_looking(3.0)).ledger.by_part()
    assert set(parts["assignments"]) == {"conv1", "conv2a", "conv2b", "conv3a", "conv3b", "fc"}


def test_no_code_is_the_beginning_of_another_and_kraft_holds():
    result, ideal = set(), 0.0
    biases = {0.0} | {k * 2.0**e for k in (-3, -1, 1, 2, 5) for e in (-6, -1, 0, 4)}
    for weight, bias in itertools.product(range(-4, 5), biases):
        encoded = encode(as_it_stands("atom", {"only": np.array([[weight, bias]], np.float32)}))
        result.add(encoded.data)
        ideal += 2.0 ** -sum(charge.bits for charge in encoded.ledger.charges[:-1])
    assert len(result) == 9 * len(biases)
    ordered = sorted(result)
    assert not any(later.startswith(code) for code, later in itertools.pairwise(ordered))
    assert sum(2.0 ** (-8 * len(code)) for code in result) <= ideal <= 1


@pytest.mark.parametrize(
    ("layer", "place", "value"), [("conv", (0, 0), 0.5), ("each", (1, 1), 128.0), ("out", (0, -1), 128.5)]
)
def test_other_weights_are_refused_with_what_to_do(layer, place, value):
    matrices = {spec.name: np.ones((spec.rows, spec.columns), np.float32) for spec in SMALL.layers}
    matrices[layer][place] = value
    with pytest.raises(PacvizError, match=rf"of {layer} .*--method integers"):
        encode(as_it_stands("small", matrices))


@pytest.mark.parametrize("exponent", [EXPONENTS[0], 121])
def test_biases_reach_as_far_as_float32(exponent):
    assert_decodes(as_it_stands("atom", {"only": np.array([[1.0, math.ldexp(63, exponent)]], np.float32)}))


def test_the_code_is_the_architectures_choice(monkeypatch):
    network = trained_looking(3.0)
    monkeypatch.setitem(
        models.ARCHITECTURES, "tiny-8", dataclasses.replace(models.architecture("tiny-8"), code="codebook")
    )
    by_codebook = encode(network)
    decoded, _ = decode(by_codebook.data)
    for name, matrix in network.matrices.items():
        np.testing.assert_array_equal(decoded.matrices[name], matrix)
    assert any(charge.name == "positions of conv2a" for charge in by_codebook.ledger.charges)


def test_the_prior_of_a_noisy_network_comes_back_too():
    network = trained_looking(3.0)
    encoded = encode_prior(network, dict.fromkeys(network.matrices, 5))
    prior, consumed = decode_prior(encoded.data + b"\xff")
    assert consumed == len(encoded.data)
    for part in network.layers:
        np.testing.assert_array_equal(prior.masks[part.name], part.symbols > 0)


@given(st.binary(max_size=60))
def test_any_bytes_either_decode_or_are_refused(payload):
    data = bytes([list(models.ARCHITECTURES).index("small")]) + payload
    try:
        decoded, consumed = decode(data)
    except PacvizError:
        return
    assert consumed <= len(data)
    assert_decodes(decoded)
