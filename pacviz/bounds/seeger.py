"""Bounds that invert the binary KL, and Pinsker's relaxation of them."""

from __future__ import annotations

import math

from pacviz.bounds.checks import ROUNDING, check_inputs, check_risk
from pacviz.bounds.kl import binary_kl, kl_inverse


def seeger(risk: float, kl: float, n: int, delta: float) -> float:
    """kl^-1( r, (K + ln(2 sqrt(n) / delta)) / n ), for any posterior (Seeger 2002 with the constant of Maurer 2004).

    risk: empirical 0-1 risk in [0, 1].  kl: K in nats, >= 0.  n: training examples, >= 8.  delta: in (0, 1).
    Raises PacvizError outside those ranges.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    return kl_inverse(risk, (kl + _maurer(n, delta)) / n)


def mcallester(risk: float, kl: float, n: int, delta: float) -> float:
    """min(1, r + sqrt( (K + ln(2 sqrt(n) / delta)) / (2n) )), for any posterior (McAllester 1999, Maurer 2004).

    Arguments, units and errors as for `seeger`, which it relaxes by Pinsker's inequality.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    return min(1.0, (risk + math.sqrt((kl + _maurer(n, delta)) / (2 * n))) * (1 + ROUNDING))


def occam(risk: float, kl: float, n: int, delta: float) -> float:
    """kl^-1( r, (K + ln(1 / delta)) / n ) for one deterministic coded hypothesis (Langford 2005).

    kl: the self-delimiting code length in nats.  The rest as for `seeger`.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    return kl_inverse(risk, (kl - math.log(delta)) / n)


def largest_kl(risk: float, target: float, n: int, delta: float) -> float | None:
    """The K in nats at which `seeger` meets the target: n kl(r || target) - ln(2 sqrt(n) / delta).

    None where no K does: the target is below the risk, or too near to it for so few examples.
    Raises PacvizError for arguments that `seeger` refuses and for a target outside [0, 1].
    """
    risk, _, n, delta = check_inputs(risk, 0, n, delta)
    target = check_risk("target", target)
    room = n * binary_kl(risk, target) - _maurer(n, delta)
    return room if target > risk and room >= 0 else None


def _maurer(n: int, delta: float) -> float:
    return math.log(2 * math.sqrt(n)) - math.log(delta)
