"""What a picture shows, in a sentence that is computed from what is drawn.

`explorer/words.js` holds the same functions for a browser and is given the same sentences; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pacviz.words.numbers import at_most

POINTS = 0.01
"""Errors and bounds that differ by less are the same to a reader: a percentage point, three pixels of a chart."""
DECADES = 0.01
"""Sizes, as powers of ten, that differ by less are the same to a reader: 2.3 %."""

SENTENCES: dict[str, Any] = {
    "bound": {
        "sparsity": {
            "breaks": "Prune until accuracy breaks: the bound is smallest at {}",
            "dips": "The bound dips: it is smallest at {} sparsity",
            "falling": "The more is pruned, the smaller the bound",
            "rising": "The more is pruned, the larger the bound",
            "flat": "Pruning hardly moves the bound here",
            "peaks": "The bound peaks: it is largest at {} sparsity",
            "mixed": "The bound goes up and down: it is smallest at {}",
            "vacuous": "The bound is vacuous at every sparsity",
            "unknown": "Errors and bounds along sparsity",
        },
        "bits": {
            "breaks": "The bound is smallest at {} codebook bits",
            "dips": "The bound is smallest at {} codebook bits",
            "falling": "The more codebook bits, the smaller the bound",
            "rising": "The more codebook bits, the larger the bound",
            "flat": "Codebook bits hardly move the bound here",
            "peaks": "The bound is largest at {} codebook bits",
            "mixed": "The bound goes up and down: it is smallest at {} bits",
            "vacuous": "The bound is vacuous at every number of bits",
            "unknown": "Errors and bounds along codebook bits",
        },
        "noise": {
            "breaks": "Noise pays until it costs accuracy: smallest bound at {}",
            "dips": "Some noise pays: the bound is smallest at {}",
            "falling": "The more noise, the smaller the bound",
            "rising": "The more noise, the larger the bound",
            "flat": "Noise hardly moves the bound here",
            "peaks": "The bound peaks: it is largest at {} noise",
            "mixed": "The bound goes up and down: it is smallest at {} noise",
            "vacuous": "The bound is vacuous at every noise scale",
            "unknown": "Errors and bounds along noise",
        },
    },
    "size": {
        "sparsity": {
            "dips": "The effective size is smallest at {} sparsity",
            "falling": "The more is pruned, the fewer bytes are charged",
            "rising": "The more is pruned, the more bytes are charged",
            "flat": "Pruning hardly changes the effective size here",
            "peaks": "The effective size is largest at {} sparsity",
            "mixed": "The effective size goes up and down: smallest at {}",
            "unknown": "Sizes along sparsity",
        },
        "bits": {
            "dips": "The effective size is smallest at {} codebook bits",
            "falling": "The more codebook bits, the fewer bytes are charged",
            "rising": "The more codebook bits, the more bytes are charged",
            "flat": "Codebook bits hardly change the effective size here",
            "peaks": "The effective size is largest at {} codebook bits",
            "mixed": "The effective size goes up and down: smallest at {} bits",
            "unknown": "Sizes along codebook bits",
        },
        "noise": {
            "dips": "The effective size is smallest at {} noise",
            "falling": "The more noise, the fewer bytes are charged",
            "rising": "The more noise, the more bytes are charged",
            "flat": "Noise hardly changes the effective size here",
            "peaks": "The effective size is largest at {} noise",
            "mixed": "The effective size goes up and down: smallest at {} noise",
            "unknown": "Sizes along noise",
        },
    },
    "charges": {
        "mostly": "Where the bytes go: mostly into {}",
        "most": "Where the bytes go: the largest part into {}",
        "none": "Where the bytes go",
    },
    "turns": {
        "size": ["{} is vacuous from {} on", "No network is small enough: guessing errs no more"],
        "n": ["{} is vacuous below n = {}", "No number of examples helps: guessing errs no more"],
    },
    "surer": {
        "becomes": "{} times surer: {} becomes {}",
        "stays": "{} times surer: it stays {}",
        "vacuous": "Vacuous, and no less so where one is {} times surer",
        "surest": "As sure as can be asked for here: below {}",
    },
}
"""By picture, and by what it shows; {} stands for a place or a number."""


def shape(values: Sequence[float], tolerance: float) -> str:
    """How a curve goes: "rising", "falling", "flat", "dips" (falls, then rises), "peaks" (rises, then falls) or "mixed".

    values: from left to right.  A move of `tolerance` or less is none: a curve turns only where it comes back by more.
    """
    moves: list[str] = []
    low = high = values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
        going = moves[-1] if moves else ""
        turn = "rising" if going != "rising" and value - low > tolerance else ""
        turn = "falling" if going != "falling" and high - value > tolerance else turn
        if turn:
            moves.append(turn)
            low = high = value
    match moves:
        case []:
            return "flat"
        case [move]:
            return move
        case ["falling", "rising"]:
            return "dips"
        case ["rising", "falling"]:
            return "peaks"
    return "mixed"


def bound_takeaway(
    axis: str, x: Sequence[float], bounds: Sequence[float], errors: Sequence[float], vacuous: float
) -> str:
    """What bounds along an axis show.  errors: the training errors there.  vacuous: from where a bound says nothing."""
    sentences = SENTENCES["bound"][axis]
    if len(bounds) < 2:
        return str(sentences["unknown"])
    if min(bounds) >= vacuous:
        return str(sentences["vacuous"])
    kind = shape(bounds, POINTS)
    lowest = bounds.index(min(bounds))
    # What raises the bound again is the error, and not the size.
    if kind == "dips" and errors[-1] - errors[lowest] > (bounds[-1] - bounds[lowest]) / 2:
        kind = "breaks"
    return str(sentences[kind]).format(_place(axis, x[bounds.index(max(bounds)) if kind == "peaks" else lowest]))


def size_takeaway(axis: str, x: Sequence[float], sizes: Sequence[float]) -> str:
    """What effective sizes in bytes along an axis show."""
    sentences = SENTENCES["size"][axis]
    if len(sizes) < 2:
        return str(sentences["unknown"])
    kind = shape([math.log10(max(count, 1.0)) for count in sizes], DECADES)
    return str(sentences[kind]).format(_place(axis, x[sizes.index((max if kind == "peaks" else min)(sizes))]))


def _place(axis: str, x: float) -> str:
    return f"{x:g}" if axis == "bits" else f"{round(100 * x, 2):g}%"


def charges_takeaway(charges: Mapping[str, float]) -> str:
    """Into which of these, in any unit, most goes; what is refunded is none of them."""
    positive = {name: amount for name, amount in charges.items() if amount > 0}
    if not positive:
        return str(SENTENCES["charges"]["none"])
    largest = max(positive, key=lambda name: positive[name])
    kind = "mostly" if 2 * positive[largest] > sum(positive.values()) else "most"
    return str(SENTENCES["charges"][kind]).format(largest)


def turn_takeaway(axis: str, bound: str, place: str | None) -> str:
    """Where a bound turns vacuous along the size or n; place: None where it is vacuous everywhere."""
    there, nowhere = SENTENCES["turns"][axis]
    return str(nowhere if place is None else there.format(bound, place))


def surer_takeaway(times: float, bound: float, surer: float, vacuous: float) -> str:
    """What it costs to be so many times surer."""
    sentences = SENTENCES["surer"]
    if times < 2:
        return str(sentences["surest"]).format(at_most(bound))
    count = "A million" if times >= 999_999 else f"{times:,.0f}"
    if bound >= vacuous:
        return str(sentences["vacuous"]).format(count[0].lower() + count[1:])
    if at_most(bound) == at_most(surer):
        return str(sentences["stays"]).format(count, at_most(bound))
    return str(sentences["becomes"]).format(count, at_most(bound), at_most(surer))
