"""The second version of the code learns from what stands around a weight, and sends hidden units as a set."""

import contextlib
import hashlib
import math

import numpy as np
import pytest
from coder_networks import realistic
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz import PacvizError, models
from pacviz.codes.codebook.units import canonical_order
from pacviz.codes.coder import decode, encode, encode_prior
from pacviz.codes.contexts.factors import FURTHEST, UNIT, Factors, half_octaves, logarithm, power
from pacviz.codes.contexts.positions import code_positions
from pacviz.codes.contexts.values import code_assignments
from pacviz.codes.contexts.waves import Waves
from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.codes.rangecoder import Coder
from pacviz.models import LayerSpec


def linear(rows, columns):
    return LayerSpec("linear", ("linear.weight",), ((rows, columns),), None)


def coded(symbols, spec, entries):
    """Bits of positions and of assignments; both must come back from the bytes."""
    codebook = np.append(np.arange(-(entries // 2), 0), np.arange(1, entries - entries // 2 + 1)).astype(np.float32)
    waves, coder = Waves.of(spec, np.ones(spec.columns, np.int64)), Coder()
    code_positions(coder, symbols > 0, spec, waves)
    positions = coder.bits
    code_assignments(coder, symbols, symbols > 0, codebook, waves)
    reader = Coder(coder.finish() + b"\x5a")
    mask = code_positions(reader, None, spec, waves)
    assert np.array_equal(code_assignments(reader, None, mask, codebook, waves), symbols)
    assert reader.finish() == coder.finish()
    return positions, coder.bits - positions


def empty(spec):
    return CompressedLayer(spec.name, np.zeros((spec.rows, spec.columns), np.uint16), np.zeros(0, np.float32))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 40), st.sampled_from([0.02, 0.3, 0.97, 1.0]))
@settings(max_examples=15)
def test_matrices_of_every_shape_and_density_come_back(seed, rows, columns, density):
    rng = np.random.default_rng(seed)
    mask = rng.random((rows, columns)) < density
    mask[0, 0] = True
    if seed % 2:
        order = sorted(range(rows), key=lambda row: (-mask[row].sum(), mask[row].tobytes()))
        mask = mask[order]
    entries = min(int(mask.sum()), 1 + seed % 300)
    symbols = np.zeros(mask.shape, np.uint16)
    symbols[mask] = 1 + rng.permutation(np.arange(mask.sum()) % entries)
    coded(symbols, linear(rows, columns), entries)


def test_units_of_one_weight_cost_no_order():
    rng = np.random.default_rng(0)
    rows, columns = 60, 400
    mask = np.zeros((rows, columns), bool)
    mask[np.arange(rows), np.sort(rng.choice(columns, rows, replace=False))[::-1]] = True
    as_set, _ = coded(mask.astype(np.uint16), linear(rows, columns), 1)
    in_order, _ = coded(mask[rng.permutation(rows)].astype(np.uint16), linear(rows, columns), 1)
    assert in_order - as_set > 0.9 * math.log2(math.factorial(rows))


def test_weights_in_patches_cost_less_than_in_the_former_version():
    """Images of 28 x 28: each unit looks at one place, as in a trained network."""
    rng = np.random.default_rng(0)
    spec = models.architecture("mlp").layers[0]
    row, column = np.divmod(np.arange(784), 28)
    middle = rng.integers(5, 23, (2, spec.rows, 1))
    near = (row - middle[0]) ** 2 + (column - middle[1]) ** 2 < rng.integers(4, 40, (spec.rows, 1))
    symbols = np.zeros((spec.rows, spec.columns), np.uint16)
    symbols[:, :784] = near * (1 + (rng.random((spec.rows, 1)) < 0.5))
    layers = [CompressedLayer(spec.name, symbols, np.array([-1, 1], np.float32))]
    network = canonical_order(CompressedNetwork("mlp", (*layers, *map(empty, models.architecture("mlp").layers[1:]))))
    newer = encode(network, 2).data
    assert len(newer) < 0.6 * len(encode(network, 1).data)
    result, _ = decode(newer)
    assert np.array_equal(result.layers[0].symbols, network.layers[0].symbols)


def test_random_weights_cost_their_entropy():
    """Nothing is there to be learned: 32,000 weights, half of them none, 16 values."""
    rng = np.random.default_rng(0)
    symbols = ((rng.random((100, 320)) < 0.5) * rng.integers(1, 17, (100, 320))).astype(np.uint16)
    counts = np.bincount(symbols.ravel())
    entropy = float(counts @ np.log2(symbols.size / counts))
    assert sum(coded(symbols, linear(100, 320), 16)) < 1.02 * entropy


def test_a_deep_architecture_comes_back():
    name, rng = "resnet8", np.random.default_rng(1)
    layers = []
    for spec in models.architecture(name).layers:
        symbols = (
            (rng.random((spec.rows, spec.columns)) < 0.01) * rng.integers(1, 5, (spec.rows, spec.columns))
        ).astype(np.uint16)
        symbols[0, :4] = [1, 2, 3, 4]
        layers.append(CompressedLayer(spec.name, symbols, np.array([-2, -1, 1, 2], np.float32)))
    network = CompressedNetwork(name, tuple(layers))
    result, _ = decode(encode(network, 2).data)
    assert all(np.array_equal(a.symbols, b.symbols) for a, b in zip(result.layers, network.layers, strict=True))


def test_logarithms_and_powers_are_inverse_to_a_step_of_their_grid():
    values = np.ldexp(1 + np.arange(1000) / 1000, np.arange(1000) % 40 - 20)
    assert np.abs(power(logarithm(values)) / values - 1).max() < 2 * math.log(2) / UNIT
    assert power(np.array([-1e9, 0.0, 1e9])).tolist() == [2.0 ** (-FURTHEST // UNIT), 1.0, 2.0 ** (FURTHEST // UNIT)]


def test_a_context_that_tells_everything_is_believed_and_one_that_tells_nothing_costs_little():
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 2, (60, 50))
    coder, factors = Coder(), Factors((2, 8))
    for flags in hidden:
        factors.code(coder, flags, np.ones(50), np.stack([flags, rng.integers(0, 8, 50)]))
    assert coder.bits < 0.1 * hidden.size
    coder, factors = Coder(), Factors((8, 8))
    for flags in hidden:
        factors.code(coder, flags, np.ones(50), rng.integers(0, 8, (2, 50)))
    assert coder.bits < 1.02 * hidden.size


def test_the_bytes_are_the_same_on_every_machine():
    assert hashlib.sha256(encode(realistic(), 2).data).hexdigest()[:32] == "5445e185aa92b439d9c9a2fcba951702"


def test_damaged_bytes_either_decode_or_are_refused():
    network = realistic(nonzeros=(16, 20, 30, 10), bits=2)
    data = encode(network, 2).data
    rng = np.random.default_rng(0)
    for place in rng.integers(2, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= int(rng.integers(1, 256))
        with contextlib.suppress(PacvizError):
            decode(bytes(damaged))
    with pytest.raises(PacvizError):
        decode(data[: len(data) // 2])


def test_positions_are_worked_out_once_for_a_network_its_prior_and_fewer_values(monkeypatch):
    network = realistic(nonzeros=(16, 20, 30, 10), bits=2)
    alone, scales = encode(network, 2).data, {layer.name: 0 for layer in network.layers}
    prior = encode_prior(network, scales, 2).data
    merged = tuple(
        CompressedLayer(layer.name, np.minimum(layer.symbols, 1), layer.codebook[:1]) for layer in network.layers
    )
    fewer = CompressedNetwork(network.model, merged)
    coarse = encode(fewer, 2).data
    worked_out = []
    monkeypatch.setattr(
        "pacviz.codes.contexts.code.code_positions",
        lambda coder, mask, *rest: worked_out.append(mask) or code_positions(coder, mask, *rest),
    )
    assert encode(network, 2).data == alone
    assert encode_prior(network, scales, 2).data == prior
    assert encode(fewer, 2).data == coarse
    assert not worked_out
    monkeypatch.setattr("pacviz.codes.contexts.code.REMEMBERED", 0)
    assert encode(network, 2).data == alone
    assert len(worked_out) == len(network.layers)


def test_half_octaves_are_where_logarithms_pass_them():
    edges = half_octaves(-7, 1)
    assert len(edges) == 15
    just_below = np.nextafter(edges, 0)
    steps = (UNIT // 2) * np.arange(-13, 2)
    assert (logarithm(edges) >= steps).all()
    assert (logarithm(just_below) < steps).all()
