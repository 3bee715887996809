"""Where the bytes of a small network go, layer by layer: its ledger as a staircase from nothing to the effective size."""

from __future__ import annotations

import html
import math

import plotly.graph_objects as go

from pacviz.certificates.certificate import Certificate
from pacviz.figures.style import LAYERS, PATTERNS, themed
from pacviz.words import size

TOTAL = "<b>in all</b>"
CEILINGS = (100, 200, 300, 400, 500, 600, 800, 1_000, 1_500, 2_000, 5_000, 10_000, 100_000, 1_000_000)
"""Upper ends of the axis: few, so that it rarely moves while a slider does."""


def layer_waterfall(certificate: Certificate, dark: bool = False, height: int = 400) -> go.Figure:
    """A step for each layer, in it a colour and a pattern for each kind of charge; a step of its own for each other line."""
    charges = [
        (html.escape(charge.kind), html.escape(charge.layer or charge.kind), charge.bits / 8)
        for charge in certificate.ledger.charges
    ]
    steps = list(dict.fromkeys(step for _, step, _ in charges))
    charges.sort(key=lambda charge: steps.index(charge[1]))
    sums = {step: math.fsum(amount for _, at, amount in charges if at == step) for step in steps}
    figure, total = go.Figure(), certificate.effective_bytes
    tops = dict(zip(steps, _running([sums[step] for step in steps]), strict=True))
    for index, kind in enumerate(dict.fromkeys(kind for kind, _, _ in charges)):
        own = [place for place, (other, _, _) in enumerate(charges) if other == kind]
        figure.add_bar(
            x=[charges[place][1] for place in own],
            y=[charges[place][2] for place in own],
            base=[math.fsum(amount for _, _, amount in charges[:place]) for place in own],
            name=kind,
            marker={
                "color": LAYERS[index % len(LAYERS)],
                "pattern": {
                    "shape": PATTERNS[index % len(PATTERNS)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                },
            },
            hovertemplate=f"%{{x}}, {kind}: %{{y:,.1f}} bytes<extra></extra>",
            width=0.72,
        )
    figure.add_bar(
        x=[TOTAL],
        y=[total],
        marker={"color": "#777777"},
        showlegend=False,
        width=0.72,
        hovertemplate="in all: %{y:,.0f} bytes<extra></extra>",
    )
    figure.add_scatter(
        x=[*steps, TOTAL],
        y=[*tops.values(), total],
        mode="text",
        text=[*(f"{amount:,.0f}" for amount in sums.values()), f"<b>{total:,.0f}</b>"],
        textposition="top center",
        textfont={"size": 15},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    largest = max(steps, key=lambda step: sums[step])
    ceiling = next((ceiling for ceiling in CEILINGS if ceiling >= 1.1 * max(total, *tops.values())), CEILINGS[-1])
    title = f"Where {size(total)} go: {sums[largest] / total:.0%} into {largest}"
    themed(figure, title, dark, height)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(tickangle=0, tickfont={"size": 12})
    return figure.update_yaxes(title="bytes", range=[0, ceiling])


def _running(amounts: list[float]) -> list[float]:
    """The sum of all amounts up to each."""
    return [math.fsum(amounts[: place + 1]) for place in range(len(amounts))]
