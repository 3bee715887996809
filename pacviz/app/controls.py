"""The widgets of a Scenario: built from its settings, kept in the URL."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from pacviz.errors import PacvizError
from pacviz.scenario import Scenario
from pacviz.settings import defaults, settings

LINK_VERSION = "1"
_REFUSED = "refused"


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


def choice(name: str, options: tuple[str, ...]) -> str:
    """A select box for a text of a Scenario, in the URL under its name."""
    default = defaults(Scenario)[name]
    return st.selectbox(
        settings(Scenario)[name].title,
        options,
        index=options.index(default) if default in options else 0,
        key=name,
        help=settings(Scenario)[name].help,
        bind="query-params",
    )


def text(name: str) -> str:
    """An input field for a text of a Scenario, in the URL under its name."""
    setting = settings(Scenario)[name]
    return st.text_input(setting.title, defaults(Scenario)[name], key=name, help=setting.help, bind="query-params")


def number(name: str, kind: type = Scenario, prefix: str = "", start: float | None = None) -> float:
    """An input field for a number of `kind`, in the URL under its name with `prefix`.

    start: what it says before anybody has touched it; the default where None.
    """
    setting, default = settings(kind)[name], defaults(kind)[name]
    number, margin = type(default), setting.step if setting.exclusive else 0
    decimals = max(3, math.ceil(-math.log10(setting.step)))
    return st.number_input(
        setting.title,
        number(setting.low + margin),
        number(setting.high - margin),
        default if start is None else number(start),
        number(setting.step),
        format=f"%.{decimals}f" if number is float else "%d",
        key=prefix + name,
        help=setting.help,
        bind="query-params",
    )


def in_link(name: str, kind: type = Scenario, prefix: str = "") -> Any:
    """What the URL says of a setting of `kind`, its default where it says nothing that is allowed."""
    default = defaults(kind)[name]
    try:
        return settings(kind)[name].check(name, st.query_params.get(prefix + name, default), type(default))
    except PacvizError:
        return default


def put_in_link(texts: Mapping[str, str], names: Iterable[str]) -> None:
    """Of these names, the URL holds what has a text."""
    for name in names:
        if name in texts:
            st.query_params[name] = texts[name]
        elif name in st.query_params:
            del st.query_params[name]


def refuse(error: PacvizError) -> None:
    """Keeps for the next run why what a browser asked for was refused; `check_link` tells it."""
    st.session_state[_REFUSED] = str(error)


def check_link(kinds: Sequence[tuple[str, type]], more: Sequence[str] = ()) -> None:
    """Tells what in a link is not understood before the widgets silently drop it; once a session and page.

    kinds: the dataclasses that the page's widgets describe, each after the prefix of its names in the URL.
    more: sentences about the rest of the link.
    """
    place = "link_problems" + kinds[0][0]
    if place not in st.session_state:
        problems = list(more)
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
    if refused := st.session_state.pop(_REFUSED, None):
        st.warning(refused, icon=":material/block:")
