"""The widgets of a dataclass's settings.  Each shows what `links.page` has put into the session under its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pacviz.app.links import offer
from pacviz.scenario import Scenario
from pacviz.settings import defaults, settings
from pacviz.words import explained


def slider(name: str, kind: type = Scenario, prefix: str = "", **more: Any) -> float:
    """A slider for a number of `kind`, under its name with `prefix`."""
    setting, default = settings(kind)[name], defaults(kind)[name]
    number = type(default)
    return st.slider(
        setting.title,
        number(setting.low),
        number(setting.high),
        default,
        step=number(setting.step),
        format="percent" if setting.percent else None,
        key=prefix + name,
        help=setting.help,
        **more,
    )


def choice(
    name: str, options: Sequence[str], kind: type = Scenario, prefix: str = "", default: str | None = None, **more: Any
) -> str:
    """A select box for a text of `kind`, under its name with `prefix`.

    default: what it goes back to where it holds something that is not among the options; the setting's own where None.
    Its help explains what words of the glossary stand in the options.
    """
    setting = settings(kind)[name]
    offer(prefix + name, options, defaults(kind)[name] if default is None else default)
    return st.selectbox(setting.title, options, key=prefix + name, help=with_words(setting.help, options), **more)


def with_words(help: str, options: Sequence[str]) -> str:
    """A help text, and what those words of the glossary mean that stand in the options and that it does not explain."""
    return f"{help} {explained(*(text for text in options if f'{text}: ' not in help))}".strip()


def segments(
    name: str, options: Sequence[Any], kind: type, prefix: str, titles: Callable[[Any], str] = str, **more: Any
) -> Any:
    """A few options side by side for a setting of `kind`, under its name with `prefix`."""
    setting = settings(kind)[name]
    offer(prefix + name, options, defaults(kind)[name])
    return st.segmented_control(
        setting.title,
        options,
        key=prefix + name,
        help=setting.help,
        required=True,
        format_func=titles,
        width="stretch",
        **more,
    )


def text(name: str) -> str:
    """An input field for a text of a Scenario, under its name."""
    setting = settings(Scenario)[name]
    return st.text_input(setting.title, key=name, help=setting.help)


def number(name: str, kind: type = Scenario, prefix: str = "", usual: float | None = None) -> float:
    """An input field for a number of `kind`, under its name with `prefix`.

    usual: what it goes back to when it is emptied; the setting's default where None.
    """
    setting, default = settings(kind)[name], defaults(kind)[name]
    number = type(default)
    low, high = setting.low, setting.high
    if setting.exclusive:
        low, high = math.nextafter(low, high), math.nextafter(high, low)
    return st.number_input(
        setting.title,
        number(low),
        number(high),
        default if usual is None else number(usual),
        number(setting.step),
        format="%g" if number is float else "%d",
        key=prefix + name,
        help=setting.help,
    )
