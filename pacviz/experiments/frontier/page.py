"""The parts of "Trained to compress": what is shown, the selected point, and where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pacviz import data
from pacviz.app.charts import chart
from pacviz.app.controls import choice, segments
from pacviz.app.folded import folded
from pacviz.app.links import LINK_VERSION, Parameter, linked, parameters, refuse, usual
from pacviz.app.session import dark, friendly, progress_line, through_app, warn_about_cache
from pacviz.app.work import work
from pacviz.errors import PacvizError, quoted
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.frontier.figures import METHOD_LINES, frontier, layer_shares
from pacviz.experiments.frontier.results import BITS, PUBLISHED, Candidate, alike, best, method_of, percent
from pacviz.experiments.frontier.results import points as measured_points
from pacviz.experiments.frontier.results import scenarios as frontier_scenarios
from pacviz.experiments.frontier.takeaways import explanation, headline
from pacviz.figures import size
from pacviz.jobs import limits
from pacviz.library import checkpoints
from pacviz.literature.rows import Published
from pacviz.scenario import Scenario
from pacviz.settings import defaults, setting, settings
from pacviz.training.recipe import METHODS
from pacviz.words import as_printed, at_most, explained, worst_error

PREFIX = "frontier_"


def _shipped(place: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key[place] for key in checkpoints.shipped()))


@dataclass(frozen=True)
class _Choices:
    data: str = setting("mnist", "Data set", "What the networks were trained on.", choices=lambda: _shipped(1))
    model: str = setting("lenet5", "Network", "Their architecture.", choices=lambda: _shipped(0))
    bits: int = setting(
        defaults(Scenario)["bits"],
        "Codebook bits",
        "Each layer's weights share at most 2^bits values; a tuned codebook is shown at its own size only.",
        low=min(BITS),
        high=max(BITS),
    )


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    points: those measured.  selected: the one that a link or a click names, else the one with the best certificate.
    missing: scenarios that could be measured here.  hidden: points of methods that are not chosen.
    """

    model: str
    data: str
    points: list[Candidate]
    selected: Candidate | None
    missing: list[Scenario]
    hidden: int

    @property
    def published(self) -> Published | None:
        return PUBLISHED.get((self.model, self.data))


CHART, _METHODS, _POINT = f"{PREFIX}chart", f"{PREFIX}methods", f"{PREFIX}point"
_NAMED = re.compile(r"(?P<checkpoint>[a-z0-9.-]{1,100}):(?P<sparsity>[01](\.\d{1,6})?)")


