"""The KL of a noisy weight, against independent integrals and the cases that have closed forms."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz.bounds import mixture_kl
from pacviz.errors import PacvizError

SPREAD = ([-1.3, -0.4, 0.35, 1.9], [0.2, 0.5, 0.27, 0.03])
stds = st.floats(0.05, 5)
mixtures = st.lists(st.tuples(st.floats(-10, 10), st.floats(0.01, 1)), min_size=1, max_size=8).map(
    lambda pairs: tuple(np.array(pairs).T)
)


def integral(i, centres, weights, posterior_std, prior_std):
    """The KL of centre i from its definition with 30 digits."""
    with mpmath.workdps(30):
        c, sigma, tau = [mpmath.mpf(x) for x in centres], mpmath.mpf(posterior_std), mpmath.mpf(prior_std)

        def density(x):
            q = mpmath.npdf(x, c[i], sigma)
            m = mpmath.fsum(p * mpmath.npdf(x, cj, tau) for p, cj in zip(weights, c, strict=True))
            return q * mpmath.log(q / m)

        pieces = {c[i] + sigma * z for z in range(-12, 13, 3)} | {(a + b) / 2 for a in c for b in c}
        return mpmath.quad(density, sorted(x for x in pieces if abs(x - c[i]) <= 12 * sigma))


def jensen(centres, weights, posterior_std, prior_std):
    """-ln sum_j p_j exp(-KL_ij), literally."""
    c = np.asarray(centres)
    pairs = np.log(prior_std / posterior_std) - 0.5 + (posterior_std**2 + (c[:, None] - c) ** 2) / (2 * prior_std**2)
    return -np.logaddexp.reduce(np.log(weights) - pairs, axis=1)


@pytest.mark.parametrize(
    ("centres", "weights", "posterior_std", "prior_std"),
    [
        (*SPREAD, 0.3, 0.3),
        (*SPREAD, 0.1, 0.3),
        (*SPREAD, 0.5, 0.2),
        ([-3.0, -2.9, 4.0], [1, 1, 1], 0.7, 1.0),
        ([-30.0, 2.0, 4.5], [0.1, 0.8, 0.1], 0.4, 0.3),
    ],
)
def test_kl_is_an_upper_bound_within_1e_10_of_the_exact_integral(centres, weights, posterior_std, prior_std):
    kl = mixture_kl(centres, weights, posterior_std, prior_std)
    exact = [integral(i, centres, weights, posterior_std, prior_std) for i in range(len(centres))]
    excess = [float((value - truth) / max(1, abs(truth))) for value, truth in zip(kl, exact, strict=True)]
    assert max(excess) < 1e-10
    assert min(excess) > -1e-14


def test_exchanging_the_two_standard_deviations_is_noticed():
    centres, weights = np.array(SPREAD[0]), np.array(SPREAD[1])
    noise = np.random.default_rng(0).normal(size=200_000)
    x = centres[:, None] + 0.5 * noise
    prior = sum(p * np.exp(-(((x - c) / 0.15) ** 2) / 2) / 0.15 for c, p in zip(centres, weights, strict=True))
    sample = -(noise**2) / 2 - np.log(0.5) - np.log(prior)
    tolerance = 5 * sample.std(1) / math.sqrt(noise.size)
    right, exchanged = mixture_kl(centres, weights, 0.5, 0.15), mixture_kl(centres, weights, 0.15, 0.5)
    assert np.all(np.abs(right - sample.mean(1)) < tolerance)
    assert np.all(np.abs(exchanged - sample.mean(1)) > tolerance)


def test_centres_far_apart_cost_exactly_their_entropy_code():
    centres, weights = np.array([-100.0, 0, 70, 1000]), np.array([0.5, 0.25, 0.2, 0.05])
    np.testing.assert_allclose(mixture_kl(centres, weights, 1, 1), -np.log(weights), rtol=1e-15)
    np.testing.assert_array_equal(mixture_kl(centres, weights, 0, 0), -np.log(weights))


@given(st.integers(1, 40), stds)
def test_equal_centres_are_refunded_their_whole_name(r, std):
    np.testing.assert_allclose(mixture_kl(np.full(r, 0.7), np.ones(r), std, std), -math.log(r), atol=1e-15 * (1 + r))


@given(st.floats(-5, 5), st.floats(0.01, 2), stds, st.floats(0.2, 20))
def test_one_centre_has_the_closed_form_of_two_gaussians(centre, weight, std, ratio):
    exact = math.log(ratio) + 1 / (2 * ratio**2) - 0.5 - math.log(weight)
    assert mixture_kl([centre], [weight], std, ratio * std)[0] == pytest.approx(exact, rel=1e-12, abs=1e-12)


@given(mixtures, stds, stds)
@settings(max_examples=60)
def test_the_kl_lies_between_minus_the_log_mass_and_jensen(mixture, posterior_std, prior_std):
    centres, weights = mixture
    kl = mixture_kl(centres, weights, posterior_std, prior_std)
    assert np.all(kl >= -math.log(weights.sum()) - 1e-13)
    assert np.all(kl <= jensen(centres, weights, posterior_std, prior_std) + 1e-9)


@given(mixtures, stds, st.floats(0.7, 4), st.floats(0.01, 100), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_kl_depends_neither_on_scale_nor_on_origin_nor_on_order(mixture, posterior_std, ratio, scale, random):
    centres, weights = mixture
    order = random.sample(range(len(centres)), len(centres))
    kl = mixture_kl(centres, weights, posterior_std, ratio * posterior_std)
    moved = mixture_kl(scale * centres[order] + 3, weights[order], scale * posterior_std, scale * ratio * posterior_std)
    np.testing.assert_allclose(moved, kl[order], rtol=2e-10, atol=2e-10)


@pytest.mark.parametrize(("spacing", "ratio"), [(2.5, 1), (8, 3), (20, 8)])
def test_in_a_long_regular_chain_every_inner_centre_costs_the_same_exact_kl(spacing, ratio):
    chain = spacing * np.arange(400)
    z = np.arange(-640, 641) / 64
    mixture = np.exp(-(((z[:, None] - chain + chain[200]) / ratio) ** 2) / 2).sum(1) / ratio
    exact = -0.5 - (np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / 64) @ np.log(mixture)
    np.testing.assert_allclose(mixture_kl(chain, np.ones(400), 1, ratio)[100:300], exact, rtol=0, atol=1e-10)


def test_where_quadrature_would_need_too_many_nodes_jensen_is_a_finite_upper_bound():
    centres, weights = [-0.5, 0.4, 0.6], [0.3, 0.3, 0.4]
    kl = mixture_kl(centres, weights, 1, 0.01)
    np.testing.assert_allclose(kl, jensen(centres, weights, 1, 0.01), rtol=1e-12)
    assert all(value >= integral(i, centres, weights, 1, 0.01) for i, value in enumerate(kl))


@pytest.mark.parametrize("noise", [1e-9, 1e-4, 1e-3, 0.05, 1.0, 1e6])
def test_large_codebooks_and_any_noise_give_finite_values(noise):
    centres = np.sort(np.random.default_rng(0).normal(size=256)).astype(np.float32)
    kl = mixture_kl(centres, np.full(256, 1 / 256), noise * np.ptp(centres.astype(float)) * 1.01, noise * 7)
    assert np.isfinite(kl).all()
    assert kl.min() > -1e-12


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([], [], 1, 1), "centres"),
        (([0, math.nan], [1, 1], 1, 1), "centres"),
        (([[0, 1]], [[1, 1]], 1, 1), "centres"),
        (([0, 1], [1], 1, 1), "weights"),
        (([0, 1], [1, 0], 1, 1), "weights"),
        (([0, 1], [1, math.nan], 1, 1), "weights"),
        (([0, 1], [1, 1], -1, 1), "posterior_std"),
        (([0, 1], [1, 1], math.nan, 1), "posterior_std"),
        (([0, 1], [1, 1], math.inf, 1), "posterior_std"),
        (([0, 1], [1, 1], 1e-10, 1e-10), "posterior_std"),
        (([0, 1], [1, 1], 1, math.nan), "prior_std"),
        (([0, 1], [1, 1], 1, -1), "prior_std"),
        (([0, 1], [1, 1], 0, 1), "prior_std"),
        (([0, 1], [1, 1], 1, 0), "prior_std"),
    ],
)
def test_a_wrong_argument_is_named(arguments, name):
    with pytest.raises(PacvizError, match=rf"(?s)^{name} is .*, which is not allowed; give "):
        mixture_kl(*arguments)
