"""The explorer in the app: the browser's component, the sidebar beside it, and the URL that keeps both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pacviz import certify, data, known
from pacviz.app.controls import check_link, choice, in_link, number, put_in_link, refuse, text
from pacviz.app.panels import below
from pacviz.app.session import friendly, offer_download, progress_line, through_app, warn_about_cache
from pacviz.app.work import require_measuring, work
from pacviz.certificates import certificate as certificates
from pacviz.certificates import surface
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.sweep import scenarios
from pacviz.errors import PacvizError
from pacviz.explorer import LIVE, View, payload, released, source, unfinished
from pacviz.jobs import limits
from pacviz.library import checkpoints
from pacviz.scenario import Scenario
from pacviz.settings import defaults, settings

_component = st.components.v2.component("pacviz_explorer", js=source())
_KEY = "explorer"

PRESENTING = """
<style>
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], [data-testid="stHeader"] { display: none; }
.stMainBlockContainer { padding: 1rem 2.5rem; }
</style>
"""


def explorer_state() -> tuple[Scenario, View]:
    """Draws what the sidebar asks; the Scenario and the View that it and the URL describe."""
    view, problems = View.from_query(st.query_params.to_dict())
    check_link([("", Scenario)], problems)
    if view.present:
        st.html(PRESENTING)
    if view.hide:
        st.html(f"<style>{', '.join(f'.st-key-{name}' for name in view.hide)} {{ display: none; }}</style>")
    values: dict[str, Any] = {name: in_link(name) for name in LIVE}
    with st.sidebar:
        for name in ("data", "model"):
            values[name] = choice(name, settings(Scenario)[name].choices())
        values["pruning"] = choice("pruning", settings(Scenario)["pruning"].choices())
        names = checkpoints.choices(values["model"], values["data"])
        values["checkpoint"] = choice("checkpoint", names or (defaults(Scenario)["checkpoint"],))
        with st.expander("Seed, pixels, spread"):
            for name in ("seed", "input_low", "input_high"):
                values[name] = number(name)
            values["spread"] = text("spread")
    if values["noise"] > 0 and values["bound"] == "occam":
        st.warning(
            "Occam–Chernoff holds without noise only; Maurer–Seeger is shown instead.", icon=":material/link_off:"
        )
        values["bound"] = "seeger"
    return Scenario.from_mapping(values), view


def explorer(
    scenario: Scenario,
    view: View,
    measured: Sequence[Certificate],
    recorded: tuple[surface.Surface, str] | None,
    working: bool,
) -> None:
    """The component; what is let go in it goes to the URL before the page runs again."""
    pins = [certificates.known(pin.scenario) for pin in view.pins]
    moved = st.session_state.get(_KEY) or {}
    echo = (moved.get("moved") or {}).get("seq", 0)
    bare = not any(name in st.query_params for name in (*LIVE, "n"))
    data = payload(scenario, view, measured, recorded, pins, working, echo, bare)
    _component(key=_KEY, data=data, on_moved_change=_moved)


def _moved() -> None:
    moved, before = st.session_state[_KEY]["moved"], View.from_query(st.query_params.to_dict())[0]
    try:
        scenario, view = released(moved, before)
    except PacvizError as error:
        refuse(error)
        return
    values = scenario.to_dict()
    for name, value in values.items():
        if name not in LIVE and st.session_state.get(name) != value:
            st.session_state[name] = value
    texts = view.to_query() | {name: str(values[name]) for name in LIVE if values[name] != defaults(Scenario)[name]}
    put_in_link(texts, (*LIVE, *defaults(View)))


def page() -> None:
    """Draws the page."""
    through_app()
    with friendly():
        scenario, view = explorer_state()
        status = st.sidebar.empty()
        recorded = surface.find(scenario)
        certificate = known(scenario)
        if certificate is None and recorded is None:
            require_measuring()
            if not data.is_available(scenario.data):
                offer_download(scenario.data)
            with progress_line(status) as progress:
                certificate = certify(scenario, preview=True, progress=progress)
        line = [] if recorded else scenarios(scenario, view.along)
        measured = [one for one in (certificate, *map(known, line)) if one]
        jobs = [] if limits.public() else unfinished(scenario, line, view.pins)

    explorer(scenario, view, measured, recorded, working=bool(jobs))
    below(scenario, view, certificate, recorded is not None)
    warn_about_cache()

    if jobs:
        with friendly(), progress_line(status) as progress:
            work(jobs, progress)
        st.rerun()
    if certificate is None:
        with friendly():
            require_measuring()
        offer_download(scenario.data)
