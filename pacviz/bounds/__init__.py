"""The formulas: pure functions from numbers to bounds, without a network in sight."""

from pacviz.bounds.catoni import catoni, catoni_fixed, catoni_optimum
from pacviz.bounds.curves import curves, least_examples, most_nats
from pacviz.bounds.kl import binary_kl, kl_inverse, kl_inverses
from pacviz.bounds.overfitting import entropy_floor
from pacviz.bounds.refund import PRIOR_STDS, best_prior, mixture_kl, prior_std, zhou_kl
from pacviz.bounds.registry import BOUNDS, Bound, all_bounds, vacuous
from pacviz.bounds.seeger import largest_kl, mcallester, occam, seeger

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
