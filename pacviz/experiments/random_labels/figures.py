"""Random labels: accuracy after pruning, code lengths over their floor, the fits, and the images with their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np
import plotly.graph_objects as go

from pacviz.data.labels import Randomized
from pacviz.experiments.random_labels.results import Recording, Summary, mean_floor
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.experiments.random_labels.takeaways import code_title, fits_title, pruning_title
from pacviz.figures.sheet import Sheet, Tile
from pacviz.figures.style import Line, themed

# Colours of Okabe and Ito (2008), from true labels to random ones.
_STYLES = (
    ("#0072B2", "solid", "circle"),
    ("#56B4E9", "dash", "square"),
    ("#009E73", "dot", "diamond"),
    ("#E69F00", "dashdot", "triangle-up"),
    ("#D55E00", "longdash", "x"),
)
_SPARSITY_TICKS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
_BYTES = {
    "title": "size",
    "type": "log",
    "range": [-0.1, 6.2],
    "tickvals": [1, 10, 100, 1e3, 1e4, 1e5, 1e6],
    "ticktext": ["1 B", "10 B", "100 B", "1 kB", "10 kB", "100 kB", "1 MB"],
}


_LABEL = 0.28
"""The share of random labels between two numbers that are written out."""


def level_line(experiment: Randomization, level: float) -> Line:
    """How a level is drawn wherever it appears."""
    colour, dash, symbol = _STYLES[experiment.levels.index(level) % len(_STYLES)]
    return Line(f"{level:.0%} random", colour, dash, symbol)


def accuracy_curves(
    recording: Recording,
    method: str,
    sparsity: float,
    other: Recording | None = None,
    dark: bool = False,
    height: int = 350,
) -> go.Figure:
    """Training accuracy (0 to 100 %) against sparsity: a curve a level, its band from the worst to the best seed.

    other: drawn thin beside it, to compare.
    """
    figure = go.Figure()
    for level in recording.experiment.levels:
        line, curve = level_line(recording.experiment, level), recording.along(method, level)
        _band(figure, line, curve)
        figure.add_scatter(
            x=[1 - summary.sparsity for summary in curve],
            y=[summary.accuracy.mean for summary in curve],
            name=_legend(recording.experiment, level),
            mode="lines+markers",
            line={"color": line.colour, "dash": line.dash, "width": 3.5},
            marker={"symbol": line.symbol, "size": 9},
            hovertemplate=line.title + ": %{y:.1%}<extra></extra>",
            showlegend=True,
        )
    if other is not None:
        _compared(figure, other, method)
    figure.add_vline(x=1 - sparsity, line={"width": 2, "dash": "dot", "color": "#888888"})
    kept = 1 - max(recording.experiment.sparsity)
    figure.update_xaxes(
        title="sparsity (logarithmic in what is kept)",
        type="log",
        range=[0.04, float(np.log10(kept)) - 0.08],
        tickvals=[1 - share for share in _SPARSITY_TICKS],
        ticktext=[f"{share:.1%}".replace(".0%", "%") for share in _SPARSITY_TICKS],
    )
    figure.update_yaxes(title="training accuracy", range=[0, 1.03], tickformat=".0%", dtick=0.2)
    title = pruning_title(recording, method)
    return themed(figure, title, dark, height).update_layout(margin_r=20)


def _legend(experiment: Randomization, level: float) -> str:
    """The last of the levels says what they are levels of."""
    return f"{level:.0%} random" if level == experiment.levels[-1] else f"{level:.0%}"


def _band(figure: go.Figure, line: Line, curve: Sequence[Summary]) -> None:
    if curve and curve[0].runs > 1:
        figure.add_scatter(
            x=[1 - summary.sparsity for summary in (*curve, *reversed(curve))],
            y=[*(summary.accuracy.high for summary in curve), *(summary.accuracy.low for summary in reversed(curve))],
            mode="none",
            fill="toself",
            fillcolor=line.colour,
            opacity=0.22,
            showlegend=False,
            hoverinfo="skip",
        )


def _compared(figure: go.Figure, other: Recording, method: str) -> None:
    for level in other.experiment.levels:
        line, curve = level_line(other.experiment, level), other.along(method, level)
        figure.add_scatter(
            x=[1 - summary.sparsity for summary in curve],
            y=[summary.accuracy.mean for summary in curve],
            mode="lines",
            line={"color": line.colour, "width": 1.5},
            opacity=0.8,
            showlegend=False,
            hovertemplate=f"compared, {line.title}: %{{y:.1%}}<extra></extra>",
        )


def code_over_floor(
    recording: Recording, method: str, accuracy: float, dark: bool = False, height: int = 350
) -> go.Figure:
    """By level: the shortest code that keeps this training accuracy, and the entropy floor at those networks' errors.

    Marks are the mean code over the seeds and the floor at their mean errors, bars reach from the least to the largest
    single run.  Bytes, logarithmic.
    """
    shortest = recording.shortest(method, accuracy)
    figure, told = go.Figure(), _apart(shortest)
    groups = (
        (Line("measured code", "#0072B2", "solid", "circle"), "bytes"),
        (Line("entropy floor", "#D55E00", "dash", "triangle-up"), "floor_bytes"),
    )
    for line, name in groups:
        values = [[float(getattr(judged, name)) for judged in runs] for runs in shortest.values()]
        means = [
            mean_floor(runs) if name == "floor_bytes" else fmean(sizes)
            for runs, sizes in zip(shortest.values(), values, strict=True)
        ]
        figure.add_scatter(
            x=list(shortest),
            y=means,
            name=line.title,
            mode="lines+markers+text",
            line={"color": line.colour, "dash": line.dash, "width": 3},
            marker={"symbol": line.symbol, "size": 11},
            text=[
                f"<b>{_short(mean)}</b>" if level in told else "" for level, mean in zip(shortest, means, strict=True)
            ],
            textposition="bottom center" if name == "bytes" else "top center",
            textfont={"size": 15},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [max(sizes) - mean for sizes, mean in zip(values, means, strict=True)],
                "arrayminus": [mean - min(sizes) for sizes, mean in zip(values, means, strict=True)],
                "thickness": 2,
            },
            hovertemplate=f"{line.title}: %{{y:,.0f}} bytes<extra></extra>",
            showlegend=True,
            cliponaxis=False,
        )
    figure.update_xaxes(title="random labels", range=[-0.1, 1.1], tickformat=".0%", tickvals=[*shortest])
    figure.update_yaxes(**_BYTES)
    title = code_title(recording, method, accuracy)
    return themed(figure, title, dark, height).update_layout(margin_l=84)


def _apart(levels: Iterable[float]) -> list[float]:
    """Those whose numbers can be written beside each other on a phone, ascending; the others are told where the pointer is."""
    told: list[float] = []
    for level in sorted(levels):
        if not told or level - told[-1] >= _LABEL:
            told.append(level)
    return told


def _short(count: float) -> str:
    return f"{count:.0f} B" if count < 1000 else f"{count / 1000:.3g} kB"


def fits(recording: Recording, dark: bool = False, height: int = 350) -> go.Figure:
    """Training accuracy against epochs while the networks were fitted, a line a run."""
    figure = go.Figure()
    drawn: set[float] = set()
    for run in recording.runs:
        line = level_line(recording.experiment, run.level)
        figure.add_scatter(
            x=list(range(1, len(run.accuracies) + 1)),
            y=list(run.accuracies),
            name=_legend(recording.experiment, run.level),
            legendgroup=line.title,
            mode="lines",
            line={"color": line.colour, "dash": line.dash, "width": 2.5},
            showlegend=run.level not in drawn,
            hovertemplate=f"{line.title}, epoch %{{x}}: %{{y:.1%}}<extra></extra>",
        )
        drawn.add(run.level)
    longest = max((len(run.accuracies) for run in recording.runs), default=1)
    figure.update_xaxes(title="epoch", range=[0, 10 * (1 + longest // 10)])
    figure.update_yaxes(title="training accuracy", range=[0, 1.03], tickformat=".0%", dtick=0.2)
    title = fits_title(recording)
    return themed(figure, title, dark, height).update_layout(margin_r=20)


def labelled_images(sample: Randomized, names: Sequence[str], count: int = 24) -> Sheet:
    """Images with the label that the network is to learn; where it was redrawn, the true one stands before it."""
    tiles = [
        Tile(image, names[shown], f"{names[true]} →" if redrawn else "", redrawn)
        for image, true, shown, redrawn in zip(
            sample.split.images[:count].numpy(),
            sample.true_labels[:count].tolist(),
            sample.split.labels[:count].tolist(),
            sample.redrawn[:count].tolist(),
            strict=True,
        )
    ]
    share = float(sample.redrawn.float().mean())
    title = f"What the network is asked to learn: {share:.0%} of the labels are redrawn at random"
    return Sheet(title, tuple(tiles))
