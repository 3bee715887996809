"""Does it hold?  True errors against their bounds, and the share of violations against delta."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import plotly.graph_objects as go

from pacviz.experiments.does_it_hold.run import Coverage, Trial, noticed
from pacviz.figures.style import VACUOUS, Line, themed
from pacviz.risk import lower_limit, upper_limit
from pacviz.words import at_most

HELD = Line("holds", "#0072B2", "solid", "circle")
UNDECIDED = Line("too close", "#999999", "solid", "diamond")
VIOLATED = Line("violated", "#D55E00", "solid", "x")
ALLOWED = Line("δ allows", "#009E73", "dash", "square")
CONFIDENCE = 0.95
"""Of the interval around the share of violations."""
_PERCENT = {"range": [0, 1], "tickformat": ".0%", "dtick": 0.2}


def errors_and_bounds(trials: Sequence[Trial], dark: bool = False, height: int = 350) -> go.Figure:
    """A mark a trial: its true error (0 to 100 %) and its bound; below the diagonal the bound is violated."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1, 1, 0],
        y=[0, 1, 0, 0],
        mode="none",
        fill="toself",
        fillcolor="rgba(213,94,0,0.16)",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": "#888888", "width": 2},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_hrect(y0=VACUOUS, y1=1.0, fillcolor="#888888", opacity=0.18, line_width=0)
    figure.add_annotation(text="vacuous", x=0.01, xanchor="left", y=0.95, showarrow=False, font={"size": 13})
    figure.add_annotation(
        text="<b>violated</b>: the true error<br>is above the bound",
        x=0.98,
        xanchor="right",
        y=0.14,
        showarrow=False,
        align="right",
        font={"size": 15},
    )
    groups: dict[Line, list[Trial]] = {HELD: [], UNDECIDED: [], VIOLATED: []}
    for trial in trials:
        groups[VIOLATED if trial.violated else UNDECIDED if trial.undecided else HELD].append(trial)
    for line, members in groups.items():
        figure.add_scatter(
            x=[trial.outcome.truth.mean for trial in members],
            y=[trial.bound for trial in members],
            name=f"{line.title}: {len(members)}",
            mode="markers",
            marker={"color": line.colour, "symbol": line.symbol, "size": 11, "opacity": 0.6},
            customdata=[at_most(trial.bound) for trial in members],
            hovertemplate="true error %{x:.2%}, bound %{customdata}<extra></extra>",
            showlegend=True,
            cliponaxis=False,
        )
    below = len(groups[VIOLATED])
    if not trials:
        title = "Every trial becomes a mark here"
    elif below:
        title = f"{below} of {len(trials)} true errors lie above their bounds"
    elif groups[UNDECIDED]:
        title = "No true error lies above its bound for sure"
    else:
        title = "Every true error lies below its bound"
    figure.update_xaxes(title="true error", **_PERCENT)
    return _finished(figure, title, "bound", dark, height)


def violation_share(
    trials: Sequence[Trial], delta: float, wanted: int, dark: bool = False, height: int = 350
) -> go.Figure:
    """The share of violations after each trial with its Clopper-Pearson interval, and delta; `wanted`: trials in all."""
    figure = go.Figure()
    counts = list(enumerate(accumulate(int(trial.violated) for trial in trials), start=1))
    x = [count for count, _ in counts]
    tail = (1 - CONFIDENCE) / 2
    upper = [upper_limit(violated, count, tail) for count, violated in counts]
    lower = [lower_limit(violated, count, tail) for count, violated in counts]
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*upper, *reversed(lower)],
        mode="none",
        fill="toself",
        fillcolor="rgba(213,94,0,0.25)",
        name=f"{CONFIDENCE:.0%} interval",
        showlegend=True,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=x,
        y=[violated / count for count, violated in counts],
        name="violated so far",
        mode="lines",
        line={"color": VIOLATED.colour, "width": 4},
        hovertemplate="%{y:.1%} of %{x} trials<extra></extra>",
        showlegend=True,
        cliponaxis=False,
    )
    _draw_allowed(figure, delta, wanted)
    coverage = Coverage.of(trials, delta)
    if not trials:
        title = "How often is the bound violated?"
    elif coverage.refuted:
        title = "More violations than δ allows, and not by chance"
    elif coverage.share > delta:
        title = "More than δ so far, but it may be chance"
    else:
        title = "No more violations than δ allows"
    figure.update_xaxes(title="trials", range=[0, wanted])
    return _finished(figure, title, "share of violated bounds", dark, height)


def charged_share(trials: Sequence[Trial], delta: float, dark: bool = False, height: int = 350) -> go.Figure:
    """The share of bounds that these trials would have violated, had so much of K been charged (0 to 100 %), and delta."""
    figure = go.Figure()
    priced = [trial for trial in trials if trial.outcome.choice_nats]
    needed = sorted(max(0.0, trial.needed) for trial in priced)
    # Charged a share s, a trial is violated where it needs more than s.
    x = [0.0, *(min(share, 1.0) for share in needed), 1.0] if priced else []
    y = [sum(share > at for share in needed) / len(needed) for at in x]
    figure.add_scatter(
        x=x,
        y=y,
        name="violated",
        mode="lines",
        line={"color": VIOLATED.colour, "width": 4, "shape": "hv"},
        hovertemplate="charged %{x:.0%} of K: %{y:.0%} of the bounds are violated<extra></extra>",
        showlegend=True,
        cliponaxis=False,
    )
    _draw_allowed(figure, delta, 1)
    share = noticed(priced, delta) if priced else 0.0
    if not priced:
        title = "What if less of K were charged?"
    elif share:
        figure.add_vrect(x0=0, x1=min(share, 1.0), fillcolor=VIOLATED.colour, opacity=0.12, line_width=0)
        title = "Shaded: charged so little, the bound is refuted"
    else:
        title = "These trials refute no bound, however little it charges"
    figure.update_xaxes(title="charged share of K", **_PERCENT)
    return _finished(figure, title, "share of violated bounds", dark, height)


def _finished(figure: go.Figure, title: str, share: str, dark: bool, height: int) -> go.Figure:
    """share: what the vertical axis shows, from 0 to 100 %."""
    figure.update_yaxes(title=share, **_PERCENT)
    return themed(figure, title, dark, height).update_layout(margin_r=26)


def _draw_allowed(figure: go.Figure, delta: float, end: float) -> None:
    """The share of violations that is allowed, from 0 to the end of the axis."""
    figure.add_scatter(
        x=[0, end],
        y=[delta, delta],
        name=f"{ALLOWED.title} {delta:.3g}",
        mode="lines",
        line={"color": ALLOWED.colour, "dash": ALLOWED.dash, "width": 3},
        hovertemplate=f"δ = {delta:.1%}<extra></extra>",
        showlegend=True,
    )
