"""The widgets of a Scenario: built from its settings, kept in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pacviz import checkpoints
from pacviz.errors import PacvizError
from pacviz.scenario import Scenario, defaults, settings

LINK_VERSION = "1"
SLIDERS = ("sparsity", "bits", "noise")


def scenario_controls() -> tuple[Scenario, str]:
    """Draws all controls in the sidebar; the Scenario that they describe and the axis of the curves.

    Raises PacvizError where the controls contradict each other.
    """
    check_link([("", Scenario)])
    values: dict[str, Any] = {}
    with st.sidebar:
        for name in SLIDERS:
            values[name] = slider(name, on_change=_follow, args=(name,))
        axis = st.segmented_control(
            "Curves along",
            SLIDERS,
            default=SLIDERS[0],
            key="along",
            bind="query-params",
            required=True,
            help="Follows the slider that you moved last.",
        )
        for name in ("data", "model"):
            values[name] = _choice(name, settings()[name].choices())
        left, right = st.columns(2)
        with left:
            values["pruning"] = _choice("pruning", settings()["pruning"].choices())
        with right:
            names = checkpoints.available(values["model"], values["data"])
            values["checkpoint"] = _choice("checkpoint", names or (defaults()["checkpoint"],))
        with st.expander("δ, bound, seed, pixels, spread"):
            values["bound"] = _choice("bound", settings()["bound"].choices())
            for name in ("delta", "seed", "input_low", "input_high"):
                values[name] = number(name)
            values["spread"] = _text("spread")
    return Scenario.from_mapping(values), str(axis)


def slider(name: str, kind: type = Scenario, prefix: str = "", **more: Any) -> float:
    """A slider for a number of `kind`, in the URL under its name with `prefix`."""
    setting, default = settings(kind)[name], defaults(kind)[name]
    number = type(default)
    return st.slider(
        setting.title,
        number(setting.low),
        number(setting.high),
        default,
        number(setting.step),
        format="percent" if setting.percent else None,
        key=prefix + name,
        help=setting.help,
        bind="query-params",
        **more,
    )


def _follow(name: str) -> None:
    st.session_state["along"] = name


def _choice(name: str, options: tuple[str, ...]) -> str:
    default = defaults()[name]
    return st.selectbox(
        settings()[name].title,
        options,
        index=options.index(default) if default in options else 0,
        key=name,
        help=settings()[name].help,
        bind="query-params",
    )


def _text(name: str) -> str:
    setting = settings()[name]
    return st.text_input(setting.title, defaults()[name], key=name, help=setting.help, bind="query-params")


def number(name: str, kind: type = Scenario, prefix: str = "") -> float:
    """An input field for a number of `kind`, in the URL under its name with `prefix`."""
    setting, default = settings(kind)[name], defaults(kind)[name]
    number, margin = type(default), setting.step if setting.exclusive else 0
    return st.number_input(
        setting.title,
        number(setting.low + margin),
        number(setting.high - margin),
        default,
        number(setting.step),
        format="%.3f" if number is float else "%d",
        key=prefix + name,
        help=setting.help,
        bind="query-params",
    )


def check_link(kinds: Sequence[tuple[str, type]]) -> None:
    """Tells what in a link is not understood before the widgets silently drop it; once a session and page.

    kinds: the dataclasses that the page's widgets describe, each after the prefix of its names in the URL.
    """
    place = "link_problems" + kinds[0][0]
    if place not in st.session_state:
        problems = []
        for prefix, kind in kinds:
            for name, setting in settings(kind).items():
                if (value := st.query_params.get(prefix + name)) is not None:
                    try:
                        setting.check(prefix + name, value, type(defaults(kind)[name]))
                    except PacvizError as error:
                        problems.append(f"{error} The default is used instead.")
        version = st.query_params.get("v", LINK_VERSION)
        if version != LINK_VERSION:
            problems.append(
                f"This link was made by another version of pacviz (v={version}, this is v={LINK_VERSION}); "
                "some settings may differ."
            )
        st.session_state[place] = problems
    st.query_params["v"] = LINK_VERSION
    for problem in st.session_state[place]:
        st.warning(problem, icon=":material/link_off:")
