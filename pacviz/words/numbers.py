"""Numbers as words: what is promised is rounded to the safe side, what was counted to the nearest.

`explorer/words.js` holds the same functions for a browser; a test compares the two.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Protocol

SIGNIFICANT = 3
"""Digits of delta, or of 1 - delta where that is smaller, that a probability shows."""
LONGEST = 15
"""Decimal places up to which a probability is written out."""


def at_most(share: float, digits: int = 2) -> str:
    """A bound or an upper limit in percent, rounded up from the float's exact value: 0.1510489 is "15.11%"."""
    return f"{above(share, digits + 2).scaleb(2)}%"


def at_least(share: float, digits: int = 2) -> str:
    """A lower limit in percent, rounded down from the float's exact value: 0.1510489 is "15.10%"."""
    return f"{_to(share, digits + 2, ROUND_FLOOR).scaleb(2)}%"


def as_printed(share: float, digits: int = 1) -> str:
    """A bound of a publication in percent, as it is printed there."""
    return f"{share:.{digits}%}"


def above(value: float, places: int) -> Decimal:
    """The least decimal number with so many places that is no smaller than a float."""
    return _to(value, places, ROUND_CEILING)


def _to(value: float, places: int, rounding: str) -> Decimal:
    # Decimal(float) is exact, and adding 0 takes the sign from a zero.
    return Decimal(float(value)).quantize(Decimal(1).scaleb(-places), rounding) + 0


def probability(delta: float) -> str:
    """1 - delta, rounded down and never 0 or 1: "0.95", "0.99996", "1 − 2e-20".

    delta: in (0, 1), taken for the decimal number that it prints as.  Raises ValueError outside.
    """
    return _sure(delta, 0, "")


def surely(delta: float) -> str:
    """1 - delta in percent, rounded down and never 0 or 100 %: "95 %", "99.996 %", "1 − 2e-20"."""
    return _sure(delta, 2, " %")


def _sure(delta: float, shift: int, unit: str) -> str:
    if not 0 < delta < 1:
        raise ValueError(f"delta must lie between 0 and 1, got {delta}")
    failure = Decimal(repr(float(delta)))
    with localcontext(prec=400):
        places = SIGNIFICANT - 1 - min(failure.adjusted(), (1 - failure).adjusted())
        failure = failure.quantize(Decimal(1).scaleb(-places), ROUND_CEILING)
        if failure.adjusted() < -LONGEST:
            return f"1 − {failure.normalize():e}".replace("e-0", "e-")
        return f"{(1 - failure).scaleb(shift).normalize():f}{unit}"


class Estimate(Protocol):
    """An error that was measured: its mean, and the upper limit that a bound is computed from."""

    @property
    def mean(self) -> float: ...
    @property
    def upper(self) -> float: ...


def worst_error(risk: Estimate, digits: int = 2) -> str:
    """The error that a bound is computed from: as it was counted, or the upper limit of an estimate."""
    return f"{risk.mean:.{digits}%}" if risk.upper <= risk.mean else at_most(risk.upper, digits)


def size(count: float) -> str:
    """A number of bytes as a person reads it (kB = 1000 bytes)."""
    magnitude = abs(count)
    if magnitude < 1000:
        return f"{count if magnitude >= 0.5 else 0:.0f} B"
    if magnitude >= 1e6:
        return f"{count / 1e6:.2f} MB"
    return f"{count / 1000:.2f} kB" if magnitude < 10_000 else f"{count / 1000:.1f} kB"
