"""The waterfall: a drawing of the ledger, from nothing to the effective size."""

from __future__ import annotations

import plotly.graph_objects as go

from pacviz.certificates.certificate import Certificate
from pacviz.codes.ledger import PARTS
from pacviz.figures.style import LAYERS, PATTERNS, themed
from pacviz.words import charges_takeaway, size

CEILINGS = [mantissa * 10**exponent for exponent in range(2, 7) for mantissa in (1, 2, 5)]
"""Upper ends of the axis: few, so that it rarely moves while a slider does."""
STEPS = {part: part.replace(" ", "<br>", 1) for part in PARTS}
"""How each part of the ledger is written below its step."""
TOTAL = "<b>effective<br>size</b>"


def waterfall(certificate: Certificate, dark: bool = False, height: int = 340) -> go.Figure:
    """Where the bytes go: kinds of charges as steps, layers as colours and patterns within a step, the refund downwards."""
    gathered = certificate.ledger.by_part()
    sums = {
        step: {layer or "network": gathered[part].get(layer, 0.0) / 8 for layer in (*certificate.layers, "")}
        for part, step in STEPS.items()
    }
    figure, top, edges = go.Figure(), 0.0, []
    bases: dict[str, list[float]] = {}
    for layers in sums.values():
        edges.append(max(top, top + sum(layers.values())))
        for layer, amount in layers.items():
            bases.setdefault(layer, []).append(top)
            top += amount
    for index, layer in enumerate(bases):
        figure.add_bar(
            x=list(STEPS.values()),
            y=[sums[step][layer] for step in STEPS.values()],
            base=bases[layer],
            name=layer,
            marker={
                "color": LAYERS[index % len(LAYERS)],
                "pattern": {
                    "shape": PATTERNS[index % len(PATTERNS)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                },
            },
            hovertemplate=f"{layer}: %{{y:,.0f}} bytes<extra></extra>",
            width=0.72,
        )
    total = certificate.effective_bytes
    figure.add_bar(
        x=[TOTAL],
        y=[total],
        marker={"color": "#777777"},
        showlegend=False,
        width=0.72,
        hovertemplate="effective size: %{y:,.0f} bytes<extra></extra>",
    )
    figure.add_scatter(
        x=[*STEPS.values(), TOTAL],
        y=[*edges, total],
        mode="text",
        text=[*(size(sum(layers.values())) for layers in sums.values()), f"<b>{size(total)}</b>"],
        textposition="top center",
        textfont={"size": 15},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    ceiling = next((ceiling for ceiling in CEILINGS if ceiling >= 1.12 * max(edges)), CEILINGS[-1])
    title = charges_takeaway({part: sum(sums[step].values()) for part, step in STEPS.items()})
    themed(figure, title, dark, height)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(tickangle=0)
    return figure.update_yaxes(title="bytes", range=[0, ceiling], tickformat="~s")
