"""The frontier of small networks: training error, bytes, and the certificate that each pair of them makes."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import plotly.graph_objects as go

from pacviz.experiments.tightest.results import Point, Value, best, pareto
from pacviz.experiments.tightest.takeaways import chart_title
from pacviz.figures.isobound import GREY, draw_iso_bound, iso_bound, logarithmic_axes
from pacviz.figures.style import Line, ink, themed
from pacviz.literature import PUBLISHED, RECORD, PublishedResult
from pacviz.words import at_most, size, worst_error

FAMILY_LINES: dict[str, Line] = {
    "tiny": Line("tiny networks", "#0072B2", "solid", "circle"),
    "subspace": Line("random subspaces", "#D55E00", "dash", "square"),
}
SYMBOLS = {"tiny": "●", "subspace": "■"}
"""The same symbols in a text."""
NEAR_TARGETS = (0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.13, 0.15)
TARGETS = (0.03, 0.05, 0.07, 0.09, 0.15, 0.2, 0.3, 0.5)
"""Certificates whose curves are drawn beside that of the record."""
ERRORS, BYTES = (0.003, 0.12), (80, 10_000)
"""The ranges of the axes."""
NEAR_ERRORS, NEAR_BYTES = (0.01, 0.06), (150, 1_050)
"""Those of the close-up."""
_ERROR_TICKS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_BYTE_TICKS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_NEAR_ERROR_TICKS = (0.01, 0.015, 0.02, 0.03, 0.04, 0.05)
_NEAR_BYTE_TICKS = (150, 200, 300, 500, 700, 1_000)
_NAME = 0.3
"""Factors of ten that a name takes across."""
_PALE = "73"
"""The opacity of points that another beats, in hexadecimal digits."""
_GREEN = "#009E73"
CLAIMED = "claimed, not verified"
_CERTIFIED, _SIZE_ONLY = "published certificates", "published sizes only"


def tightest(
    points: Sequence[Point],
    selected: Point | None = None,
    paths: Mapping[str, Mapping[Value, Point]] | None = None,
    near: bool = False,
    published: Iterable[PublishedResult] = PUBLISHED,
    n: int = 60_000,
    delta: float = 0.05,
    dark: bool = False,
    height: int = 440,
) -> go.Figure:
    """Training error against bytes on MNIST, both logarithmic, over curves of equal Maurer-Seeger bounds.

    Each point's customdata is its name.  paths: by setting, the runs along it through the selected point.
    near: a close-up of where our own points lie.  n, delta: of the curves.
    """
    figure, unbeaten = go.Figure(), pareto(points)
    # What can be clicked comes first: the browser knows a selected point by its place among all traces.
    for family, line in FAMILY_LINES.items():
        there = [point for point in points if point.verified and point.family == family]
        _draw_family(figure, line, there, unbeaten)
    _draw_best(figure, best(points), dark)
    _draw_claimed(figure, [point for point in points if not point.verified])
    for row, target in enumerate(NEAR_TARGETS if near else TARGETS):
        draw_iso_bound(figure, target, _percent(target), (NEAR_ERRORS if near else ERRORS)[0], n, delta, row % 2)
    _draw_record(figure, n, delta, near)
    _draw_published(figure, [result for result in published if _shown(result, near)], dark)
    # What is only claimed is no run among others.
    shown = (paths or {}) if selected is None or selected.verified else {}
    for dash, (setting, runs) in zip(("solid", "dot", "dashdot", "longdash"), shown.items(), strict=False):
        _draw_path(figure, html.escape(setting), runs, dash, ink(dark))
    _draw_ring(figure, selected, dark)
    errors, counts = (NEAR_ERRORS, NEAR_BYTES) if near else (ERRORS, BYTES)
    error_ticks, byte_ticks = (_NEAR_ERROR_TICKS, _NEAR_BYTE_TICKS) if near else (_ERROR_TICKS, _BYTE_TICKS)
    title = "bytes, everything charged (logarithmic)"
    logarithmic_axes(figure, title, counts, byte_ticks, errors, error_ticks, _percent)
    themed(figure, chart_title(points, n, delta), dark, height)
    return figure.update_layout(margin_t=96, margin_l=70, dragmode=False, clickmode="event+select")


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _shown(result: PublishedResult, near: bool) -> bool:
    """Whether a published result has its place within the axes."""
    (low, high), (least, most) = (NEAR_ERRORS, NEAR_BYTES) if near else (ERRORS, BYTES)
    # A name at the very edge would be cut.
    inside = (
        result.risk is not None and result.size is not None and low < result.risk < high and least < result.size < most
    )
    return result.data == "MNIST" and inside


def _draw_record(figure: go.Figure, n: int, delta: float, near: bool) -> None:
    """The curve of the best published certificate, and in green all that lies below it."""
    lowest = NEAR_ERRORS[0] if near else ERRORS[0]
    errors, counts = iso_bound(RECORD, lowest, n, delta)
    figure.add_scatter(
        x=[*counts, BYTES[0] / 2, BYTES[0] / 2, counts[0]],
        y=[*errors, errors[-1], lowest / 2, lowest / 2],
        mode="none",
        fill="toself",
        fillcolor="rgba(0,158,115,0.10)",
        name="below the record",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=counts,
        y=errors,
        mode="lines",
        line={"color": _GREEN, "width": 3, "dash": "longdash"},
        name=f"the published record, {_percent(RECORD)}",
        showlegend=True,
        hoverinfo="skip",
    )


def _draw_published(figure: go.Figure, results: Sequence[PublishedResult], dark: bool) -> None:
    for name, symbol, some in (
        (_CERTIFIED, "diamond", [result for result in results if result.bound is not None]),
        (_SIZE_ONLY, "diamond-open", [result for result in results if result.bound is None]),
    ):
        figure.add_scatter(
            x=[result.size for result in some],
            y=[result.risk for result in some],
            mode="markers+text",
            name=name,
            text=[result.label for result in some],
            textposition=[_beside(result, results) for result in some],
            textfont={"size": 13, "color": ink(dark)},
            marker={"symbol": symbol, "size": 11, "color": GREY, "line": {"width": 2, "color": GREY}},
            hovertext=[result.summary for result in some],
            hovertemplate="%{hovertext}<extra></extra>",
            selected={"marker": {"size": 11}},
            unselected={"marker": {"opacity": 1}, "textfont": {"color": ink(dark)}},
        )


def _beside(result: PublishedResult, others: Iterable[PublishedResult]) -> str:
    """Where a result's name is written: to its right, unless another one or the edge is there; between two others, below it."""

    def near(other: PublishedResult) -> float:
        """Factors of ten from the result to another that is as wrong as it is, to the right of it; 0 where it is not."""
        if not (result.size and other.size and result.risk and other.risk):
            return 0.0
        alike = abs(math.log10(other.risk / result.risk)) < 0.1
        return math.log10(other.size / result.size) if alike else 0.0

    places = [place for place in map(near, others) if abs(place) < _NAME]
    edge = math.log10(BYTES[1] / (result.size or BYTES[1])) < _NAME
    right, left = edge or any(place > 0 for place in places), any(place < 0 for place in places)
    return "top right" if not right else "bottom center" if left else "top left"


