"""The page on which a bound is moved without a network: what its script is given."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from pacviz.bounds import BOUNDS
from pacviz.bounds.operating_point import NATS_PER, SURER, OperatingPoint
from pacviz.experiments.bounds.figures import (
    BYTES_RANGE,
    BYTES_TICKS,
    DELTA_RANGE,
    DELTA_TICKS,
    N_RANGE,
    N_TICKS,
    POINTS,
)
from pacviz.explorer import bound_words, style_words
from pacviz.figures.style import LINES
from pacviz.literature import PUBLISHED, PublishedResult
from pacviz.settings import Setting, defaults, settings

SCRIPTS = (Path(__file__).parent / "what_if.js",)
"""The page's own script, for `pacviz.explorer.source`."""
MANTISSAS = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.2, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9)
"""The stops of a slider in every decade."""
SYMBOLS = {"n": "n", "risk": "r", "kl": "K", "delta": "delta"}
"""The settings that a slider moves, each with its symbol in the formulas."""
AXES = {
    "size": (BYTES_RANGE, BYTES_TICKS, 1),
    "n": (N_RANGE, N_TICKS, 1),
    "delta": (DELTA_RANGE, DELTA_TICKS, 2),
}
"""By chart, the ends of its logarithmic axis as powers of ten, its ticks, and the powers from one to the next."""


def payload(point: OperatingPoint, echo: int = 0, present: bool = False) -> dict[str, Any]:
    """The data of `mount` as plain values.  echo: the last `seq` heard from the browser.  present: for an audience."""
    return {
        "known": {
            "nats_per": NATS_PER,
            "surer": SURER,
            "least_delta": settings(OperatingPoint)["delta"].low,
            "points": POINTS,
        },
        "controls": [_control(name, setting) for name, setting in settings(OperatingPoint).items()],
        "bounds": bound_words(),
        "styles": {name: style_words(LINES[line]) for name, line in _LINES.items()},
        "axes": {name: _axis(*axis) for name, axis in AXES.items()},
        "published": [_published(result) for result in PUBLISHED],
        "state": dataclasses.asdict(point),
        "echo": echo,
        "present": present,
    }


_LINES = {"train": "train_error"} | {name: name for name in BOUNDS}


def stops(setting: Setting, kind: type) -> list[float]:
    """MANTISSAS in every decade of what the setting allows, and its lowest and highest value, ascending."""
    low, high = setting.low, setting.high
    decades = range(math.floor(math.log10(setting.smallest)), math.ceil(math.log10(high)) + 1)
    values = {kind(float(f"{mantissa}e{power}")) for power in decades for mantissa in MANTISSAS}
    return sorted({kind(low), kind(high), *(value for value in values if setting.smallest <= value <= high)})


def _control(name: str, setting: Setting) -> dict[str, Any]:
    kind = type(defaults(OperatingPoint)[name])
    control: dict[str, Any] = {"name": name, "title": setting.title, "help": setting.help}
    if choices := setting.choices():
        titles = {bound.name: bound.title for bound in BOUNDS.values()}
        return control | {"choices": [[choice, titles.get(choice, choice)] for choice in choices]}
    control["help"] += f" {setting.allowed.capitalize()}."
    control |= {name: getattr(setting, name) for name in ("low", "high", "step", "allowed")} | {"whole": kind is int}
    return control | ({"stops": stops(setting, kind), "symbol": SYMBOLS[name]} if name in SYMBOLS else {})


def _axis(ends: tuple[float, float], ticks: tuple[str, ...], step: int) -> dict[str, Any]:
    powers = range(int(ends[0]), int(ends[1]) + 1, step)
    return {"low": ends[0], "high": ends[1], "ticks": list(zip(powers, ticks, strict=False))}


def _published(result: PublishedResult) -> dict[str, Any]:
    point = None
    if result.point is not None:
        point = {name: value for name, value in dataclasses.asdict(result.point).items() if name != "bound"}
    return {
        "name": result.name,
        "label": result.label,
        "says": "\n".join(result.lines),
        "certificate": result.bound is not None,
        "n": result.n,
        "size": result.size,
        "height": result.height,
        "point": point,
    }
