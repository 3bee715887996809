"""Overfitting limits compression: a floor under every code of a network that memorises."""

from __future__ import annotations

from pacviz.bounds.checks import check_examples, check_risk
from pacviz.bounds.kl import binary_kl


def entropy_floor(train_error: float, test_error: float, n: int) -> float:
    """n [ln 2 - l h_b(p) - (1-l) h_b(q)], the least mean code length of a network in nats (Zhou et al. 2019, C.1).

    With r, R the expected training and test error: p = r/(r+R), q = (1-r)/(2-r-R), l = (r+R)/2.  That bracket is the
    Jensen-Shannon divergence of two coins, computed here as (kl(r || l) + kl(R || l)) / 2, which has no special cases.
    n: training examples, >= 8.  Raises PacvizError for errors outside [0, 1].
    """
    train_error, test_error = check_risk("train_error", train_error), check_risk("test_error", test_error)
    n = check_examples(n)
    middle = (train_error + test_error) / 2
    return n * (binary_kl(train_error, middle) + binary_kl(test_error, middle)) / 2