def _draw_path(figure: go.Figure, setting: str, runs: Mapping[Value, Point], dash: str, colour: str) -> None:
    """A line through the runs along a setting; the legend names its ends."""
    along, values = list(runs.values()), [f"{value:g}" if isinstance(value, int | float) else value for value in runs]
    figure.add_scatter(
        x=[point.bytes for point in along],
        y=[point.error for point in along],
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        name=html.escape(f"{setting[0].lower()}{setting[1:]}: {values[0]} … {values[-1]}"),
        hoverinfo="skip",
    )


def _draw_family(figure: go.Figure, line: Line, points: Sequence[Point], unbeaten: Collection[Point]) -> None:
    """Its points; those that another beats in both error and size are pale.  The legend shows one that none does."""
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=line.title,
        showlegend=bool(points),
        marker={"symbol": line.symbol, "size": 12, "color": line.colour},
    )
    figure.add_scatter(
        x=[point.bytes for point in points],
        y=[point.error for point in points],
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
            f"<b>{html.escape(point.name)}</b><br>training error {worst_error(point.certificate.risk)}, {size(point.bytes)}"
            f"<br>certified below {at_most(point.bound)}; "
            f"{at_most(point.bound_of_fixed_architecture)} where the architecture was fixed"
            for point in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 12}},
        unselected={"marker": {"opacity": 1}},
        zorder=3,
    )


def _draw_best(figure: go.Figure, winner: Point | None, dark: bool) -> None:
    """The best certificate, large."""
    there = [] if winner is None else [winner]
    figure.add_scatter(
        x=[point.bytes for point in there],
        y=[point.error for point in there],
        customdata=[point.name for point in there],
        mode="markers+text",
        text=[f"<b>{at_most(point.bound)}</b>" for point in there],
        textposition="bottom center",
        textfont={"size": 20, "color": ink(dark)},
        name="best certificate",
        showlegend=False,
        marker={
            "symbol": "star",
            "size": 22,
            "color": [FAMILY_LINES[point.family].colour for point in there],
            "line": {"width": 1.5, "color": "white"},
        },
        hovertext=[
            f"<b>{html.escape(point.name)}</b>, the best<br>certified below {at_most(point.bound)}" for point in there
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 22}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": ink(dark)}},
        zorder=4,
    )


def _draw_claimed(figure: go.Figure, points: Sequence[Point]) -> None:
    """What files claim and nobody has verified here: hollow and grey, whatever their family."""
    figure.add_scatter(
        x=[point.bytes for point in points],
        y=[point.error for point in points],
        customdata=[point.name for point in points],
        mode="markers",
        name=CLAIMED,
        showlegend=bool(points),
        marker={"symbol": "circle-open-dot", "size": 12, "color": GREY, "line": {"width": 2, "color": GREY}},
        hovertext=[f"<b>{html.escape(point.name)}</b><br>{CLAIMED}: select it to verify it" for point in points],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 12}},
        unselected={"marker": {"opacity": 1}},
        zorder=2,
    )


def _draw_ring(figure: go.Figure, selected: Point | None, dark: bool) -> None:
    """Around the selected point."""
    if selected is not None:
        figure.add_scatter(
            x=[selected.bytes],
            y=[selected.error],
            mode="markers",
            name="selected",
            marker={"symbol": "circle-open", "size": 28, "color": ink(dark), "line": {"width": 3}},
            showlegend=False,
            hoverinfo="skip",
            unselected={"marker": {"opacity": 1}},
            zorder=5,
        )
