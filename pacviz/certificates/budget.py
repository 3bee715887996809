"""The one budget of delta: which event may fail, and with what share of delta (docs/mathematics.md section 4).

    event                                                       share of delta
    the bound does not hold                                     1 without noise, 1 - RISK where the error is estimated
    a preview's interval misses the error                       RISK
    an interval of a certificate with noise misses the error    RISK * 6 / (pi^2 (seed + 1)^2) / LOOKS

A preview's interval is for one look, and so is what is said from it.  Certificates with noise may be compared: every
network and every noise has draws of its own, the shares of LOOKS of them under each seed, and of all seeds, sum to RISK,
and the bound holds for all posteriors at once.  So the best of them may be kept, and the seed be chosen after looking.
"""

from __future__ import annotations

import math

RISK = 0.2
"""The share of delta for an error that is estimated from draws: 0.01 of 0.05."""
LOOKS = 10_000
"""Certificates with noise that may be looked at under one seed before one of them is kept."""


def bound_share(estimated: bool) -> float:
    """The share of delta that the bound gets.  estimated: whether its error comes from draws, not from every example."""
    return 1.0 - RISK if estimated else 1.0


def interval_share(seed: int, preview: bool) -> float:
    """The share of delta that an interval of an estimated error gets.  seed: of the scenario, 0 or more."""
    return RISK if preview else RISK * 6 / (math.pi * (seed + 1)) ** 2 / LOOKS


def spent_share(failure: float, delta: float, seed: int) -> float:
    """The share of delta that an interval of this failure was given: `interval_share` of a certificate or a preview, or 0.

    Certificates from before looks were paid for have a preview's.
    """
    shares = (0.0, interval_share(seed, preview=True), interval_share(seed, preview=False))
    return min(shares, key=lambda share: abs(share * delta - failure))


def shares() -> dict[str, float]:
    """What the browser's scripts need to know; a certificate's share comes with its cell."""
    return {"bound": bound_share(estimated=True), "preview": RISK}
