"""What a bound promises."""

from __future__ import annotations

import itertools
import math
from functools import partial

from scipy.stats import binom

from pacviz.bounds import Bound
from pacviz.checks.contract import refuses, require

RISKS, NATS, SIZES, DELTAS = (0.0, 0.01, 0.9, 1.0), (0.0, 100.0, 1e5), (8, 60_000), (1e-9, 0.5)
ROUNDING = 1e-9


def check_bound(bound: Bound) -> None:
    """A bound is between the risk and 1, never falls with risk or K, never rises with n or delta, refuses what is no number
    of its range, can be written down, and holds for a network that was fixed before the data.

    The last is computed, not simulated: the share of samples of n examples, of all that an error p can give, on which the
    bound at K = 0 is below p is at most delta.
    """
    name, function = bound.name, bound.function
    for risk, nats, n, delta in itertools.product(RISKS, NATS, SIZES, DELTAS):
        value = function(risk, nats, n, delta)
        given = f"risk {risk:g}, K {nats:g}, n {n}, delta {delta:g}"
        require(
            isinstance(value, float) and risk <= value <= 1 and math.isfinite(value),
            f"{name} gives {value!r} at {given}, where a number from the risk to 1 belongs.",
        )
        worse = {
            "K": function(risk, nats + 1, n, delta),
            "risk": function(min(1.0, risk + 0.01), nats, n, delta),
            "a smaller n": function(risk, nats, max(8, n // 2), delta),
            "a smaller delta": function(risk, nats, n, delta / 2),
        }
        for what, other in worse.items():
            require(other >= value - ROUNDING, f"{name} falls from {value:g} to {other:g} with {what} at {given}.")
    wrong = [(-0.1, 1, 100, 0.05), (1.1, 1, 100, 0.05), (math.nan, 1, 100, 0.05), (0.1, -1, 100, 0.05)]
    for arguments in [*wrong, (0.1, math.nan, 100, 0.05), (0.1, 1, 0, 0.05), (0.1, 1, 100, 0.0), (0.1, 1, 100, 1.0)]:
        refuses(partial(function, *arguments), f"{name} takes {arguments}, which are no such numbers.")
    for n, error, delta in itertools.product((20, 100), (0.02, 0.3), (0.05, 0.5)):
        missed = math.fsum(
            float(binom.pmf(errors, n, error)) for errors in range(n + 1) if function(errors / n, 0.0, n, delta) < error
        )
        require(
            missed <= delta + ROUNDING,
            f"{name} is violated with probability {missed:.3g} at n {n}, error {error:g}, but delta is {delta:g}.",
        )
    for text in (bound.formula, bound.substituted(0.1, 100.0, 1000, 0.05)):
        require("R" in text and "$" not in text, f"The template of {name} leaves a symbol open: {text}")
