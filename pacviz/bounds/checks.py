"""The door of this room: every number is checked once, and a refusal says what came and what is allowed."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from numbers import Real
from typing import Any

from pacviz.errors import PacvizError


def check(name: str, value: Any, allowed: str, holds: Callable[[Any], Any]) -> None:
    """Raises PacvizError unless holds(value); NaN and things that are no numbers fail every comparison."""
    try:
        valid = bool(holds(value))
    except (TypeError, ValueError):
        valid = False
    if not valid:
        shown = value if isinstance(value, Real) else reprlib.repr(value)
        raise PacvizError(f"{name} is {shown}, which is not allowed; give {allowed}.")


def check_risk(name: str, value: float) -> None:
    """A 0-1 risk."""
    check(name, value, "a fraction in [0, 1]", lambda x: 0 <= x <= 1)


def check_examples(n: int) -> None:
    """A number of training examples, n >= 8 as Maurer's constant 2 sqrt(n) asks."""
    check("n", n, "a whole number of training examples, at least 8", lambda x: 8 <= x < math.inf and x % 1 == 0)


def check_inputs(risk: float, kl: float, n: int, delta: float) -> None:
    """The four arguments that all bounds share."""
    check_risk("risk", risk)
    check("kl", kl, "a finite number of nats, 0 or more", lambda x: 0 <= x < math.inf)
    check_examples(n)
    check("delta", delta, "a failure probability strictly between 0 and 1", lambda x: 0 < x < 1)
