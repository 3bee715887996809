"""What a noisy weight costs: KL from a Gaussian to a mixture of Gaussians, as an upper bound by quadrature."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from pacviz.bounds.checks import check
from pacviz.errors import PacvizError

TAIL = 9.0
"""Half width of the window of integration in posterior standard deviations; what lies outside is bounded and added."""
FINEST_STEP = 2.0**-10
"""Below this step (in posterior standard deviations) quadrature gives way to Jensen's bound."""
TOLERANCE = 1e-11
"""The error estimate (nats, relative above 1) at which the step is small enough."""
ROUNDING = 1e-14
"""Allowance for floating point, relative to the integral of the absolute integrand."""
BLOCK = 2048


def mixture_kl(centres: ArrayLike, weights: ArrayLike, posterior_std: float, prior_std: float) -> np.ndarray:
    """Upper bounds on KL( N(c_i, sigma^2) || sum_j p_j N(c_j, tau^2) ) in nats, float64 (r,), one for each centre.

    centres: c, (r,).  weights: p, (r,), positive; they need not sum to 1 (all ones: the mixture of Zhou et al. 2019,
    Theorem 4.3).  posterior_std: sigma.  prior_std: tau.  sigma = tau = 0 is the limit -ln p_i, entropy coding.

    With x = c_i + sigma z and z ~ N(0, 1) the KL is -(1 + ln 2 pi sigma^2)/2 - E ln sum_j p_j N(x; c_j, tau^2).  The expectation is a
    trapezoid sum, which converges exponentially for analytic integrands; the step is halved until two sums agree, and
    their difference, the tails and rounding are added.  The result is the smaller of that and Jensen's upper bound
    -ln sum_j p_j exp(-KL(N(c_i, sigma^2) || N(c_j, tau^2))), which alone remains where tau << sigma asks for too many nodes.

    Raises PacvizError for values outside those ranges, and where exactly one of sigma and tau is 0 (the KL is infinite).
    """
    c, p = check_mixture(centres, weights)
    check_stds(posterior_std, prior_std)
    if posterior_std == 0:
        return -np.log(p)
    c, ratio = (c - c.min()) / posterior_std, prior_std / posterior_std
    order = np.argsort(c)
    upper = np.empty_like(c)
    upper[order] = np.minimum(_jensen(c[order], p[order], ratio), _quadrature(c[order], p[order], ratio))
    return upper


def approximate_mixture_kl(
    centres: np.ndarray, weights: np.ndarray, posterior_std: float, prior_std: float
) -> np.ndarray:
    """`mixture_kl` for checked, ascending centres on few nodes and with no guarantee: good enough to search with."""
    step = max(_power_of_two(prior_std / posterior_std) / 4, FINEST_STEP)
    return _trapezoid((centres - centres[0]) / posterior_std, weights, prior_std / posterior_std, step)[0]


