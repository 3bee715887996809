"""The waterfall: a drawing of the ledger, from nothing to the effective size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

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
    figure, top = staircase(sums, certificate.effective_bytes, TOTAL, size, "{series}: %{{y:,.0f}} bytes")
    ceiling = next((ceiling for ceiling in CEILINGS if ceiling >= 1.12 * top), CEILINGS[-1])
    title = charges_takeaway({part: sum(sums[step].values()) for part, step in STEPS.items()})
    themed(figure, title, dark, height)
    figure.update_xaxes(tickangle=0)
    return figure.update_yaxes(range=[0, ceiling], tickformat="~s")


def staircase(
    sums: Mapping[str, Mapping[str, float]], total: float, total_name: str, written: Callable[[float], str], hover: str
) -> tuple[go.Figure, float]:
    """Amounts as steps from nothing to their total, and the height of the highest step.

    sums: by step and by series, which are colours and patterns within a step.  written: an amount above its step.
    hover: a format of {series}, in which %{x} is the step and %{y} the amount.
    """
    series = list(dict.fromkeys(name for amounts in sums.values() for name in amounts))
    figure, bases = go.Figure(), dict[tuple[str, str], float]()
    edges: list[float] = []
    before: list[float] = []
    for step, amounts in sums.items():
        below = math.fsum(before)
        for name in sorted(amounts, key=series.index):
            bases[step, name] = math.fsum(before)
            before.append(amounts[name])
        edges.append(max(below, math.fsum(before)))
    for index, name in enumerate(series):
        own = [step for step, amounts in sums.items() if name in amounts]
        figure.add_bar(
            x=own,
            y=[sums[step][name] for step in own],
            base=[bases[step, name] for step in own],
            name=name,
            marker={
                "color": LAYERS[index % len(LAYERS)],
                "pattern": {
                    "shape": PATTERNS[index % len(PATTERNS)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                },
            },
            hovertemplate=f"{hover.format(series=name)}<extra></extra>",
            width=0.72,
        )
    figure.add_bar(
        x=[total_name],
        y=[total],
        marker={"color": "#777777"},
        showlegend=False,
        width=0.72,
        hovertemplate="effective size: %{y:,.0f} bytes<extra></extra>",
    )
    figure.add_scatter(
        x=[*sums, total_name],
        y=[*edges, total],
        mode="text",
        text=[*(written(math.fsum(amounts.values())) for amounts in sums.values()), f"<b>{written(total)}</b>"],
        textposition="top center",
        textfont={"size": 15},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(title="bytes")
    return figure, max(*edges, total)
