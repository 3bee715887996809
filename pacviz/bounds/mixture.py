"""What a noisy weight costs: KL from a Gaussian to a mixture of Gaussians, as an upper bound by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from pacviz.bounds.checks import check

TAIL = 9.0
"""Half width of the window of integration in posterior standard deviations; what lies outside is bounded and added."""
FINEST_STEP = 2.0**-10
"""Below this step (in posterior standard deviations) quadrature gives way to Jensen's bound."""
TOLERANCE = 1e-11
"""The error estimate (nats, relative above 1) at which the step is small enough."""
ROUNDING = 1e-14
"""Allowance for floating point, relative to the integral of the absolute integrand."""
BLOCK = 512
"""Nodes that are evaluated together, against the centres near them."""


def mixture_kl(centres: ArrayLike, weights: ArrayLike, posterior_std: float, prior_std: float) -> np.ndarray:
    """Upper bounds on KL( N(c_i, sigma^2) || sum_j p_j N(c_j, tau^2) ) in nats, float64 (r,), one for each centre.

    centres: c, (r,).  weights: p, (r,), positive; they need not sum to 1 (all ones: the mixture of Zhou et al. 2019,
    Theorem 4.3).  posterior_std: sigma.  prior_std: tau.  sigma = tau = 0 is the limit -ln p_i, entropy coding.

    With x ~ N(c_i, sigma^2) the KL is -(1 + ln 2 pi sigma^2) / 2 - E ln sum_j p_j N(x; c_j, tau^2).  The expectation
    is a trapezoid sum, which converges exponentially for analytic integrands; the step is halved until two sums agree,
    and their difference, the tails and rounding are added.  The result is the smaller of that and Jensen's upper bound
    -ln sum_j p_j exp(-KL(N(c_i, sigma^2) || N(c_j, tau^2))), the only one where tau << sigma asks for too many nodes.

    Raises PacvizError for values outside those ranges, where exactly one of sigma and tau is 0 (the KL is infinite),
    where they differ by more than a factor of 1e9, and where sigma is below 1e-9 times the spread of the centres.
    """
    c, p = check_mixture(centres, weights, posterior_std, prior_std)
    if posterior_std == 0:
        return -np.log(p)
    c, ratio = (c - c.min()) / posterior_std, prior_std / posterior_std
    order = np.argsort(c)
    upper = np.empty_like(c)
    upper[order] = np.minimum(_jensen(c[order], p[order], ratio), _quadrature(c[order], p[order], ratio))
    return upper


def quick_cost(
    centres: np.ndarray, weights: np.ndarray, counts: np.ndarray, posterior_std: float
) -> Callable[[float], float]:
    """sum_i counts_i KL_i as a function of prior_std, but for a constant: from few nodes, good enough to search with.

    centres, weights, counts: (r,), checked.
    """
    order = np.argsort(centres)
    c, p, k = (centres[order] - centres.min()) / posterior_std, weights[order], counts[order]
    nodes, place, density = _lattice(c, 0.25)
    density = np.bincount(place.ravel(), (k[:, None] * density).ravel())
    return lambda prior_std: -float(density @ _log_mixture(nodes, c, p, prior_std / posterior_std))


def check_mixture(
    centres: ArrayLike, weights: ArrayLike, posterior_std: float, prior_std: float
) -> tuple[np.ndarray, np.ndarray]:
    """Centres and weights as float64 (r,); raises PacvizError where one of the four is not what `mixture_kl` allows."""
    c, p = (np.asarray(values, dtype=np.float64) for values in (centres, weights))
    check("centres", c, "a non-empty list of finite numbers", lambda x: x.ndim == 1 and x.size and np.isfinite(x).all())
    check(
        "weights",
        p,
        f"{c.size} positive, finite numbers",
        lambda x: x.shape == c.shape and (np.isfinite(x) & (x > 0)).all(),
    )
    allowed = "0, or a finite number of at least 1e-9 times the distance between the outermost centres"
    check("posterior_std", posterior_std, allowed, lambda x: x == 0 or np.ptp(c) * 1e-9 <= x < math.inf)
    allowed = f"a number within a factor of 1e9 of posterior_std = {posterior_std} (the KL is infinite where one is 0)"
    check(
        "prior_std",
        prior_std,
        allowed,
        lambda x: x == posterior_std == 0 or 0 < 1e-9 * posterior_std <= x <= 1e9 * posterior_std,
    )
    return c, p


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
    """The KLs and bounds on their errors; every other node gives the sum at twice the step to compare with."""
    nodes, place, density = _lattice(c, step)
    terms = density * _log_mixture(nodes, c, p, ratio)[place]
    fine, coarse = terms.sum(1), 2 * terms[:, ::2].sum(1)
    # Outside the window ln(mixture) >= ln(p_i/ratio) - z^2/(2 ratio^2): two moments of the tails bound what is lost.
    mass = math.erfc(TAIL / math.sqrt(2))
    second_moment = mass + TAIL * math.exp(-(TAIL**2) / 2) * math.sqrt(2 / math.pi)
    tails = mass * np.abs(np.log(p / ratio)) + second_moment / (2 * ratio**2)
    return -0.5 - fine, np.abs(fine - coarse) + tails + ROUNDING * (0.5 + np.abs(terms).sum(1))


def _lattice(c: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes (N,), the nodes of each centre's window as places among them (r, W), and their normal weights (r, W).

    The nodes are multiples of `step`, a power of two so that they are exact, and shared by all centres whose windows
    overlap.  c: ascending, in units of sigma.
    """
    half = 2 * math.ceil(TAIL / (2 * step)) + 2
    windows = 2 * np.rint(c / (2 * step)).astype(np.int64)[:, None] + np.arange(-half, half + 1)
    density = np.exp(-0.5 * (step * windows - c[:, None]) ** 2) * (step / math.sqrt(2 * math.pi))
    start = windows[0, 0]
    span = windows[-1, -1] - start + 1
    if span > 2 * windows.size:
        return step * windows.ravel(), np.arange(windows.size).reshape(windows.shape), density
    needed = np.zeros(span, dtype=bool)
    needed[windows - start] = True
    return step * (start + np.flatnonzero(needed)), (np.cumsum(needed) - 1)[windows - start], density


def _log_mixture(x: np.ndarray, c: np.ndarray, p: np.ndarray, ratio: float) -> np.ndarray:
    """ln sum_j (p_j / ratio) exp(-((x - c_j) / ratio)^2 / 2), block by block without the centres too far to matter.

    Leaving some out makes the mixture smaller, and the KL larger: the safe side.
    """
    reach = math.sqrt((TAIL + 1) ** 2 + 2 * ratio**2 * (50 + math.log(p.max()) - math.log(p.min())))
    log_weights = np.log(p / ratio)
    values = np.empty_like(x)
    for start in range(0, x.size, BLOCK):
        block = x[start : start + BLOCK]
        near = slice(*np.searchsorted(c, [block.min() - reach, block.max() + reach]))
        values[start : start + BLOCK] = _log_sum_exp(
            log_weights[near, None] - 0.5 * ((block - c[near, None]) / ratio) ** 2
        )
    return values


def _log_sum_exp(exponents: np.ndarray) -> np.ndarray:
    top = exponents.max(0)
    return top + np.log(np.exp(exponents - top).sum(0))


def _power_of_two(ratio: float) -> float:
    return 2.0 ** round(math.log2(min(1.0, ratio)))
