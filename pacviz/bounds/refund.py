"""Noise buys bits back: the KL of a noisy layer, the scale of its prior, and Zhou's form to compare with."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from pacviz.bounds.checks import check
from pacviz.bounds.mixture import check_mixture, mixture_kl, quick_cost

PRIOR_STDS: tuple[float, ...] = tuple(2.0 ** (t / 8 - 15) for t in range(128))
"""The scales that a prior may have, in units of the layer's range of |codebook value|.

The codebook is sent before, so the unit is the decoder's too; which scale is used costs log2(128) = 7 bits.
"""


def prior_std(index: int, weight_range: float) -> float:
    """The prior standard deviation with that index in PRIOR_STDS, in the weights' units.

    weight_range: largest minus smallest nonzero |codebook value|, > 0.  Raises PacvizError outside those ranges.
    """
    check("index", index, f"a whole number in 0..{len(PRIOR_STDS) - 1}", lambda x: x in range(len(PRIOR_STDS)))
    check("weight_range", weight_range, "a positive, finite range of weights", lambda x: 0 < x < math.inf)
    return PRIOR_STDS[int(index)] * weight_range


def best_prior(
    centres: ArrayLike, weights: ArrayLike, counts: ArrayLike, posterior_std: float, weight_range: float
) -> tuple[int, float]:
    """The index of the prior scale with the smallest KL of the whole layer, and an upper bound on that KL in nats.

    centres, weights: (r,), as for `mixture_kl`.  counts: (r,), how many of the layer's weights sit at each centre.
    posterior_std: sigma > 0.  weight_range: as for `prior_std`.
    The search goes downhill from sigma's own scale; every index is valid, so it can cost tightness but never validity.
    Raises PacvizError outside those ranges.
    """
    check("posterior_std", posterior_std, "a positive number (without noise the KL is entropy coding)", lambda x: x > 0)
    c, p = check_mixture(centres, weights, posterior_std, posterior_std)
    k = _checked_counts(counts, c)
    quick = quick_cost(c, p, k, posterior_std)

    @cache
    def cost(index: int) -> float:
        return quick(prior_std(index, weight_range))

    last = len(PRIOR_STDS) - 1
    index = min(max(round(8 * math.log2(posterior_std / prior_std(0, weight_range))), 0), last)
    for stride in (4, 1):
        while (best := min((index, max(index - stride, 0), min(index + stride, last)), key=cost)) != index:
            index = best
    return index, float(k @ mixture_kl(c, p, posterior_std, prior_std(index, weight_range)))


def zhou_kl(centres: ArrayLike, counts: ArrayLike, posterior_std: float, prior_std: float) -> float:
    """k ceil(log2 r) ln 2 + sum_i counts_i KL( N(c_i, sigma^2) || sum_j N(c_j, tau^2) ) in nats.

    Zhou et al. 2019, Theorem 4.3: each of the k = sum_i counts_i weights sends its centre in a code of fixed length,
    and the mixture has mass r.
    centres, counts: (r,).  posterior_std, prior_std, errors: as for `mixture_kl`.
    """
    c, ones = check_mixture(centres, np.ones(np.shape(centres)), posterior_std, prior_std)
    k = _checked_counts(counts, c)
    fixed_length = math.ceil(math.log2(c.size)) * math.log(2)
    return float(k @ (fixed_length + mixture_kl(c, ones, posterior_std, prior_std)))


def _checked_counts(counts: ArrayLike, centres: np.ndarray) -> np.ndarray:
    k = np.asarray(counts, dtype=np.float64)
    allowed = f"{centres.size} finite numbers, 0 or more"
    check("counts", k, allowed, lambda x: x.shape == centres.shape and (np.isfinite(x) & (x >= 0)).all())
    return k
