"""The widgets of a Scenario: built from its settings, kept in the URL."""

from __future__ import annotations

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
    _check_link()
    values: dict[str, Any] = {}
    with st.sidebar:
        for name in SLIDERS:
            values[name] = _slider(name)
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
        with st.expander("Statement: δ, bound, seed, pixels"):
            values["bound"] = _choice("bound", settings()["bound"].choices())
            for name in ("delta", "seed", "input_low", "input_high"):
                values[name] = _number(name)
    return Scenario.from_mapping(values), str(axis)


def _slider(name: str) -> float:
    setting, default = settings()[name], defaults()[name]
    kind = type(default)
    return st.slider(
        setting.title,
        kind(setting.low),
        kind(setting.high),
        default,
        kind(setting.step),
        format="percent" if setting.percent else None,
        key=name,
        help=setting.help,
        bind="query-params",
        on_change=_follow,
        args=(name,),
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


def _number(name: str) -> float:
    setting, default = settings()[name], defaults()[name]
    kind, margin = type(default), setting.step if setting.exclusive else 0
    return st.number_input(
        setting.title,
        kind(setting.low + margin),
        kind(setting.high - margin),
        default,
        kind(setting.step),
        format="%.3f" if kind is float else "%d",
        key=name,
        help=setting.help,
        bind="query-params",
    )


def _check_link() -> None:
    """Tells what in a link is not understood before the widgets silently drop it; once a session."""
    if "link_problems" not in st.session_state:
        problems = []
        for name, value in st.query_params.items():
            if name in settings():
                try:
                    settings()[name].check(name, value, type(defaults()[name]))
                except PacvizError as error:
                    problems.append(f"{error} The default is used instead.")
        version = st.query_params.get("v", LINK_VERSION)
        if version != LINK_VERSION:
            problems.append(
                f"This link was made by another version of pacviz (v={version}, this is v={LINK_VERSION}); "
                "some settings may differ."
            )
        st.session_state["link_problems"] = problems
    st.query_params["v"] = LINK_VERSION
    for problem in st.session_state["link_problems"]:
        st.warning(problem, icon=":material/link_off:")
