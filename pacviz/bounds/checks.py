"""The door of this room: every number is checked once, and a refusal says what came and what is allowed."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from contextlib import suppress
from numbers import Real
from typing import Any

from pacviz.errors import PacvizError

ROUNDING = 1e-14
"""Share by which a formula's value is enlarged, twenty times its error against 60 digits, so that no bound is too small."""


def check(name: str, value: Any, allowed: str, holds: Callable[[Any], Any]) -> None:
    """Raises PacvizError unless holds(value); NaN and things that are no numbers fail every comparison."""
    try:
        valid = bool(holds(value))
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise PacvizError(f"{name} is {_shown(value)}, which is not allowed; give {allowed}.")


def number(name: str, value: Any, allowed: str, holds: Callable[[float], bool]) -> float:
    """The value as a Python float, whatever kind of number it came as: the formulas round in float64 only.

    Raises PacvizError for what is no single number, for a whole number beyond all floats, and unless holds(value).
    """
    plain = math.nan
    if not isinstance(value, str | bytes):
        with suppress(TypeError, ValueError, RuntimeError, OverflowError):
            plain = float(value.item() if hasattr(value, "item") else value)
    if not holds(plain):
        raise PacvizError(f"{name} is {_shown(value)}, which is not allowed; give {allowed}.")
    return plain


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a whole number of more than 18 digits"
    return str(value) if isinstance(value, Real) else reprlib.repr(value)


def check_risk(name: str, value: Any) -> float:
    """A 0-1 risk, as a Python float."""
    return number(name, value, "a fraction in [0, 1]", lambda x: 0 <= x <= 1)


def check_examples(n: Any) -> int:
    """A number of training examples, n >= 8 as Maurer's constant 2 sqrt(n) asks, as a Python int."""
    allowed = "a whole number of training examples, at least 8"
    return int(number("n", n, allowed, lambda x: 8 <= x < math.inf and x % 1 == 0))


def check_inputs(risk: Any, kl: Any, n: Any, delta: Any) -> tuple[float, float, int, float]:
    """The four arguments that all bounds share, as Python numbers."""
    return (
        check_risk("risk", risk),
        number("kl", kl, "a finite number of nats, 0 or more", lambda x: 0 <= x < math.inf),
        check_examples(n),
        number("delta", delta, "a failure probability strictly between 0 and 1", lambda x: 0 < x < 1),
    )
