"""The waterfall: a drawing of the ledger, from nothing to the effective size."""

from __future__ import annotations

import plotly.graph_objects as go

from pacviz.certificate import Certificate
from pacviz.figures.style import LAYERS, PATTERNS, size, themed

CEILINGS = [mantissa * 10**exponent for exponent in range(2, 7) for mantissa in (1, 2, 5)]
REFUND = "noise refund"


def waterfall(certificate: Certificate, dark: bool = False, height: int = 340) -> go.Figure:
    """Where the bits go: kinds of charge as steps, layers as patterns within a step, the noise refund downwards."""
    kinds: dict[str, dict[str, float]] = {}
    for charge in certificate.ledger.charges:
        kind, _, layer = charge.name.partition(" of ")
        kind = kind if layer else "other"
        part = kinds.setdefault(kind, {})
        part[layer or "whole network"] = part.get(layer or "whole network", 0.0) + charge.bits / 8
    order = sorted(kinds, key=lambda kind: (kind == REFUND, kind == "other", -sum(kinds[kind].values())))
    layers = list(dict.fromkeys(layer for kind in order for layer in kinds[kind]))
    total = certificate.effective_bytes
    labels = [kind.replace(" ", "<br>") for kind in order]
    figure = go.Figure()
    top, tops, starts = 0.0, [], {}
    for kind in order:
        for layer, amount in kinds[kind].items():
            starts[kind, layer] = top
            top += amount
        tops.append(max(top, top - sum(kinds[kind].values())))
    for index, layer in enumerate(layers):
        figure.add_bar(
            x=[label for label, kind in zip(labels, order, strict=True) if layer in kinds[kind]],
            y=[kinds[kind][layer] for kind in order if layer in kinds[kind]],
            base=[starts[kind, layer] for kind in order if layer in kinds[kind]],
            name=layer,
            marker={"color": LAYERS[index % len(LAYERS)], "pattern": {"shape": PATTERNS[index % len(PATTERNS)], "solidity": 0.25}},
            hovertemplate=f"{layer}: %{{y:,.0f}} bytes<extra>%{{x}}</extra>",
            width=0.72,
        )
    figure.add_bar(x=["<b>effective<br>size</b>"], y=[total], marker={"color": "#777777"}, showlegend=False, width=0.72, hovertemplate="effective size: %{y:,.0f} bytes<extra></extra>")
    figure.add_scatter(
        x=[*labels, "<b>effective<br>size</b>"],
        y=[*tops, total],
        mode="text",
        text=[*(size(sum(kinds[kind].values())) for kind in order), f"<b>{size(total)}</b>"],
        textposition="top center",
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    ceiling = next((c for c in CEILINGS if c >= 1.12 * max([*tops, total])), CEILINGS[-1])
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(title="bytes", range=[0, ceiling], tickformat="~s")
    largest = max(order, key=lambda kind: sum(kinds[kind].values()))
    return themed(figure, f"Where the bits go: mostly into {largest}", dark, height)
