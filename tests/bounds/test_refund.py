"""What noise buys back for a whole layer, and what it never does."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz.bounds import PRIOR_STDS, best_prior, mixture_kl, prior_std, zhou_kl
from pacviz.errors import PacvizError


@st.composite
def layers(draw, sizes=(2, 4, 8, 16)):
    """(centres, counts, noise) of a layer with a codebook of 2 to 16 values."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    r = draw(st.sampled_from(sizes))
    centres = np.sort(random.normal(size=r) * random.choice([1, 10], size=r))
    return centres, random.integers(1, 500, size=r), draw(st.sampled_from([0.01, 0.05, 0.1, 0.5]))


def weight_range(centres):
    return float(np.ptp(np.abs(centres)))


@given(layers(sizes=(2, 3, 5, 16)), st.floats(0.5, 4))
@settings(max_examples=40)
def test_the_refund_never_exceeds_the_whole_assignment(layer, ratio):
    centres, counts, noise = layer
    r, std = len(centres), noise * weight_range(centres)
    floor = counts.sum() * (math.ceil(math.log2(r)) * math.log(2) - math.log(r))
    assert zhou_kl(centres, counts, std, ratio * std) >= floor - 1e-9


def test_zhous_refund_vanishes_far_apart_and_is_k_ln_r_for_equal_centres():
    counts = np.array([5, 1, 2, 8])
    assert zhou_kl([-100, 0, 100, 200], counts, 1, 1) == pytest.approx(16 * 2 * math.log(2), rel=1e-14)
    assert zhou_kl([3, 3, 3, 3], counts, 1, 1) == pytest.approx(0, abs=1e-12)
    assert zhou_kl([-1, 0, 1], counts[:3], 0, 0) == pytest.approx(8 * 2 * math.log(2), rel=1e-14)


def test_exchanging_sigma_and_tau_in_zhous_form_is_noticed():
    # One centre: k (ln(tau/sigma) + sigma^2 / (2 tau^2) - 1/2), which is not symmetric.
    assert zhou_kl([0.3], [10], 0.1, 0.3) == pytest.approx(10 * (math.log(3) + 1 / 18 - 0.5), rel=1e-11)
    assert zhou_kl([0.3], [10], 0.3, 0.1) == pytest.approx(10 * (-math.log(3) + 9 / 2 - 0.5), rel=1e-11)


@given(layers(), st.floats(0.8, 4))
@settings(max_examples=40)
def test_with_uniform_weights_the_sharper_form_is_zhous(layer, ratio):
    centres, counts, noise = layer
    r, std = len(centres), noise * weight_range(centres)
    uniform = counts @ mixture_kl(centres, np.full(r, 1 / r), std, ratio * std)
    assert uniform == pytest.approx(zhou_kl(centres, counts, std, ratio * std), rel=1e-9, abs=1e-7)


@given(layers())
@settings(max_examples=40)
def test_weights_equal_to_the_frequencies_are_never_worse_than_zhous_form_nor_than_entropy_coding(layer):
    centres, counts, noise = layer
    weights, std = counts / counts.sum(), noise * weight_range(centres)
    sharper = counts @ mixture_kl(centres, weights, std, std)
    assert sharper <= zhou_kl(centres, counts, std, std) + 1e-7
    assert sharper <= -counts @ np.log(weights) + 1e-7


@given(layers(), st.booleans())
@settings(max_examples=25)
def test_the_search_finds_the_best_of_all_prior_scales(layer, uniform):
    centres, counts, noise = layer
    weights = np.full(len(centres), 1 / len(centres)) if uniform else counts / counts.sum()
    unit = weight_range(centres)
    index, nats = best_prior(centres, weights, counts, noise * unit, unit)
    assert nats == counts @ mixture_kl(centres, weights, noise * unit, prior_std(index, unit))
    # Below half of sigma the KL only grows: there it is (sigma/tau)^2 / 2 and more.
    others = [t for t in range(128) if 0.5 * noise <= PRIOR_STDS[t]]
    best = min(counts @ mixture_kl(centres, weights, noise * unit, prior_std(t, unit)) for t in others)
    assert nats <= best * (1 + 1e-4)


def test_the_order_of_the_codebook_does_not_matter():
    centres, weights, counts = np.array([0.5, -1.0, 0.7, 2.0]), np.array([0.1, 0.2, 0.3, 0.4]), np.array([4, 3, 2, 1])
    index, nats = best_prior(centres, weights, counts, 0.1, 1.5)
    assert best_prior(centres[::-1], weights[::-1], counts[::-1], 0.1, 1.5) == (index, pytest.approx(nats, rel=1e-12))


def test_the_prior_scales_are_a_fixed_grid_that_seven_bits_address():
    assert len(PRIOR_STDS) == 2**7
    assert prior_std(0, 3.0) == 3 * 2**-15
    np.testing.assert_allclose(np.divide(PRIOR_STDS[1:], PRIOR_STDS[:-1]), 2 ** (1 / 8), rtol=1e-14)
    assert PRIOR_STDS[-1] > 1


@pytest.mark.parametrize("index", [-1, 128, 0.5, math.nan])
def test_only_an_index_of_the_grid_names_a_prior(index):
    with pytest.raises(PacvizError, match=r"^index is .*0\.\.127"):
        prior_std(index, 1.0)


@pytest.mark.parametrize(
    ("counts", "std", "unit", "name"),
    [
        ([1], 0.1, 1, "counts"),
        ([1, -1], 0.1, 1, "counts"),
        ([1, math.nan], 0.1, 1, "counts"),
        ([1, 1], 0, 1, "posterior_std"),
        ([1, 1], math.nan, 1, "posterior_std"),
        ([1, 1], 0.1, 0, "weight_range"),
    ],
)
def test_a_wrong_argument_is_named(counts, std, unit, name):
    with pytest.raises(PacvizError, match=rf"(?s)^{name} is .*, which is not allowed; give "):
        best_prior([0.0, 1.0], [0.5, 0.5], counts, std, unit)
