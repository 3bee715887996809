"""Links: every parameter of every page is read here before a widget sees it, and the address is written here.

What a page can be set to is a list of Parameters.  Inside `with linked(page, parameters):` each has a checked value in the
session under its own name, where widgets with that key find it; at the end the address is brought up to date, once.  What
a page showed last is kept, so that whoever comes back to it by the menu finds it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pacviz.app.plain import plain
from pacviz.app.projector import projector
from pacviz.errors import PacvizError, quoted
from pacviz.settings import defaults, setting, settings

LINK_VERSION = "1"
VERSION = "v"
EMBEDDING = ("embed", "embed_options")
"""Streamlit's own parameters."""
MOST_PROBLEMS = 3
"""Sentences about one link; the rest is counted."""
MOST_LISTED = 12
"""Options that a sentence lists."""
_DEFAULT_USED = "The default is used instead."
_KEPT, _PAGE, _PROBLEMS, _USUAL = "link_kept", "link_page", "link_problems", "link_usual"


@dataclass(frozen=True)
class Parameter:
    """A name in the link of a page, and in the session while the page is shown.

    read: the value of a text, PacvizError where it is not allowed.  write: the text of a value.
    """

    name: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def parameters(
    kind: type, prefix: str = "", names: Iterable[str] | None = None, usual: Mapping[str, Any] | None = None
) -> tuple[Parameter, ...]:
    """Those of a dataclass's Settings.

    prefix: before their names in the link.  names: of the fields, all where None.  usual: defaults other than its own.
    """
    values, there = {**defaults(kind), **(usual or {})}, settings(kind)
    return tuple(
        Parameter(
            prefix + name,
            values[name],
            partial(there[name].check, prefix + name, kind=type(defaults(kind)[name])),
        )
        for name in (there if names is None else names)
    )


def flag(name: str, default: bool) -> Parameter:
    """A switch, true or false in a link."""

    def read(text: str) -> bool:
        if text not in ("true", "false"):
            raise PacvizError(f"{name} must be true or false, got {quoted(text)}.")
        return text == "true"

    return Parameter(name, default, read, lambda value: str(value).lower())


@dataclass(frozen=True)
class _Shared:
    present: int = setting(0, "Projector", "1: large type, no sidebar.", low=0, high=1)


(PRESENT,) = parameters(_Shared)
"""Belongs to all pages, and stays while one goes from page to page."""


@contextmanager
def linked(name: str, allowed: Sequence[Parameter]) -> Iterator[None]:
    """See above.  name: of the page, unique.  allowed: all that its link may hold, besides the version and PRESENT."""
    allowed = (*allowed, PRESENT)
    place = st.container()
    first = _read(name, allowed)
    projector()
    try:
        yield
        _write(name, allowed, in_place=first)
    finally:
        with place:
            _tell(name)


def refuse(sentence: object) -> None:
    """Tells above the page, until something moves, why what a link or a browser asked for is not shown."""
    _problems(st.session_state[_PAGE]).append(str(sentence))


def offer(name: str, options: Sequence[Any], default: Any) -> None:
    """Before a menu is drawn: a value that is not among its options gives way to the default, and the page says so."""
    value = st.session_state[name]
    if value not in options:
        listed = ", ".join(map(str, options[:MOST_LISTED])) + (", …" if len(options) > MOST_LISTED else "")
        st.session_state[name] = default if default in options else options[0]
        refuse(f"{name} must be one of {listed}, got {quoted(value)}. {st.session_state[name]} is shown instead.")


def usual(name: str, value: Any) -> None:
    """Before a widget is drawn whose default depends on other settings: what nobody has moved follows it, and is left out
    of the link.  The Parameter's own default is None."""
    usuals = st.session_state.setdefault(_USUAL, {})
    if st.session_state[name] in (None, usuals.get(name)):
        st.session_state[name] = value
    usuals[name] = value


def _kept(name: str) -> dict[str, Any]:
    kept: dict[str, dict[str, Any]] = st.session_state.setdefault(_KEPT, {})
    return kept.setdefault(name, {})


