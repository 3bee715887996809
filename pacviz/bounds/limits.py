"""The ends of curves, at which a bound stops saying anything."""

from __future__ import annotations

from pacviz.bounds.checks import check, check_risk
from pacviz.bounds.registry import BOUNDS

MOST_EXAMPLES = 10**12
"""As far as `least_examples` looks."""
SMALLEST_NATS, DIGITS = 1e-3, 1e-6
"""Below the one `most_nats` does not tell K from 0; the other is its relative precision."""


def least_examples(name: str, risk: float, kl: float, delta: float, target: float) -> int | None:
    """The smallest n, 8 or more, at which the bound is below the target; None where there is none up to MOST_EXAMPLES.

    Arguments and errors as for `seeger`; target: a risk in [0, 1].
    """
    _check_name(name)
    target = check_risk("target", target)
    function = BOUNDS[name].function
    low, high = 7, MOST_EXAMPLES
    if function(risk, kl, high, delta) >= target:
        return None
    while high - low > 1:
        middle = int(_between(low, high))
        if function(risk, kl, middle, delta) < target:
            high = middle
        else:
            low = middle
    return high


def most_nats(name: str, risk: float, n: int, delta: float, target: float) -> float | None:
    """The largest K in nats at which the bound is below the target, to six digits and rounded down.

    None where not even K = 0 is small enough.  Arguments and errors as for `seeger`; target: a risk in (0, 1].
    """
    _check_name(name)
    target = check_risk("target", target)
    function = BOUNDS[name].function
    if function(risk, 0.0, n, delta) >= target:
        return None
    low, high = 0.0, SMALLEST_NATS
    while function(risk, high, n, delta) < target:
        low, high = high, 1024 * high
    while high - low > max(DIGITS * high, SMALLEST_NATS):
        middle = _between(low, high)
        if function(risk, middle, n, delta) < target:
            low = middle
        else:
            high = middle
    return low


def _between(low: float, high: float) -> float:
    """The geometric mean of limits that lie far apart, else the arithmetic one."""
    return (low + high) / 2 if high < 4 * low or low == 0 else (low * high) ** 0.5


def _check_name(name: str) -> None:
    check("bound", name, f"one of {', '.join(BOUNDS)}", lambda x: x in BOUNDS)
