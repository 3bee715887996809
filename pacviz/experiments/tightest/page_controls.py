"""What can be chosen on "Tightest": families, steps along recorded runs, files that are only claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pacviz.app.links import Parameter, flag, linked, parameters
from pacviz.app.plain import plain
from pacviz.errors import PacvizError, quoted
from pacviz.experiments.tightest.figures.tightest import SYMBOLS
from pacviz.experiments.tightest.mistakes import SAMPLES
from pacviz.experiments.tightest.results import FAMILIES, SETTINGS, Point, Value, adjustable, along, best, points
from pacviz.settings import setting
from pacviz.words import explained

PREFIX = "tight_"
CHART = f"{PREFIX}chart"
DATA = "mnist"
_POINT, _CLICKED = f"{PREFIX}point", f"{PREFIX}clicked"
SIDE_BY_SIDE = 6
"""More values than this become a menu."""

PANELS = ("Network", "Bytes", "Mistakes", "Certificate")


@dataclass(frozen=True)
class Choices:
    show: str = setting(PANELS[0], "Show", "What is seen of the selected point.", choices=lambda: PANELS)
    sample: str = setting(
        "test",
        "Images",
        "test: 10,000 images that training never saw. train: the 60,000 that the bound is computed from.",
        choices=lambda: SAMPLES,
    )
    sheet: int = setting(1, "Sheet", "More of the mistakes.", low=1, high=10_000)


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    paths: the recorded runs through the selected point, by the title of what differs.  near: a close-up of the chart.
    """

    points: tuple[Point, ...]
    selected: Point | None
    paths: Mapping[str, Mapping[Value, Point]]
    near: bool


def _known(text: str) -> str:
    names = [point.name for point in _recorded()]
    if text not in names:
        there = ", ".join(names) or "the recorded points, of which there are none"
        raise PacvizError(f"{_POINT} must be one of {there}, got {quoted(text)}.")
    return text


def _recorded() -> tuple[Point, ...]:
    return tuple(point for point in points() if point.certificate.scenario.data == DATA)


PARAMETERS = (
    *parameters(Choices, PREFIX),
    flag(f"{PREFIX}near", False),
    # Where nobody has chosen a point, it is the best one.
    Parameter(_POINT, None, _known),
)
"""All that a link to the page can say."""


def tight_controls() -> Shown:
    """Draws the sliders in the sidebar; the recorded points, and the one that the link, a click or a slider selected."""
    points = _recorded()
    with linked("tightest", PARAMETERS):
        if not points:
            return Shown((), None, {}, False)
        wanted = st.session_state[_POINT]
        selected = next((point for point in points if point.name == wanted), best(points) or points[0])
        paths = {}
        with st.sidebar:
            _families(points, selected)
            for name in adjustable(points, selected):
                runs = along(points, selected, name)
                _step(name, runs, selected)
                if all(isinstance(value, int | float) for value in runs):
                    paths[setting_title(name)[0]] = runs
            near = st.toggle("Close-up", key=f"{PREFIX}near", help="The chart near our own points.")
            st.caption(f"{FAMILIES[selected.family].what} {explained(selected.name)}".strip())
            _claims(points, selected)
            _ways(points)
    return Shown(points, selected, paths, near)


def _select(point: Point) -> None:
    """Makes a point the selected one."""
    st.session_state[_POINT] = point.name


def setting_title(name: str) -> tuple[str, str]:
    return SETTINGS.get(name, (name.replace("_", " ").capitalize(), "As the runs were recorded."))


def _families(points: Sequence[Point], selected: Point) -> None:
    """The families that have points; another one is entered at its best point."""
    there = [family for family in FAMILIES if any(point.family == family for point in points)]
    champions: dict[str, Point] = {}
    for family in there:
        own = [point for point in points if point.family == family]
        champions[family] = best(own) or own[0]
    key = f"{PREFIX}family"
    st.session_state[key] = selected.family

    def enter() -> None:
        if (family := st.session_state[key]) in champions:
            _select(champions[family])

    st.segmented_control(
        "Family",
        there,
        format_func=lambda family: f"{SYMBOLS[family]} {FAMILIES[family].title}",
        key=key,
        on_change=enter,
        help="Two ways to a short code; each is entered at its best certificate.",
        width="stretch",
    )


def _step(name: str, runs: Mapping[Value, Point], selected: Point) -> None:
    """Goes along recorded runs: the values that were recorded, side by side while they are few."""
    key, (title, help) = f"{PREFIX}along_{name}", setting_title(name)
    st.session_state[key] = selected.settings[name]

    def move() -> None:
        if (value := st.session_state[key]) in runs:
            _select(runs[value])

    values = tuple(runs)
    if len(values) <= SIDE_BY_SIDE:
        st.segmented_control(
            plain(title),
            values,
            key=key,
            on_change=move,
            help=help,
            format_func=value_text,
            required=True,
            width="stretch",
        )
    else:
        st.selectbox(plain(title), values, key=key, on_change=move, help=help, format_func=value_text)


def value_text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, int | float) else value


def _claims(points: Sequence[Point], selected: Point) -> None:
    """The files that nobody has verified here, each a click away."""
    names = [point.name for point in points if not point.verified]
    if not names:
        return
    key = f"{PREFIX}claims"
    st.session_state[key] = selected.name if selected.name in names else None

    def enter() -> None:
        for point in points:
            if point.name == st.session_state[key]:
                _select(point)

    st.selectbox(
        "Claimed, not verified",
        names,
        key=key,
        on_change=enter,
        placeholder=f"{len(names)} of {len(points)} files",
        help="What these files say was not measured here, and is no result until it is.",
    )


def _ways(points: Sequence[Point]) -> None:
    """How to make the points of a family that has none."""
    for family, about in FAMILIES.items():
        if not any(point.family == family for point in points):
            st.caption(f"{about.title} are not recorded here yet:")
            st.code(about.command, language="bash", wrap_lines=True)


def point_clicked() -> None:
    """Selects what was clicked in the chart; a click on the point that the chart holds for selected comes as an empty one."""
    event = st.session_state.get(CHART)
    there = [place["customdata"] for place in event.selection.points if "customdata" in place] if event else []
    flat = [str(place[0]) if isinstance(place, list | tuple) else str(place) for place in there]
    clicked = flat[0] if flat else st.session_state.get(_CLICKED)
    chosen = next((point for point in points() if point.name == clicked), None)
    if chosen is not None:
        st.session_state[_CLICKED] = chosen.name
        _select(chosen)
