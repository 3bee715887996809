"""The controls of "Heavy tails": which recording is shown, or which experiment runs live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pacviz.app.controls import choice, number, segments
from pacviz.app.links import Parameter, linked, parameters, usual
from pacviz.app.owner import visitor
from pacviz.app.plain import plain
from pacviz.errors import PacvizError
from pacviz.experiments.heavy_tails.live import SMALL, Live, estimate, live
from pacviz.experiments.heavy_tails.payload import Place
from pacviz.experiments.heavy_tails.results import Recording, sound
from pacviz.experiments.heavy_tails.settings import HeavyTails
from pacviz.jobs import limits
from pacviz.progress import Progress
from pacviz.settings import setting, settings

PREFIX = "tails_"
LIVE = f"{PREFIX}live_"
RECORDED, RUNNING = "recorded", "live"
_ACTIVE, _PROBLEM = f"{LIVE}active", f"{LIVE}problem"


@dataclass(frozen=True)
class _Choices:
    show: str = setting(
        RECORDED,
        "Show",
        "recorded: networks that are there. live: train small ones now.",
        choices=lambda: (RECORDED, RUNNING),
    )
    name: str = setting("", "Recording", "Networks that were trained before.")
    width: int = setting(32, "Width", "Hidden units of each layer.", low=8, high=256)


PARAMETERS: tuple[Parameter, ...] = (
    *parameters(_Choices, PREFIX, ("show", "name"), usual={"name": None}),
    *parameters(Place, PREFIX),
    *parameters(HeavyTails, LIVE, ("n", "seed"), usual={"n": SMALL["n"]}),
    *parameters(_Choices, LIVE, ("width",)),
)
"""All that a link to the page can say."""


@dataclass(frozen=True)
class Shown:
    """What the page shows.  live: the experiment under way, None for a recording."""

    live: Live | None
    recorded: Recording
    place: Place

    @property
    def recording(self) -> Recording:
        """As it is at this moment."""
        return self.recorded if self.live is None else self.live.recording

    @property
    def pending(self) -> bool:
        """Whether there is something to train now."""
        return self.live is not None and not self.live.done and st.session_state.get(_ACTIVE) is not None

    def watch(self, progress: Progress) -> None:
        """Keeps it going; where that cannot be done, ends it and leaves the reason for the next drawing."""
        assert self.live is not None
        try:
            self.live.watch(visitor(), progress)
        except PacvizError as error:
            st.session_state[_ACTIVE], st.session_state[_PROBLEM] = None, str(error)


def heavy_tails_controls() -> Shown:
    """Draws all controls in the sidebar; what they ask for."""
    if problem := st.session_state.get(_PROBLEM):
        st.error(plain(problem), icon=":material/error:")
    with linked("tails", PARAMETERS), st.sidebar:
        shows = (RECORDED,) if limits.public() else settings(_Choices)["show"].choices()
        show = segments("show", shows, _Choices, PREFIX)
        if limits.public():
            st.caption(limits.read_only("running experiments live"))
        active: Live | None = None
        if show == RUNNING:
            experiment = _live_controls()
            started = st.session_state.get(_ACTIVE)
            active = None if started is None else live(started)
            recording = Recording(experiment, ())
        else:
            recordings = sound()
            if not recordings:
                raise PacvizError(
                    "There is no recording yet: run it live, or make one by `python -m pacviz heavy-tails`."
                )
            # The largest tells most.
            usual(f"{PREFIX}name", max(recordings, key=lambda name: len(recordings[name].networks)))
            recording = recordings[choice("name", tuple(recordings), _Choices, PREFIX)]
        place = Place(**{name: st.session_state[PREFIX + name] for name in settings(Place)})
    return Shown(active, recording, place)


def _live_controls() -> HeavyTails:
    """The settings of an experiment, and the buttons that start and cancel it."""
    buttons = st.container()
    left, right = st.columns(2)
    with left:
        n = number("n", HeavyTails, LIVE)
        width = number("width", _Choices, LIVE)
    with right:
        seed = number("seed", HeavyTails, LIVE)
    experiment = HeavyTails(**{**SMALL, "n": n, "seed": seed, "widths": (width,)})
    with buttons:
        _buttons(experiment)
    return experiment


def _buttons(experiment: HeavyTails) -> None:
    started: Any = st.session_state.get(_ACTIVE)
    if started != experiment:
        try:
            limits.require_small(estimate(experiment), "choose a smaller width or number of examples")
            trouble = None
        except PacvizError as error:
            trouble = str(error)
        st.button(
            "Run it live",
            type="primary",
            disabled=trouble is not None,
            icon=":material/play_arrow:",
            key=f"{LIVE}run",
            on_click=_start,
            args=(experiment,),
            width="stretch",
        )
        if trouble:
            st.warning(trouble, icon=":material/block:")
        else:
            st.caption(f"Digits, {len(experiment.cells)} ratios η/b; at most {estimate(experiment).text}.")
    if started is not None:
        label, icon = ("Clear", "clear") if live(started).done else ("Cancel", "stop")
        st.button(label, icon=f":material/{icon}:", key=f"{LIVE}cancel", on_click=_cancel, width="stretch")


def _start(experiment: HeavyTails) -> None:
    _leave()
    live.forget(experiment)
    st.session_state[_ACTIVE], st.session_state[_PROBLEM] = experiment, None


def _leave() -> None:
    if (started := st.session_state.get(_ACTIVE)) is not None:
        live(started).leave(visitor())


def _cancel() -> None:
    _leave()
    st.session_state[_ACTIVE] = None
