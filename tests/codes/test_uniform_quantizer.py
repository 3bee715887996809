"""The uniform quantizer rounds on an even grid, with the price of bits in mind."""

from __future__ import annotations

import numpy as np
import pytest

from pacviz.certificates.measure import key
from pacviz.certificates.surface import find as find_surface
from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.codes.quantizers.uniform import UniformQuantizer, _cheapest
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.scenario import Scenario


def weights(seed=0, scale=1.0):
    random = np.random.default_rng(seed)
    return {
        "a": (scale * random.standard_t(4, (60, 80))).astype(np.float32),
        "b": (scale * random.normal(size=(10, 60))).astype(np.float32),
    }


def share_of_zeros(matrices):
    return sum(int((m == 0).sum()) for m in matrices.values()) / sum(m.size for m in matrices.values())


@pytest.mark.parametrize("bits", [1, 2, 3, 6])
@pytest.mark.parametrize("sparsity", [0.0, 0.4, 0.9, 0.995])
def test_at_least_the_asked_share_is_zero_and_values_lie_on_an_even_grid(sparsity, bits):
    rounded, masks = UniformQuantizer().prepared(weights(), sparsity, bits, "global")
    kept = {name: matrix * masks[name] for name, matrix in rounded.items()}
    assert sparsity <= share_of_zeros(kept) < 1
    for matrix in rounded.values():
        values = np.unique(matrix[matrix != 0]).astype(float)
        if len(values):
            assert len(values) <= 2**bits
            steps = values / np.abs(values).min()
            grain = min((abs(steps * part - np.rint(steps * part)).max(), part) for part in range(1, 2**bits + 1))
            assert grain[0] < 1e-3


def test_the_price_of_bits_leaves_more_zeros_than_rounding_to_the_nearest():
    rounded, _ = UniformQuantizer().prepared(weights(), 0.0, 4, "global")
    nearest = {name: np.rint(m / (np.abs(m).max() / 8)) for name, m in weights().items()}
    assert share_of_zeros(rounded) > share_of_zeros(nearest)


def test_the_scale_of_all_weights_together_changes_nothing():
    one, other = (UniformQuantizer().prepared(weights(scale=scale), 0.8, 3, "global")[1] for scale in (1.0, 1024.0))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_each_weight_goes_to_the_cheapest_point():
    random = np.random.default_rng(3)
    points, prices = np.arange(-4.0, 5), random.exponential(2.0, 9)
    kept, cuts = _cheapest(points, prices)
    for x in random.uniform(-6, 6, 200):
        assert kept[np.searchsorted(cuts, x)] == points[np.argmin((x - points) ** 2 + prices)]


@pytest.mark.parametrize("matrix", [np.zeros((3, 4)), np.eye(3, 4)])
def test_a_layer_of_zeros_or_of_one_value_stays_as_it_is(matrix):
    matrices = {"c": matrix.astype(np.float32), **weights()}
    rounded, _ = UniformQuantizer().prepared(matrices, 0.3, 2, "global")
    assert np.count_nonzero(rounded["c"]) <= np.count_nonzero(matrix)


def test_a_trained_network_takes_fewer_bytes_at_the_same_share_of_zeros_and_comes_back():
    matrices = checkpoints.find("mlp", "digits", "gradual-1.5").matrices
    price = compress("mlp", matrices, 0.987, 4, "global", "uniform")
    nearest = compress("mlp", matrices, 0.987, 4, "global")
    data = encode(price).data
    assert len(data) < 0.97 * len(encode(nearest).data)
    read, _ = decode(data)
    assert all(np.array_equal(read.matrices[name], matrix) for name, matrix in price.matrices.items())


def test_what_was_measured_before_keeps_its_key_and_surfaces_speak_for_their_own_quantizer():
    usual = Scenario()
    assert key(usual, False) != key(usual.but(quantizer="uniform"), False)
    assert find_surface(usual) is not None
    assert find_surface(usual.but(quantizer="uniform")) is None


def test_an_unknown_quantizer_is_refused_in_one_sentence():
    with pytest.raises(PacvizError, match=r"quantizer must be one of kmeans, uniform, got 'round'"):
        Scenario(quantizer="round")
    with pytest.raises(PacvizError, match=r"quantizer must be one of kmeans, uniform, got 'round'"):
        compress("mlp", {}, 0.5, 2, "global", "round")