def _methods(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if any(name not in METHODS for name in names):
        raise PacvizError(f"{_METHODS} must be some of {', '.join(METHODS)}, got {quoted(text)}.")
    return names


def _named(text: str) -> str:
    if not _NAMED.fullmatch(text):
        raise PacvizError(f"{_POINT} must be a checkpoint and a sparsity as in plain:0.95, got {quoted(text)}.")
    return text


PARAMETERS: tuple[Parameter, ...] = (
    *parameters(_Choices, PREFIX),
    Parameter(_METHODS, None, _methods, ",".join),
    Parameter(_POINT, None, _named),
)
"""All that a link to the page can say."""


def frontier_controls() -> Shown:
    """Draws all controls in the sidebar; the points that they leave, and the scenarios that still have to be measured."""
    with linked("frontier", PARAMETERS), st.sidebar:
        dataset, model = (
            choice(name, settings(_Choices)[name].choices(), _Choices, PREFIX) for name in ("data", "model")
        )
        bits = segments("bits", BITS, _Choices, PREFIX)
        wanted = frontier_scenarios(model, dataset, int(bits))
        methods = list(dict.fromkeys(method_of(checkpoints.of(scenario)) for scenario in wanted))
        usual(_METHODS, methods)
        st.session_state[_METHODS] = [name for name in st.session_state[_METHODS] if name in methods]
        shown = st.pills(
            "Methods",
            methods,
            selection_mode="multi",
            format_func=lambda method: METHOD_LINES[method].title,
            key=_METHODS,
            help="How the networks were made small. " + explained(*(METHOD_LINES[method].title for method in methods)),
            width="stretch",
        )
        measured = measured_points(wanted)
        there = {point.certificate.scenario for point in measured}
        missing = [scenario for scenario in wanted if scenario not in there]
        points = [point for point in measured if point.method in shown]
        selected = next((point for point in points if _name(point) == st.session_state[_POINT]), None)
        if st.session_state[_POINT] is not None and selected is None and points:
            refuse(f"There is no point {quoted(st.session_state[_POINT])} here; the best one is shown instead.")
            st.session_state[_POINT] = None
    missing = missing if data.is_available(dataset) else []
    best_one = best(points) if points else None
    return Shown(model, dataset, points, selected or best_one, missing, len(measured) - len(points))


def _name(point: Candidate) -> str:
    return f"{point.certificate.scenario.checkpoint}:{point.certificate.scenario.sparsity:g}"


def point_selected(shown: Shown) -> None:
    """Before the page runs again: selects the point that was clicked in the chart."""
    event = st.session_state.get(CHART)
    places = [point["customdata"] for point in event.selection.points if "customdata" in point] if event else []
    flat = [int(place[0] if isinstance(place, list | tuple) else place) for place in places]
    if flat and flat[0] < len(shown.points):
        st.session_state[_POINT] = _name(shown.points[flat[0]])


def frontier_headline(shown: Shown) -> None:
    """The best certificate in one large sentence, and how it came about."""
    st.markdown(f"### {headline(shown.model, shown.data, shown.points, shown.hidden)}")
    if shown.points:
        with st.container(key="explanation"):
            st.markdown(explanation(shown.points, shown.published is not None))


def point_line(shown: Shown) -> None:
    """The selected point in a sentence, and the way to the page that takes it apart."""
    if (point := shown.selected) is None:
        return
    certificate = point.certificate
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(
        f"**Selected:** {point.title}: training error {worst_error(certificate.risk)}, "
        f"{size(certificate.effective_bytes)}, certified below **{at_most(certificate.bound_with_architecture)}**."
        + (" Click another point." if len(shown.points) > 1 else "")
    )
    usual = defaults(Scenario)
    changed = {name: str(value) for name, value in point.link.to_dict().items() if value != usual[name]}
    right.page_link(
        "pages/compress.py",
        label="Take it apart",
        icon=":material/compress:",
        query_params={**changed, "v": LINK_VERSION},
    )


def points_table(shown: Shown) -> None:
    """Every point, best bound first and marked, and where the published one comes from."""
    ranked = sorted(shown.points, key=lambda point: point.certificate.bound)
    rows = [
        (
            "★" if place == 0 else "",
            point.certificate.scenario.checkpoint,
            METHOD_LINES[point.method].title,
            percent(point.density),
            point.certificate.scenario.bits,
            worst_error(point.certificate.risk, 3),
            f"{point.certificate.effective_bytes:,.0f}",
            at_most(point.certificate.bound_with_architecture),
            at_most(point.certificate.bound),
        )
        for place, point in enumerate(ranked)
    ]
    columns = [
        "best",
        "checkpoint",
        "method",
        "density",
        "bits",
        "training error",
        "bytes",
        "bound",
        "architecture fixed",
    ]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, width="stretch", key=f"{PREFIX}table")
    st.code(f"python -m pacviz choose --model {shown.model} --data {shown.data}", language="bash", wrap_lines=True)
    if (published := shown.published) is not None:
        low, middle, high = published.train_errors()
        st.caption(
            f"{published.source}: {published.compressed / 1024:.1f} KiB compressed (hollow), "
            f"{published.effective / 1024:.2f} KiB effective (filled), bound {as_printed(published.bound, 0)}. The table prints "
            f"no training error; the one drawn, {percent(middle)}, is where Catoni's bound at n = {published.n:,} and "
            f"δ = {published.delta:g} gives {as_printed(published.bound, 0)}, and the bar is what the rounding of that number "
            f"leaves open ({percent(low)} to {percent(high)})."
        )


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    with friendly():
        shown = frontier_controls()
    status = st.sidebar.empty()
    frontier_headline(shown)
    left, right = st.columns([5, 3])
    with left:
        figure = frontier(shown.points, shown.published, shown.selected, dark=dark())
        chart(figure, CHART, on_select=lambda: point_selected(shown), selection_mode="points")
    if shown.selected is not None:
        bars = alike(shown.points, shown.selected.density)
        with right:
            chart(layer_shares(bars, dark()), "frontier_layers")
    point_line(shown)
    st.caption(explained("effective size", *(METHOD_LINES[point.method].title for point in shown.points)))
    folded("Every point, and where the published one comes from", "frontier_points", lambda: points_table(shown))
    warn_about_cache()

    if shown.missing and not limits.public():
        with friendly(), progress_line(status) as progress:
            work([(scenario, False) for scenario in shown.missing], progress)
        st.rerun()
