"""The controls of "Random labels": which recording is shown, or which experiment runs live, and who may discard what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pacviz.app.controls import choice, number, segments
from pacviz.app.links import Parameter, linked, parameters, usual
from pacviz.app.owner import visitor
from pacviz.app.plain import plain
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.files import discard, discarded, owners, restore, sound
from pacviz.experiments.random_labels.live import Live, estimate, live, require_small
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.settings import METHODS, ONE_SHOT, SURGERY, Randomization
from pacviz.jobs import limits
from pacviz.progress import Progress
from pacviz.settings import setting, settings

PREFIX = "labels_"
LIVE = f"{PREFIX}live_"
RECORDED, RUNNING = "recorded", "live"
NOTHING = "nothing"
_ACTIVE, _PAUSED, _PROBLEM = f"{LIVE}active", f"{LIVE}paused", f"{LIVE}problem"


@dataclass(frozen=True)
class _Choices:
    show: str = setting(
        RECORDED,
        "Show",
        "recorded: runs that are there. live: train small networks now.",
        choices=lambda: (RECORDED, RUNNING),
    )
    method: str = setting(
        SURGERY,
        "Pruning",
        " ".join(f"{name}: {pruning.what}" for name, pruning in METHODS.items()),
        choices=lambda: tuple(METHODS),
    )
    name: str = setting("", "Recording", "Runs that are there.")
    other: str = setting(NOTHING, "Compare with", "Drawn as thin lines.")
    sparsity: float = setting(
        0.0, "Sparsity", "Moves the line through the curves, and the table beside them.", low=0.0, high=1.0
    )
    level: float = setting(0.0, "Random labels in the images", "The share of them.", low=0.0, high=1.0)


@dataclass(frozen=True)
class Shown:
    """What the page shows.  live: the experiment under way, None for a recording.  other: a recording to compare with."""

    live: Live | None
    recorded: Recording
    method: str
    sparsity: float
    level: float
    other: Recording | None

    @property
    def recording(self) -> Recording:
        """As it is at this moment."""
        return self.recorded if self.live is None else self.live.recording

    @property
    def pending(self) -> bool:
        """Whether there is something to train now."""
        going = st.session_state.get(_ACTIVE) is not None and not st.session_state.get(_PAUSED, False)
        return self.live is not None and not self.live.done and going

    def watch(self, progress: Progress) -> None:
        """Keeps it going; where that cannot be done, ends it and leaves the reason for the next drawing."""
        assert self.live is not None
        try:
            self.live.watch(visitor(), progress)
        except PacvizError as error:
            st.session_state[_ACTIVE], st.session_state[_PROBLEM] = None, str(error)


_LIVE_CHOICES = ("data", "model")
_LIVE_NUMBERS = ("bits", "recovery", "epochs", "batch_size", "learning_rate", "tests", "delta")
PARAMETERS: tuple[Parameter, ...] = (
    # Where nobody has chosen, the recordings tell a good one.
    *parameters(_Choices, PREFIX, usual={"name": None, "sparsity": None, "level": None}),
    *parameters(Randomization, LIVE, (*_LIVE_CHOICES, "n", "seed", *_LIVE_NUMBERS)),
)
"""All that a link to the page can say."""


def random_label_controls() -> Shown:
    """Draws all controls in the sidebar; what they ask for."""
    if problem := st.session_state.get(_PROBLEM):
        st.error(plain(problem), icon=":material/error:")
    with linked("labels", PARAMETERS), st.sidebar:
        shows = (RECORDED,) if limits.public() else settings(_Choices)["show"].choices()
        show = segments("show", shows, _Choices, PREFIX)
        if limits.public():
            st.caption(limits.read_only("running experiments live"))
        active: Live | None = None
        if show == RUNNING:
            experiment = _live_controls()
            started = st.session_state.get(_ACTIVE)
            active = None if started is None else live(started)
            recording = Recording(experiment, ()) if active is None else active.recording
        else:
            recordings = sound()
            if not recordings:
                raise PacvizError(
                    "There is no recording yet: run it live, or make one by `python -m pacviz randomize`."
                )
            usual(f"{PREFIX}name", next(iter(recordings)))
            name = choice("name", tuple(recordings), _Choices, PREFIX)
            recording = recordings[name]
            _own_recordings(name)
        method = segments("method", tuple(METHODS), _Choices, PREFIX)
        experiment = recording.experiment
        if method not in experiment.methods:
            st.caption(f"{method.capitalize()} was left out of these runs.")
            method = ONE_SHOT
        start = recording.steepest(method) if show == RECORDED else _middle(experiment)
        sparsity = _stops("sparsity", experiment.sparsity, start)
        level = _stops("level", experiment.levels, _middle_level(experiment))
        others = {name: other for name, other in sound().items() if other != recording}
        other = choice("other", (NOTHING, *others), _Choices, PREFIX)
    compared = None if other == NOTHING else others[other]
    return Shown(active, recording, method, sparsity, level, compared)


def _stops(name: str, values: Sequence[float], start: float) -> float:
    """A slider along the values that were run, at the nearest to the one that is wanted."""
    usual(key := PREFIX + name, start)
    st.session_state[key] = min(values, key=lambda value: abs(value - st.session_state[key]))
    about = settings(_Choices)[name]
    return float(st.select_slider(about.title, values, format_func=percent, key=key, help=about.help))


def _middle(experiment: Randomization) -> float:
    return experiment.sparsity[len(experiment.sparsity) // 2]


def _middle_level(experiment: Randomization) -> float:
    return experiment.levels[len(experiment.levels) // 2]


def percent(share: float) -> str:
    """A share as the controls write it."""
    return f"{100 * share:g} %"


def _live_controls() -> Randomization:
    """The settings of an experiment, and the buttons that start, pause and cancel it."""
    buttons = st.container()
    values: dict[str, Any] = {"seeds": 1}
    for name in _LIVE_CHOICES:
        values[name] = choice(name, settings(Randomization)[name].choices(), Randomization, LIVE)
    left, right = st.columns(2)
    with left:
        values["n"] = number("n", Randomization, LIVE)
    with right:
        values["seed"] = number("seed", Randomization, LIVE)
    with st.expander("Bits, epochs, rates"):
        for name in _LIVE_NUMBERS:
            values[name] = number(name, Randomization, LIVE)
    experiment = Randomization(**values)
    _buttons(buttons, experiment)
    return experiment


def _buttons(place: st.delta_generator.DeltaGenerator, experiment: Randomization) -> None:
    started = st.session_state.get(_ACTIVE)
    with place:
        if started != experiment:
            try:
                require_small(experiment)
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
                st.caption(f"At most {estimate(experiment).text}; mostly much less, for a fit ends when all is known.")
        if started is not None:
            paused = st.session_state.get(_PAUSED, False)
            left, right = st.columns(2)
            if not live(started).done:
                label, icon = ("Resume", "play_arrow") if paused else ("Pause", "pause")
                left.button(label, icon=f":material/{icon}:", key=f"{LIVE}pause", on_click=_turn, width="stretch")
            label, icon = ("Clear", "clear") if live(started).done else ("Cancel", "stop")
            right.button(label, icon=f":material/{icon}:", key=f"{LIVE}cancel", on_click=_cancel, width="stretch")


def _own_recordings(name: str) -> None:
    """What can be done with the visitor's own recordings."""
    if limits.public():
        return
    me = visitor()
    if owners().get(name) == me:
        with st.popover("Discard", icon=":material/delete:", width="stretch"):
            st.write(f"Move the recording {name} to the trash? It can be brought back for 24 hours.")
            st.button("Discard it", key=f"{PREFIX}discard", on_click=_do, args=(discard, name, me), width="stretch")
    for entry in discarded(me)[:3]:
        st.button(
            f"Bring back {entry.name}",
            icon=":material/undo:",
            key=f"{PREFIX}restore_{entry.token}",
            on_click=_do,
            args=(restore, entry.token, me),
            width="stretch",
        )


def _do(action: Callable[[str, str], object], name: str, owner: str) -> None:
    st.session_state[_PROBLEM] = None
    try:
        action(name, owner)
    except PacvizError as error:
        st.session_state[_PROBLEM] = str(error)


def _start(experiment: Randomization) -> None:
    _leave()
    live.forget(experiment)
    st.session_state[_ACTIVE], st.session_state[_PAUSED], st.session_state[_PROBLEM] = experiment, False, None


def _turn() -> None:
    paused = not st.session_state.get(_PAUSED, False)
    st.session_state[_PAUSED] = paused
    if paused and (started := st.session_state.get(_ACTIVE)) is not None:
        live(started).pause(visitor())


def _leave() -> None:
    if (started := st.session_state.get(_ACTIVE)) is not None:
        live(started).leave(visitor())


def _cancel() -> None:
    _leave()
    st.session_state[_ACTIVE] = None
