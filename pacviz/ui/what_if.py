"""The parts of the Bounds page: sliders for what a bound asks for, published results, and what follows."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from pacviz.bounds import BOUNDS
from pacviz.figures import size
from pacviz.literature import PUBLISHED
from pacviz.operating_point import NATS_PER, OperatingPoint
from pacviz.scenario import defaults, settings
from pacviz.ui.controls import check_link

PREFIX = "bounds_"
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
"""The steps of a decade."""
FORMATS = {"n": "%d", "risk": "%.6g", "kl": "%.8g", "delta": "%.6g"}
EXPLANATION_HEIGHT = 60
"""Pixels: two lines, whatever they say, so that nothing below them moves."""
_PRESETS = {result.name: result.point for result in PUBLISHED if result.point is not None}
_SETTINGS, _DEFAULTS = settings(OperatingPoint), defaults(OperatingPoint)
# The number is in the field above each slider; the slider's own ends and value would only repeat it.
_STYLE = """
<style>
[class*="st-key-bounds_track_"] [data-testid="stSliderThumbValue"],
[class*="st-key-bounds_track_"] [data-testid="stSliderTickBar"] { display: none; }
[class*="st-key-bounds_track_"] { margin-top: -0.9rem; }
</style>
"""


def point_controls() -> OperatingPoint:
    """Draws all controls in the sidebar; the point that they describe."""
    check_link([(PREFIX, OperatingPoint)])
    st.html(_STYLE)
    values: dict[str, Any] = {}
    with st.sidebar:
        for name in ("n", "risk", "kl"):
            values[name] = _number_and_slider(name)
        values["unit"] = st.segmented_control(
            _SETTINGS["unit"].title,
            tuple(NATS_PER),
            default=_DEFAULTS["unit"],
            key=f"{PREFIX}unit",
            help=_SETTINGS["unit"].help,
            bind="query-params",
            required=True,
            on_change=_convert,
            label_visibility="collapsed",
            width="stretch",
        )
        st.session_state["bounds_unit_of_kl"] = values["unit"]
        values["delta"] = _number_and_slider("delta")
        left, right = st.columns([3, 2])
        values["bound"] = left.selectbox(
            _SETTINGS["bound"].title,
            tuple(BOUNDS),
            index=list(BOUNDS).index(_DEFAULTS["bound"]),
            key=f"{PREFIX}bound",
            help=_SETTINGS["bound"].help,
            bind="query-params",
        )
        with right:
            values["classes"] = _number("classes")
    return OperatingPoint(**values)


def _number(name: str) -> float:
    setting, kind = _SETTINGS[name], type(_DEFAULTS[name])
    return st.number_input(
        setting.title,
        kind(setting.low),
        kind(setting.high),
        _DEFAULTS[name],
        kind(setting.step),
        format=FORMATS.get(name, "%d"),
        key=PREFIX + name,
        help=f"{setting.help} {setting.allowed.capitalize()}.",
        bind="query-params",
    )


def _number_and_slider(name: str) -> float:
    """The exact number in a field, which is what the URL holds, and a logarithmic slider that moves it."""
    value, grid = _number(name), _grid(name)
    track = f"{PREFIX}track_{name}"
    st.session_state[track] = min(grid, key=lambda step: abs(_log(step, name) - _log(value, name)))
    st.select_slider(
        f"{_SETTINGS[name].title}, slider",
        grid,
        key=track,
        format_func=lambda step: f"{step:.3g}",
        label_visibility="collapsed",
        on_change=_slide,
        args=(name,),
    )
    return value


def _grid(name: str) -> tuple[float, ...]:
    """The slider's values: MANTISSAS in every decade, and the field's lowest value."""
    setting, kind = _SETTINGS[name], type(_DEFAULTS[name])
    decades = range(math.floor(math.log10(setting.smallest)), math.ceil(math.log10(setting.high)) + 1)
    steps = {kind(float(f"{mantissa}e{power}")) for power in decades for mantissa in MANTISSAS}
    return tuple(sorted({kind(setting.low), *(step for step in steps if setting.low <= step <= setting.high)}))


def _log(value: float, name: str) -> float:
    return math.log(max(value, _SETTINGS[name].smallest / 2))


def _slide(name: str) -> None:
    st.session_state[PREFIX + name] = st.session_state[f"{PREFIX}track_{name}"]


def _convert() -> None:
    """K in the unit that was chosen."""
    state = st.session_state
    before = OperatingPoint(kl=state[f"{PREFIX}kl"], unit=state["bounds_unit_of_kl"])
    state[f"{PREFIX}kl"] = before.in_unit(state[f"{PREFIX}unit"]).kl


def published_results(point: OperatingPoint) -> None:
    """A button for each published result whose numbers are known; the one that is shown is marked."""
    st.session_state["bounds_published"] = next(
        (
            name
            for name, preset in _PRESETS.items()
            if (preset.n, preset.risk, preset.classes) == (point.n, point.risk, point.classes)
            and math.isclose(preset.kl_nats, point.kl_nats)
        ),
        None,
    )
    st.pills("Published results, one click each", tuple(_PRESETS), key="bounds_published", on_change=_load)


def _load() -> None:
    if preset := _PRESETS.get(st.session_state["bounds_published"]):
        for name in ("n", "risk", "kl", "unit", "delta", "classes"):
            st.session_state[PREFIX + name] = getattr(preset, name)


def point_headline(point: OperatingPoint) -> None:
    """The chosen bound in one large sentence, and what it rests on."""
    colour = "red" if point.vacuous else "blue"
    st.markdown(
        f"### With probability {100 * (1 - point.delta):.12g} %, the true error is below :{colour}[**{point.value:.1%}**]"
    )
    surer = point.surer()
    with st.container(height=EXPLANATION_HEIGHT, border=False):
        st.markdown(
            f":gray-badge[:material/calculate: what if] {'**Vacuous**: guessing does as well. ' if point.vacuous else ''}"
            f"{100 * point.risk:.4g} % errors on {point.n:,} training examples, {size(point.kl_bytes)} to describe the "
            f"network. Being {point.delta / surer.delta:,.0f} times surer costs {100 * (surer.value - point.value):.2f} points."
        )


def point_tiles(point: OperatingPoint) -> None:
    """Every bound, and where it turns vacuous."""
    for column, (name, bound) in zip(st.columns(len(BOUNDS)), BOUNDS.items(), strict=True):
        least, most = point.least_n[name], point.most_bytes[name]
        note = "vacuous at every n" if least is None else f"vacuous below n = {least:,}"
        only = " For one network without noise only." if bound.deterministic_only else ""
        width = "vacuous at every size" if most is None else f"vacuous above {size(most)}"
        column.metric(
            bound.title,
            f"{point.bounds[name]:.1%}",
            note,
            delta_color="off",
            delta_arrow="off",
            help=f"{bound.source}.{only} At n = {point.n:,}: {width}.",
            border=True,
        )


def point_formula(point: OperatingPoint) -> None:
    """The chosen bound in symbols and in numbers, and the same from a shell."""
    chosen = BOUNDS[point.bound]
    st.markdown(f"**{chosen.title}: {point.value:.2%}** ({chosen.source})")
    st.latex(chosen.formula)
    st.latex(point.formula)
    st.markdown(
        f"r = {point.risk:.5g}, n = {point.n:,}, δ = {point.delta:.3g}, K = {point.kl_nats:,.1f} nats = "
        f"{point.kl_nats / NATS_PER['bits']:,.0f} bits = {point.kl_bytes:,.0f} bytes"
    )
    st.code(f"python -m pacviz bound {point.arguments}", language="bash", wrap_lines=True)


def published_table() -> None:
    """Every published result with its source and what has to be known about it."""
    rows = [
        (
            result.name,
            result.data,
            f"{result.n:,}",
            "–" if result.risk is None else f"{result.risk:.2%}",
            "–" if result.size is None else size(result.size),
            "–" if result.bound is None else f"{result.bound:.1%}",
            "–" if result.point is None else f"{result.point.bounds['seeger']:.1%}",
            result.source,
            result.note,
        )
        for result in PUBLISHED
    ]
    columns = ("result", "data", "n", "training error", "size", "published", "Maurer–Seeger", "source", "note")
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, width="stretch", key="bounds_table")
