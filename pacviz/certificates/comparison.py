"""What a file claims beside what is measured and recomputed here, key by key."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LATER = {
    ("certificate", "architecture_bits"),
    ("certificate", "bound_with_architecture"),
    ("certificate", "scenario", "spread"),
    ("certificate", "scenario", "quantizer"),
}
"""What a file says now and older ones leave out: the setting has its default there, the rest is computed."""
LATER_IN_CHARGES = ("kind", "layer")
"""The same of a line of the ledger: its name says both."""
TOLERANCE = 1e-9
"""Relative and absolute difference of two numbers that agree."""


@dataclass(frozen=True)
class Comparison:
    """One thing that the file claims, and what was found instead of it or in confirmation of it."""

    name: str
    claimed: Any
    found: Any
    agrees: bool


def compared(claimed: Any, recomputed: Any, *path: str) -> Iterator[Comparison]:
    """What is claimed beside what was recomputed, key by key: nothing but LATER may be missing, and nothing may be added."""
    name = _named(path) or "header"
    match recomputed:
        case {"name": str(line), "bits": float(bits), "why": str(why)}:
            there = claimed if isinstance(claimed, dict) else {}
            told = {key: part for key, part in recomputed.items() if key in there or key not in LATER_IN_CHARGES}
            same = there | {"bits": bits} == told
            yield comparison(f"{name}: {line} ({why})", there.get("bits") if same else claimed, bits, TOLERANCE)
        case dict() if isinstance(claimed, dict):
            for key, part in recomputed.items():
                if key in claimed:
                    yield from compared(claimed[key], part, *path, key)
                elif (*path, key) not in LATER:
                    yield Comparison(_named((*path, key)), "nothing", _shown(part), False)
            if unknown := sorted(claimed.keys() - recomputed.keys()):
                yield Comparison(f"other entries of {name}", _shown(unknown), "none", False)
        case list() if isinstance(claimed, list) and len(claimed) == len(recomputed):
            for index, (one, other) in enumerate(zip(claimed, recomputed, strict=True), 1):
                yield from compared(one, other, *path, str(index))
        case _:
            yield comparison(name, claimed, recomputed)


def comparison(name: str, claimed: Any, recomputed: Any, slack: float = 0.0) -> Comparison:
    """Two values of one type that are equal; numbers that are no whole ones to within TOLERANCE, or `slack`."""
    agrees = type(claimed) is type(recomputed) and (
        math.isclose(claimed, recomputed, rel_tol=TOLERANCE, abs_tol=slack)
        if type(recomputed) is float
        else claimed == recomputed
    )
    return Comparison(name, _shown(claimed), _shown(recomputed), agrees)


def _named(path: tuple[str, ...]) -> str:
    return " ".join(path[1:] if path[:1] == ("certificate",) and len(path) > 1 else path)


def _shown(value: Any) -> Any:
    """The value, or the beginning of what would fill a screen."""
    plain = value is None or isinstance(value, bool | float | int) or (isinstance(value, str) and len(value) <= 300)
    return value if plain else reprlib.repr(value)
