"""The explorer in the app: the browser's component, the sidebar beside it, and the URL that keeps both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pacviz import data, known
from pacviz.app.controls import choice, number, text
from pacviz.app.links import Parameter, linked, offer, parameters, refuse
from pacviz.app.panels import below
from pacviz.app.session import friendly, offer_download, progress_line, through_app, warn_about_cache
from pacviz.app.work import require_measuring, work
from pacviz.bounds import BOUNDS
from pacviz.certificates import certificate as certificates
from pacviz.certificates import surface
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.sweep import scenarios
from pacviz.errors import PacvizError, quoted
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.explorer import LIVE, Pin, View, hidden, payload, pinned, released, source, unfinished
from pacviz.jobs import limits
from pacviz.library import checkpoints
from pacviz.models import ARCHITECTURES
from pacviz.scenario import DATA_NAMES, PIXELS, Scenario
from pacviz.settings import defaults, settings

_component = st.components.v2.component("pacviz_explorer", js=source())
_KEY = "explorer"
PARAMETERS = (
    *parameters(Scenario),
    *parameters(View, names=("n", "along", "tour")),
    Parameter("hide", (), hidden, ",".join),
    Parameter("pins", (), pinned, lambda pins: ";".join(pin.to_text() for pin in pins)),
)
"""All that a link to the page can say."""


def explorer_state() -> tuple[Scenario, View]:
    """Draws what the sidebar asks; the Scenario and the View that it and the link describe."""
    with linked("compress", PARAMETERS):
        networks = checkpoints.networks()
        _settle(networks)
        state = st.session_state
        if state["hide"]:
            st.html(f"<style>{', '.join(f'.st-key-{name}' for name in state['hide'])} {{ display: none; }}</style>")
        with st.sidebar:
            choice("data", tuple(networks))
            choice("model", networks[state["data"]])
            choice("quantizer", settings(Scenario)["quantizer"].choices())
            choice("pruning", settings(Scenario)["pruning"].choices(), disabled=state["quantizer"] == "uniform")
            choice("checkpoint", _checkpoints())
            _absent(networks)
            with st.expander("Seed, pixels, spread"):
                for name in ("seed", *PIXELS):
                    number(name)
                text("spread")
        return Scenario(**{name: state[name] for name in settings(Scenario)}), _view()


def _view() -> View:
    return View(**{name: st.session_state[name] for name in defaults(View)})


def _checkpoints() -> tuple[str, ...]:
    """The networks that can be chosen, and the one of a link that names a member of a family."""
    state = st.session_state
    there = checkpoints.choices(state["model"], state["data"])
    named = state["checkpoint"] in checkpoints.available(state["model"], state["data"])
    return (*there, state["checkpoint"]) if named and state["checkpoint"] not in there else there


def _is_there(pin: Pin, networks: Mapping[str, Sequence[str]]) -> bool:
    scenario = pin.scenario
    names = {*checkpoints.choices(scenario.model, scenario.data), *checkpoints.available(scenario.model, scenario.data)}
    return scenario.model in networks.get(scenario.data, ()) and scenario.checkpoint in names


def _absent(networks: Mapping[str, Sequence[str]]) -> None:
    """What the menus leave out, and where it is made."""
    sets = [data.DATASETS[name].title for name in DATA_NAMES if name not in networks]
    others = [name for name in ARCHITECTURES if name not in networks[st.session_state["data"]]]
    if sets or others:
        there = [*sets, *([f"{len(others)} more architectures"] if others else [])]
        st.caption(f"Not offered, for nobody has trained a network yet: {', '.join(there)}.")
        st.page_link(
            "pages/train.py",
            label="Train one",
            icon=":material/model_training:",
        )


def _settle(networks: Mapping[str, Sequence[str]]) -> None:
    """Before anything is drawn: what is not there, or does not go together, gives way to the default with a sentence."""
    state = st.session_state
    offer("data", tuple(networks), defaults(Scenario)["data"])
    offer("model", networks[state["data"]], defaults(Scenario)["model"])
    offer("checkpoint", _checkpoints(), defaults(Scenario)["checkpoint"])
    if state["noise"] > 0 and BOUNDS[state["bound"]].deterministic_only:
        refuse(f"{BOUNDS[state['bound']].title} holds without noise only; {BOUNDS['seeger'].title} is shown instead.")
        state["bound"] = "seeger"
    for names, others in ((("spread",), PIXELS), (PIXELS, ())):
        try:
            Scenario(
                **{name: defaults(Scenario)[name] if name in others else state[name] for name in settings(Scenario)}
            )
        except PacvizError as error:
            refuse(f"{error} The default is used instead.")
            for name in names:
                state[name] = defaults(Scenario)[name]
    kept = tuple(pin for pin in state["pins"] if _is_there(pin, networks))
    if lost := [pin for pin in state["pins"] if pin not in kept]:
        refuse(f"There is no network here for the pin {quoted(lost[0].to_text())}; it is left out.")
        state["pins"] = kept


def explorer(
    scenario: Scenario,
    view: View,
    measured: Sequence[Certificate],
    recorded: tuple[surface.Surface, str] | None,
    working: bool,
) -> None:
    """The component; what is let go in it goes into the session before the page runs again."""
    pins = [certificates.known(pin.scenario) for pin in view.pins]
    moved = st.session_state.get(_KEY) or {}
    echo = (moved.get("moved") or {}).get("seq", 0)
    bare = not view.n and all(getattr(scenario, name) == defaults(Scenario)[name] for name in LIVE)
    drawn = payload(scenario, view, measured, recorded, pins, working, echo, bare)
    _component(key=_KEY, data=drawn, on_moved_change=_moved)


def _moved() -> None:
    try:
        scenario, view = released(st.session_state[_KEY]["moved"], _view())
    except PacvizError as error:
        refuse(error)
        return
    st.session_state.update(scenario.to_dict() | vars(view))


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
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
                work([(scenario, True)], progress)
            certificate = known(scenario)
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
