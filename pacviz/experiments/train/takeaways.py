"""What the pictures of a run show, in sentences that are computed from its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import log10

from pacviz.bounds import binary_kl
from pacviz.figures.style import VACUOUS
from pacviz.scenario import Scenario
from pacviz.settings import defaults
from pacviz.training.recipe import METHODS
from pacviz.training.records import Metrics, Run, last_measured
from pacviz.words import at_most, shape, size, surely

DECADES = 0.05
"""Losses, as powers of ten, that differ by less are the same to a reader: 12 %."""
LEAST_LOSS = 1e-4
"""Smaller losses are drawn here."""


def loss_title(rows: Sequence[Metrics]) -> str:
    """How the loss goes; where it goes up and down while weights go, why."""
    if len(rows) < 2:
        return "The loss will show here"
    kind = shape([log10(max(row.loss, LEAST_LOSS)) for row in rows], DECADES)
    if kind in ("peaks", "mixed") and rows[-1].density < rows[0].density:
        return "The loss goes up and down while weights are pruned"
    return {
        "rising": "The loss rises",
        "falling": "The loss falls",
        "flat": "The loss hardly moves",
        "dips": "The loss falls, then rises",
        "peaks": "The loss rises, then falls",
    }.get(kind, "The loss goes up and down")


def error_title(rows: Sequence[Metrics]) -> str:
    """The errors at the ends of both lines."""
    if not rows:
        return "Errors will show here"
    compressed = next((row.error for row in reversed(rows) if row.error is not None), None)
    told = "" if compressed is None else f", {compressed:.2%} compressed"
    return f"Error: {1 - rows[-1].accuracy:.2%} as the batches come{told}"


def share_left(row: Metrics) -> str:
    """The share of weights that is left; neither all nor nothing where it is not."""
    share = f"{row.density:.2%}"
    if share == "100.00%" and row.density < 1:
        return "over 99.99%"
    return "under 0.01%" if share == "0.00%" and row.nonzeros else share


def density_title(rows: Sequence[Metrics]) -> str:
    """How many weights are left."""
    if not rows:
        return "The share of weights that is left"
    if rows[-1].density == 1:
        return "All weights are left"
    share = share_left(rows[-1])
    return f"{share[0].upper()}{share[1:]} of the weights are left: {rows[-1].nonzeros:,}"


def too_large(row: Metrics) -> bool:
    """Whether its bytes alone make its bound vacuous: without any error, K/n nats would still give 1 - exp(-K/n) >= VACUOUS.

    K/n: kl(error || bound) of the row; the least that it can be where the bound is 1.
    """
    nats = binary_kl(row.error_upper or 0.0, min(row.bound or 0.0, math.nextafter(1, 0)))
    return nats >= -math.log1p(-VACUOUS)


def too_wrong(row: Metrics) -> bool:
    """Whether its errors alone make its bound vacuous."""
    return (row.error_upper or 0.0) >= VACUOUS


def bound_title(rows: Sequence[Metrics]) -> str:
    """What the last bound is worth, and where it is vacuous, why."""
    last = last_measured(rows)
    if last is None or last.bound is None:
        return "The bound will show here"
    count = size(last.code_bytes or 0)
    if last.bound < VACUOUS:
        preview = "" if last.exact else " (preview)"
        return f"{count} describe it: the true error is below {at_most(last.bound)}{preview}"
    if too_large(last):
        return f"{count} are too many: the bound is vacuous"
    if too_wrong(last):
        return "Its errors alone make the bound vacuous"
    return f"{count} and its errors make the bound vacuous"


def run_explanation(run: Run, rows: Sequence[Metrics]) -> str:
    """One or two sentences about the bound: what it is worth, and why it is no better yet."""
    last = last_measured(rows)
    if last is None or last.bound is None:
        return "Its numbers show as soon as it has read the data."
    takes = f"{last.nonzeros:,} weights take {size(last.code_bytes or 0)}"
    if last.bound < VACUOUS:
        sure, error = surely(defaults(Scenario)["delta"]), at_most(last.bound)
        held = f"**With probability {sure}, the true error is below {error}**"
        return f"{held}: {takes}." if last.exact else f"{held} (preview): {takes} by now."
    vacuous = f"**Vacuous**{'' if last.exact else ' so far'}"
    if not too_large(last):
        error = f"it errs on {last.error or 0.0:.1%} of the training examples"
        return f"{vacuous}: {error}{'' if too_wrong(last) else f', and {takes}'}."
    if not METHODS[run.training.method].prunes:
        return f"{vacuous}: plain training drops no weights, and {takes}. Prune what comes out of it."
    if last.density == 1 and run.training.density < 1:
        return f"{vacuous}: pruning has not begun, and {takes}."
    return f"{vacuous}: {takes}."