def check_mixture(centres: ArrayLike, weights: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 (r,); raises PacvizError unless they are finite, of one length >= 1, and the weights positive."""
    c, p = (np.asarray(values, dtype=np.float64) for values in (centres, weights))
    check("centres", c, "a non-empty list of finite numbers", lambda x: x.ndim == 1 and x.size and np.isfinite(x).all())
    check("weights", p, f"{c.size} positive, finite numbers", lambda x: x.shape == c.shape and (np.isfinite(x) & (x > 0)).all())
    return c, p


def check_stds(posterior_std: float, prior_std: float) -> None:
    """Raises PacvizError unless both standard deviations are positive and finite, or both are 0."""
    for name, std in (("posterior_std", posterior_std), ("prior_std", prior_std)):
        check(name, std, "a finite standard deviation, 0 or more", lambda x: 0 <= x < math.inf)
    if (posterior_std == 0) != (prior_std == 0):
        raise PacvizError(
            f"posterior_std is {posterior_std} and prior_std is {prior_std}, between which the KL is infinite; give two positive numbers or two zeros."
        )


def _jensen(c: np.ndarray, p: np.ndarray, ratio: float) -> np.ndarray:
    """ln sum exp is convex, so E ln sum_j p_j N_j >= ln sum_j p_j exp(E ln N_j).  c: in units of sigma."""
    divergences = math.log(ratio) + (1 + (c[:, None] - c) ** 2) / (2 * ratio**2) - 0.5
    return -_log_sum_exp(np.log(p)[:, None] - divergences)


def _quadrature(c: np.ndarray, p: np.ndarray, ratio: float) -> np.ndarray:
    step = _power_of_two(ratio) / 16
    while step >= FINEST_STEP:
        kl, error = _trapezoid(c, p, ratio, step)
        if np.all(error <= TOLERANCE * np.maximum(1, np.abs(kl))):
            return kl + error
        step /= 2
    return np.full_like(c, math.inf)


def _trapezoid(c: np.ndarray, p: np.ndarray, ratio: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The KLs and bounds on their errors from sums over the lattice of multiples of `step`.  c: ascending, in units of sigma.

    All centres share one lattice, so that the mixture is evaluated once where their windows overlap; a power of two as step
    makes its nodes exact.  Every other node gives the sum at twice the step, and with it the error estimate.
    """
    half = 2 * math.ceil(TAIL / (2 * step)) + 2
    windows = 2 * np.rint(c / (2 * step)).astype(np.int64)[:, None] + np.arange(-half, half + 1)
    start, span = windows[0, 0], windows[-1, -1] - windows[0, 0] + 1
    if span <= 2 * windows.size:
        needed = np.zeros(span, dtype=bool)
        needed[windows - start] = True
        lattice, place = start + np.flatnonzero(needed), (np.cumsum(needed) - 1)[windows - start]
    else:
        lattice, place = windows.ravel(), np.arange(windows.size).reshape(windows.shape)
    nodes = step * lattice
    log_mixture = np.concatenate(
        [_log_mixture(nodes[i : i + BLOCK], c, p, ratio) for i in range(0, nodes.size, BLOCK)]
    )
    terms = np.exp(-0.5 * (step * windows - c[:, None]) ** 2) * log_mixture[place] * (step / math.sqrt(2 * math.pi))
    fine, coarse = terms.sum(1), 2 * terms[:, ::2].sum(1)
    # Outside the window ln(mixture) >= ln(p_i/ratio) - z^2 / (2 ratio^2): two moments of the normal tail bound what is lost.
    mass = math.erfc(TAIL / math.sqrt(2))
    second_moment = mass + TAIL * math.exp(-(TAIL**2) / 2) * math.sqrt(2 / math.pi)
    tails = mass * np.abs(np.log(p / ratio)) + second_moment / (2 * ratio**2)
    return -0.5 - fine, np.abs(fine - coarse) + tails + ROUNDING * (0.5 + np.abs(terms).sum(1))


def _log_mixture(x: np.ndarray, c: np.ndarray, p: np.ndarray, ratio: float) -> np.ndarray:
    """ln sum_j (p_j / ratio) exp(-((x - c_j) / ratio)^2 / 2), leaving out centres too far from all x to matter.

    Leaving some out makes the mixture smaller, and the KL larger: the safe side.
    """
    reach = math.sqrt(TAIL**2 + 2 * ratio**2 * (50 + math.log(p.max() / p.min())))
    near = slice(*np.searchsorted(c, [x.min() - reach, x.max() + reach]))
    return _log_sum_exp(np.log(p[near] / ratio)[:, None] - 0.5 * ((x - c[near, None]) / ratio) ** 2)


def _log_sum_exp(exponents: np.ndarray) -> np.ndarray:
    top = exponents.max(0)
    return top + np.log(np.exp(exponents - top).sum(0))


def _power_of_two(ratio: float) -> float:
    return 2.0 ** round(math.log2(min(1.0, ratio)))