def _problems(name: str) -> list[str]:
    problems: dict[str, list[str]] = st.session_state.setdefault(_PROBLEMS, {})
    return problems.setdefault(name, [])


def _read(name: str, allowed: Sequence[Parameter]) -> bool:
    """Puts a checked value of every parameter into the session; whether this is the visitor's first page.

    The address counts where it was opened, followed or returned to; while one stays on a page the widgets count, and a
    page that is opened by the menu shows what it showed last.
    """
    query, kept, context = _query(), _kept(name), get_script_run_ctx()
    first, moved = _PAGE not in st.session_state, st.session_state.get(_PAGE) != name
    returned = context is not None and context.is_history_navigation
    st.session_state[_PAGE] = name
    before = {one.name: kept.get(one.name, one.default) for one in allowed}
    if moved and not first:
        kept[PRESENT.name] = _kept("").get(PRESENT.name, PRESENT.default)
    if first or returned or (moved and query):
        stays = {} if first or returned else {PRESENT.name: kept[PRESENT.name]}
        accepted, problems = _checked(allowed, query)
        kept |= {one.name: one.default for one in allowed} | stays | accepted
        # A link that was only tidied is opened a second time, and still has to be told about.
        if problems or kept != before:
            _problems(name)[:] = problems
        moved = True
    for one in allowed:
        if moved or one.name not in st.session_state:
            st.session_state[one.name] = kept.get(one.name, one.default)
    if not moved and _shown(allowed) != before:
        _problems(name).clear()
    return first


def _shown(allowed: Sequence[Parameter]) -> dict[str, Any]:
    """The values in the session; what follows a default that depends on other settings is at its own."""
    usuals, state = st.session_state.get(_USUAL, {}), st.session_state
    return {
        one.name: one.default if one.name in usuals and state[one.name] == usuals[one.name] else state[one.name]
        for one in allowed
    }


def _query() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in EMBEDDING}


def _checked(allowed: Sequence[Parameter], query: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], list[str]]:
    """The values that a query gives, and a sentence about each part of it that is not understood."""
    values, problems, names = {}, [], {one.name: one for one in allowed}
    for name, texts in query.items():
        if name == VERSION:
            if texts[-1] != LINK_VERSION:
                problems.append(
                    f"This link was made by another version of pacviz (v is {quoted(texts[-1])}, this is "
                    f"{LINK_VERSION}); some settings may differ."
                )
        elif name not in names:
            problems.append(f"This page has no setting {quoted(name)}; it is left out.")
        elif len(texts) > 1:
            problems.append(
                f"{name} must be given once, got {quoted(texts[0])} and {quoted(texts[1])}. {_DEFAULT_USED}"
            )
        else:
            try:
                values[name] = names[name].read(texts[0])
            except PacvizError as error:
                problems.append(f"{error} {_DEFAULT_USED}")
    return values, problems


def _write(name: str, allowed: Sequence[Parameter], in_place: bool) -> None:
    """Keeps what the page shows, and brings the address up to date in one step.

    in_place: instead of what the browser opened, which is not to come back.
    """
    kept = _kept(name)
    kept |= _shown(allowed)
    _kept("")[PRESENT.name] = kept[PRESENT.name]
    texts = {one.name: one.write(kept[one.name]) for one in allowed if kept[one.name] != one.default}
    wanted = {**texts, VERSION: LINK_VERSION} if texts else {}
    query = {name: texts[0] if len(texts) == 1 else texts for name, texts in _query().items()}
    if {**wanted, VERSION: None} == {**query, VERSION: None} and query.get(VERSION, LINK_VERSION) == LINK_VERSION:
        return
    if in_place:
        st.html(
            f"<script>(window.pacvizTidy ??= []).push({json.dumps(urlencode(wanted))})</script>",
            unsafe_allow_javascript=True,
        )
    else:
        st.query_params.from_dict(wanted)


def _tell(name: str) -> None:
    problems = _problems(name)
    for problem in problems[:MOST_PROBLEMS]:
        st.warning(plain(problem), icon=":material/link_off:")
    if (more := len(problems) - MOST_PROBLEMS) > 0:
        st.warning(f"{more} more settings of this link are not understood.", icon=":material/link_off:")
