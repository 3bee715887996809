"""The parts of "Trained to compress": what is shown, the selected point, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pacviz import data
from pacviz.app.controls import LINK_VERSION, check_link
from pacviz.app.panels import EXPLANATION_HEIGHT
from pacviz.app.session import chart, dark, friendly, progress_line, through_app, warn_about_cache
from pacviz.app.work import work
from pacviz.experiments.frontier.figures import METHOD_LINES, frontier, layer_shares
from pacviz.experiments.frontier.results import BITS, PUBLISHED, Point, alike, best, method_of, percent
from pacviz.experiments.frontier.results import points as measured_points
from pacviz.experiments.frontier.results import scenarios as frontier_scenarios
from pacviz.figures import size
from pacviz.jobs import limits
from pacviz.library import checkpoints
from pacviz.literature.rows import Published
from pacviz.models import architecture
from pacviz.scenario import Scenario
from pacviz.settings import defaults, setting, settings
from pacviz.words import as_printed, at_most, worst_error

PREFIX = "frontier_"


def _shipped(place: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[place] for found in checkpoints.shipped()))


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
    """What the page shows.  points: those measured.  missing: scenarios that could be measured here."""

    model: str
    data: str
    points: list[Point]
    missing: list[Scenario]

    @property
    def published(self) -> Published | None:
        return PUBLISHED.get((self.model, self.data))


def frontier_controls() -> Shown:
    """Draws all controls in the sidebar; the points that they leave, and the scenarios that still have to be measured."""
    check_link([(PREFIX, _Choices)])
    values: dict[str, Any] = {}
    with st.sidebar:
        for name in ("data", "model"):
            about = settings(_Choices)[name]
            options = about.choices()
            default = defaults(_Choices)[name]
            values[name] = st.selectbox(
                about.title,
                options,
                options.index(default) if default in options else 0,
                key=PREFIX + name,
                help=about.help,
                bind="query-params",
            )
        bits = st.segmented_control(
            settings(_Choices)["bits"].title,
            BITS,
            default=defaults(_Choices)["bits"],
            key=f"{PREFIX}bits",
            help=settings(_Choices)["bits"].help,
            bind="query-params",
            required=True,
            width="stretch",
        )
        wanted = frontier_scenarios(values["model"], values["data"], int(bits))
        methods = dict.fromkeys(method_of(checkpoints.of(scenario)) for scenario in wanted)
        shown = st.pills(
            "Methods",
            list(methods),
            selection_mode="multi",
            default=list(methods),
            format_func=lambda method: METHOD_LINES[method].title,
            # Another set of methods is another widget, with all of them shown.
            key=f"{PREFIX}methods_{'_'.join(methods)}",
            help="How the networks were made small.",
            width="stretch",
        )
    found = measured_points(wanted)
    there = {point.certificate.scenario for point in found}
    missing = [scenario for scenario in wanted if scenario not in there]
    return Shown(
        values["model"],
        values["data"],
        [point for point in found if point.method in shown],
        missing if data.is_available(values["data"]) else [],
    )


def selected_point(shown: Shown) -> Point | None:
    """The point that was clicked last, else the one with the best certificate; None where there is none."""
    if not shown.points:
        return None
    event = st.session_state.get(f"{PREFIX}chart")
    places = [point["customdata"] for point in event.selection.points if "customdata" in point] if event else []
    flat = [place[0] if isinstance(place, list | tuple) else place for place in places]
    chosen = [int(place) for place in flat if int(place) < len(shown.points)]
    return shown.points[chosen[0]] if chosen else best(shown.points)


def frontier_headline(shown: Shown) -> None:
    """The best certificate in one large sentence, and how it came about."""
    title = architecture(shown.model).title
    if not shown.points:
        st.markdown(f"### No {title} on {data.DATASETS[shown.data].title} has been measured here yet")
        return
    winner = best(shown.points)
    bound = winner.certificate.bound_with_architecture
    st.markdown(f"### {title} on {data.DATASETS[shown.data].title}: certified below :blue[**{at_most(bound, 1)}**]")
    with st.container(height=EXPLANATION_HEIGHT, border=False):
        st.markdown(
            f"{winner.title}: {winner.certificate.measurement.nonzeros:,} weights in "
            f"{size(winner.certificate.effective_bytes)}, training error {worst_error(winner.certificate.risk)}. "
            f"{_compared(shown.points)}Each grey line joins what gives the same certificate: further left or further down "
            "is better. "
            "The published numbers take the architecture as fixed before the data; ours would be "
            f"{at_most(winner.certificate.bound, 1)}."
        )


def _compared(points: list[Point]) -> str:
    """What training for it brings over pruning afterwards, where both are shown."""
    bounds = [
        [point.certificate.bound_with_architecture for point in points if (point.method == "dense") == dense]
        for dense in (True, False)
    ]
    if not all(bounds):
        return ""
    after, trained = map(min, bounds)
    return (
        f"A finished network that is pruned is certified below {at_most(after, 1)}; one that was trained while its weights "
        f"went, below {at_most(trained, 1)}. "
    )


def point_line(point: Point | None) -> None:
    """The selected point in a sentence, and the way to the page that takes it apart."""
    if point is None:
        return
    certificate = point.certificate
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(
        f"**Selected:** {point.title}: training error {worst_error(certificate.risk)}, "
        f"{size(certificate.effective_bytes)}, certified below **{at_most(certificate.bound_with_architecture, 1)}**. "
        "Click another point."
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
    through_app()
    with friendly():
        shown = frontier_controls()
    status = st.sidebar.empty()
    selected = selected_point(shown)
    frontier_headline(shown)
    left, right = st.columns([5, 3])
    with left:
        figure = frontier(shown.points, shown.published, selected, dark=dark())
        chart(figure, "frontier_chart", on_select="rerun", selection_mode="points")
    if selected is not None:
        bars = alike(shown.points, selected.density)
        with right:
            chart(layer_shares(bars, dark()), "frontier_layers")
    point_line(selected)
    with st.expander("Every point, and where the published one comes from"):
        points_table(shown)
    warn_about_cache()

    if shown.missing and not limits.public():
        with friendly(), progress_line(status) as progress:
            work([(scenario, False) for scenario in shown.missing], progress)
        st.rerun()
