"""The frontier of small networks: training error, bytes, and the certificate that each pair of them makes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import plotly.graph_objects as go

from pacviz.figures.isobound import iso_bound
from pacviz.figures.style import Line, ink, size, themed
from pacviz.literature import PUBLISHED, RECORD, PublishedResult
from pacviz.tight.points import Point, Value, best, pareto

FAMILY_LINES: dict[str, Line] = {
    "tiny": Line("tiny networks", "#0072B2", "solid", "circle"),
    "subspace": Line("random subspaces", "#D55E00", "dash", "square"),
}
SYMBOLS = {"tiny": "●", "subspace": "■"}
"""The same symbols in a text."""
TARGETS = (0.03, 0.05, 0.07, 0.09, 0.15, 0.2, 0.3, 0.5)
"""Certificates whose curves are drawn beside that of the record."""
ERRORS, BYTES = (0.003, 0.12), (80, 10_000)
"""The ranges of the axes."""
_ERROR_TICKS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_BYTE_TICKS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_PALE = "73"
"""The opacity of points that another beats, in hexadecimal digits."""
_GREY, _GREEN = "#888888", "#009E73"
_CERTIFIED, _SIZE_ONLY = "published certificates", "published sizes only"


def tightest(
    points: Sequence[Point],
    selected: Point | None = None,
    paths: Mapping[str, Mapping[Value, Point]] | None = None,
    published: Iterable[PublishedResult] = PUBLISHED,
    n: int = 60_000,
    delta: float = 0.05,
    dark: bool = False,
    height: int = 430,
) -> go.Figure:
    """Bytes against training error on MNIST, both logarithmic, over curves of equal Maurer-Seeger bounds.

    Each point's customdata is its name.  paths: by setting, the runs along it through the selected point.
    n, delta: of the curves.
    """
    figure = go.Figure()
    for target in TARGETS:
        _draw_curve(figure, target, n, delta)
    _draw_record(figure, n, delta)
    _draw_published(figure, [result for result in published if _shown(result)], dark)
    for dash, (setting, runs) in zip(("solid", "dot", "dashdot", "longdash"), (paths or {}).items(), strict=False):
        _draw_path(figure, setting, runs, dash, ink(dark))
    unbeaten = pareto(points)
    for family, line in FAMILY_LINES.items():
        _draw_family(figure, line, [point for point in points if point.family == family], unbeaten)
    if points:
        _draw_marks(figure, best(points), selected, dark)
    figure.update_xaxes(
        title=f"training error on {n:,} images (logarithmic)",
        type="log",
        range=[math.log10(share) for share in ERRORS],
        tickvals=_ERROR_TICKS,
        ticktext=[f"{100 * share:g} %" for share in _ERROR_TICKS],
    )
    figure.update_yaxes(
        title="bytes, everything charged (logarithmic)",
        type="log",
        range=[math.log10(count) for count in BYTES],
        tickvals=_BYTE_TICKS,
        ticktext=[size(count).replace(".00", "").replace(".0", "") for count in _BYTE_TICKS],
    )
    themed(figure, takeaway(points), dark, height)
    return figure.update_layout(margin_t=76, margin_l=74, dragmode=False, clickmode="event+select")


def takeaway(points: Sequence[Point]) -> str:
    """What the chart says, in one line."""
    if not points:
        return f"The published record on MNIST is {_percent(RECORD)}: a point below its curve would beat it"
    winner = best(points)
    if winner.bound < RECORD:
        return f"{winner.bytes:,.0f} bytes with {winner.error:.1%} errors: below the curve of the published record"
    return f"{winner.bytes:,.0f} bytes with {winner.error:.1%} errors: not yet below the curve of the published record"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _shown(result: PublishedResult) -> bool:
    """Whether a published result has its place within the axes."""
    return (
        result.data == "MNIST"
        and result.risk is not None
        and result.size is not None
        and ERRORS[0] <= result.risk <= ERRORS[1]
        and BYTES[0] <= result.size <= BYTES[1]
    )


def _draw_curve(figure: go.Figure, target: float, n: int, delta: float) -> None:
    errors, counts = iso_bound(target, ERRORS[0], n, delta)
    figure.add_scatter(
        x=errors,
        y=counts,
        mode="lines",
        line={"color": _GREY, "width": 1},
        opacity=0.7,
        name=f"bound {_percent(target)}",
        showlegend=False,
        hoverinfo="skip",
    )
    _label(figure, counts[0], _percent(target), _GREY)


def _draw_record(figure: go.Figure, n: int, delta: float) -> None:
    """The curve of the best published certificate, and in green all that lies below it."""
    errors, counts = iso_bound(RECORD, ERRORS[0], n, delta)
    figure.add_scatter(
        x=[*errors, errors[-1], errors[0]],
        y=[*counts, BYTES[0] / 2, BYTES[0] / 2],
        mode="none",
        fill="toself",
        fillcolor="rgba(0,158,115,0.10)",
        name="below the record",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=errors,
        y=counts,
        mode="lines",
        line={"color": _GREEN, "width": 3, "dash": "longdash"},
        name=f"bound {_percent(RECORD)}",
        showlegend=False,
        hoverinfo="skip",
    )
    _label(figure, counts[0], f"<b>{_percent(RECORD)}, the published record</b>", _GREEN)


def _label(figure: go.Figure, count: float, text: str, colour: str) -> None:
    figure.add_annotation(
        x=math.log10(ERRORS[0]),
        y=math.log10(count),
        text=text,
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        yshift=-2,
        font={"size": 13, "color": colour},
    )


def _draw_published(figure: go.Figure, results: Sequence[PublishedResult], dark: bool) -> None:
    for name, symbol, some in (
        (_CERTIFIED, "diamond", [result for result in results if result.bound is not None]),
        (_SIZE_ONLY, "diamond-open", [result for result in results if result.bound is None]),
    ):
        figure.add_scatter(
            x=[result.risk for result in some],
            y=[result.size for result in some],
            mode="markers+text",
            name=name,
            text=[result.label for result in some],
            textposition="top right",
            textfont={"size": 13, "color": ink(dark)},
            marker={"symbol": symbol, "size": 11, "color": _GREY, "line": {"width": 2, "color": _GREY}},
            hovertext=[result.summary for result in some],
            hovertemplate="%{hovertext}<extra></extra>",
            selected={"marker": {"size": 11}},
            unselected={"marker": {"opacity": 1}, "textfont": {"color": ink(dark)}},
        )


def _draw_path(figure: go.Figure, setting: str, runs: Mapping[Value, Point], dash: str, colour: str) -> None:
    """A line through the runs along a setting, whose first and last values are named."""
    along = list(runs.values())
    figure.add_scatter(
        x=[point.error for point in along],
        y=[point.bytes for point in along],
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        name=f"along {setting[0].lower()}{setting[1:]}",
        hoverinfo="skip",
    )
    values = list(runs)
    for value, point, other in ((values[0], along[0], along[-1]), (values[-1], along[-1], along[0])):
        right = point.error >= other.error
        figure.add_annotation(
            x=math.log10(point.error),
            y=math.log10(point.bytes),
            text=f"{value:g}" if isinstance(value, int | float) else value,
            showarrow=False,
            xanchor="left" if right else "right",
            yanchor="middle" if right else "top",
            xshift=9 if right else -5,
            font={"size": 14, "color": colour},
        )


def _draw_family(figure: go.Figure, line: Line, points: Sequence[Point], unbeaten: Collection[Point]) -> None:
    """Its points; those that another beats in both error and size are pale.  The legend shows one that none does."""
    if points:
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=line.title,
            marker={"symbol": line.symbol, "size": 12, "color": line.colour},
        )
    figure.add_scatter(
        x=[point.error for point in points],
        y=[point.bytes for point in points],
        customdata=[point.name for point in points],
        mode="markers",
        name=line.title,
        showlegend=False,
        marker={
            "symbol": line.symbol,
            "size": 12,
            "color": [line.colour + ("" if point in unbeaten else _PALE) for point in points],
            "line": {"width": 1, "color": "white"},
        },
        hovertext=[
            f"<b>{point.name}</b><br>training error {point.error:.2%}, {size(point.bytes)}"
            f"<br>certified below {point.bound:.2%}"
            for point in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 12}},
        unselected={"marker": {"opacity": 1}},
    )


def _draw_marks(figure: go.Figure, winner: Point, selected: Point | None, dark: bool) -> None:
    """The best certificate, large, and a ring around the selected one."""
    line = FAMILY_LINES[winner.family]
    figure.add_scatter(
        x=[winner.error],
        y=[winner.bytes],
        customdata=[winner.name],
        mode="markers+text",
        text=[f"<b>{winner.bound:.1%}</b>"],
        textposition="bottom left",
        textfont={"size": 20, "color": ink(dark)},
        name="best certificate",
        showlegend=False,
        marker={"symbol": "star", "size": 22, "color": line.colour, "line": {"width": 1.5, "color": "white"}},
        hovertext=[f"<b>{winner.name}</b>, the best<br>certified below {winner.bound:.2%}"],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 22}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": ink(dark)}},
    )
    if selected is not None:
        figure.add_scatter(
            x=[selected.error],
            y=[selected.bytes],
            mode="markers",
            name="selected",
            marker={"symbol": "circle-open", "size": 28, "color": ink(dark), "line": {"width": 3}},
            showlegend=False,
            hoverinfo="skip",
        )
