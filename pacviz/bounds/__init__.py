"""The formulas: pure functions from numbers to bounds, without a network in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pacviz.bounds.catoni import catoni, catoni_fixed, catoni_optimum
from pacviz.bounds.kl import binary_kl, kl_inverse
from pacviz.bounds.limits import least_examples, most_nats
from pacviz.bounds.overfitting import entropy_floor
from pacviz.bounds.registry import BOUNDS, Bound, all_bounds, vacuous
from pacviz.bounds.seeger import largest_kl, mcallester, occam, seeger
from pacviz.settings import lazily

if TYPE_CHECKING:
    from pacviz.bounds.arrays import curves, kl_inverses
    from pacviz.bounds.refund import PRIOR_STDS, best_prior, mixture_kl, prior_std, zhou_kl

__all__ = [
    "BOUNDS",
    "PRIOR_STDS",
    "Bound",
    "all_bounds",
    "best_prior",
    "binary_kl",
    "catoni",
    "catoni_fixed",
    "catoni_optimum",
    "curves",
    "entropy_floor",
    "kl_inverse",
    "kl_inverses",
    "largest_kl",
    "least_examples",
    "mcallester",
    "mixture_kl",
    "most_nats",
    "occam",
    "prior_std",
    "seeger",
    "vacuous",
    "zhou_kl",
]

# What takes arrays waits until it is asked for, so that a single bound never waits for numpy.
__getattr__ = lazily(
    __name__,
    dict.fromkeys(("curves", "kl_inverses"), "arrays")
    | dict.fromkeys(("PRIOR_STDS", "best_prior", "mixture_kl", "prior_std", "zhou_kl"), "refund"),
)
