"""Where the bytes of a small network go, layer by layer: its ledger as a staircase from nothing to the effective size."""

from __future__ import annotations

import html
import math

import plotly.graph_objects as go

from pacviz.certificates.certificate import Certificate
from pacviz.figures.style import themed
from pacviz.figures.waterfall import staircase
from pacviz.words import size

TOTAL = "<b>in all</b>"
CEILINGS = (100, 200, 300, 400, 500, 600, 800, 1_000, 1_500, 2_000, 5_000, 10_000, 100_000, 1_000_000)
"""Upper ends of the axis: few, so that it rarely moves while a slider does."""


def layer_waterfall(certificate: Certificate, dark: bool = False, height: int = 400) -> go.Figure:
    """A step for each layer, in it a colour and a pattern for each kind of charge; a step of its own for each other line."""
    sums: dict[str, dict[str, float]] = {}
    for charge in certificate.ledger.charges:
        kind, step = html.escape(charge.kind), html.escape(charge.layer or charge.kind)
        amounts = sums.setdefault(step, {})
        amounts[kind] = amounts.get(kind, 0.0) + charge.bits / 8
    total = certificate.effective_bytes
    figure, top = staircase(sums, total, TOTAL, "{:,.0f}".format, "%{{x}}, {series}: %{{y:,.1f}} bytes")
    largest = max(sums, key=lambda step: math.fsum(sums[step].values()))
    share = math.fsum(sums[largest].values()) / total
    themed(figure, f"Where {size(total)} go: {share:.0%} into {largest}", dark, height)
    figure.update_xaxes(tickfont={"size": 12})
    ceiling = next((ceiling for ceiling in CEILINGS if ceiling >= 1.1 * top), CEILINGS[-1])
    return figure.update_yaxes(range=[0, ceiling])
