"""The parts of the page Train: the controls of a new run, the list of runs, and the numbers of the one that is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart
from pacviz.app.controls import choice, number
from pacviz.app.links import Parameter, linked, parameters
from pacviz.app.owner import visitor
from pacviz.app.plain import plain
from pacviz.app.session import dark, friendly, offer_download, through_app, warn_about_cache
from pacviz.errors import PacvizError, quoted
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.train.figures import accuracy_curve, bound_curve, density_curve, loss_curve
from pacviz.experiments.train.takeaways import run_explanation, share_left
from pacviz.figures import size
from pacviz.figures.style import VACUOUS
from pacviz.jobs import limits, trash
from pacviz.library import checkpoints
from pacviz.models.cost import duration
from pacviz.scenario import Scenario
from pacviz.settings import defaults, settings
from pacviz.training import processes as runs
from pacviz.training import records
from pacviz.training.recipe import METHODS, SCRATCH, Training
from pacviz.training.records import ALIVE, RESUMABLE, Metrics, Run
from pacviz.words import at_most, explained

PREFIX = "train_"
CHOSEN, _SHOWN = "run", "train_run"
PULSE = 2.0
"""Seconds between two looks at a run that is alive."""
LOOK = 5.0
"""Seconds between two looks at whether any run has begun or ended, in another tab or a shell."""
METHOD = "gradual"
"""What the page offers first: plain training would show a bound that stays vacuous."""
FIRST = ("method", "data", "model", "start", "density", "bits", "price", "dimension", "levels", "epochs", "name")
"""The settings that are always in sight."""
STATES = {
    "waiting": ":orange-badge[:material/hourglass_top: waiting for its turn]",
    "running": ":blue-badge[:material/play_arrow: running]",
    "stopping": ":orange-badge[:material/hourglass_top: stopping]",
    "stopped": ":gray-badge[:material/pause: stopped, everything is kept]",
    "interrupted": ":orange-badge[:material/power_off: interrupted, at most 30 seconds are lost]",
    "failed": ":red-badge[:material/error: failed]",
    "done": ":green-badge[:material/check: done]",
}
RECORDED = ":violet-badge[:material/movie: recorded: this is what a run looks like]"


_PREFIXES = {method: f"{PREFIX}{method}_" for method in METHODS}
_OWN = [name for name in settings(Training) if name not in ("method", "data", "model", "name")]
"""Of each method, so that it keeps its own."""


def _run(text: str) -> str:
    if text not in (options := _runs()):
        raise PacvizError(f"{CHOSEN} must be one of {', '.join(options[:12])}, got {quoted(text)}.")
    return text


PARAMETERS: tuple[Parameter, ...] = (
    *parameters(Training, PREFIX, ("method", "data", "model"), {"method": METHOD}),
    *(one for method in METHODS for one in parameters(Training, _PREFIXES[method], _OWN, METHODS[method].usual)),
    Parameter(CHOSEN, None, _run),
)
"""All that a link to the page can say."""


def training_controls() -> tuple[str, str]:
    """Draws the controls of a new run in the sidebar, and starts it on request; the data set and the run that are chosen."""
    with linked("train", PARAMETERS):
        return _training_controls(), _choose_run()


def _training_controls() -> str:
    if limits.public():
        st.sidebar.caption(limits.read_only("training"))
        return str(defaults(Training)["data"])
    values: dict[str, Any] = {}
    with st.sidebar:
        for name in ("method", "data", "model"):
            values[name] = choice(name, settings(Training)[name].choices(), Training, PREFIX)
        method = values["method"]
        usual, prefix = {**defaults(Training), **METHODS[method].usual}, _PREFIXES[method]
        names = checkpoints.available(values["model"], values["data"])
        starts = names if METHODS[method].from_trained and names else (SCRATCH, *names)
        values["start"] = choice("start", starts, Training, prefix, usual["start"])
        useless = METHODS[method].unread
        numbers = [name for name in settings(Training) if name not in ("name", *values, *useless)]
        pair = st.columns(2)
        for index, name in enumerate(name for name in numbers if name in FIRST):
            with pair[index % 2]:
                values[name] = number(name, Training, prefix, usual[name])
        with st.expander("Optimizer, seed"):
            for name in numbers:
                if options := settings(Training)[name].choices():
                    values[name] = choice(name, options, Training, prefix, usual[name])
                elif name not in FIRST:
                    values[name] = number(name, Training, prefix, usual[name])
        free = runs.free_name(Training(model=values["model"], data=values["data"], name=method))
        values["name"] = st.text_input(
            settings(Training)["name"].title,
            free,
            key=f"{prefix}name_{values['model']}_{values['data']}_{free}",
            help=settings(Training)["name"].help,
        )
        small = _estimate(values)
        wanted = st.button(
            "Start",
            icon=":material/play_arrow:",
            type="primary",
            key=f"{PREFIX}start",
            width="stretch",
            disabled=not (small and data.is_available(values["data"])),
        )
    if wanted:
        try:
            st.session_state[CHOSEN] = runs.start(Training.of(**values), visitor(), unique=values["name"] == free).id
            st.rerun()
        except PacvizError as error:
            st.error(plain(error), icon=":material/error:")
    return str(values["data"])


def _estimate(values: dict[str, Any]) -> bool:
    """Says what the training will take, before it is started; whether the server grants that to a page."""
    try:
        estimate = Training.of(**values).estimate
    except PacvizError:  # Start tells it
        return True
    try:
        limits.require_small(estimate, "choose fewer epochs, a smaller network or another batch size")
    except PacvizError as error:
        st.warning(plain(error), icon=":material/block:")
        return False
    st.caption(f"Takes {estimate.text}.")
    return True


def _runs() -> list[str]:
    return [*(run.id for run in records.listing()), *(f"{_EXAMPLE}{run}" for run in records.recorded())]


def _choose() -> None:
    st.session_state[CHOSEN] = st.session_state[_SHOWN]


def _choose_run() -> str:
    """Draws the list of runs and what can be done with the chosen one; the id of that, a recorded one where there is none."""
    present, me = {run.id: run for run in records.listing()}, visitor()
    examples = [f"{_EXAMPLE}{run}" for run in records.recorded()]
    own = [run.id for run in present.values() if run.owner == me]
    options = _runs()
    wanted = st.session_state[CHOSEN]
    # Until somebody chooses, it is one's own newest one, whatever starts meanwhile.
    st.session_state[_SHOWN] = wanted if wanted in options else [*own, *examples, *options][0]
    place, *actions = st.columns([5, 2, 2, 2], vertical_alignment="bottom")
    chosen = place.selectbox(
        f"Runs ({len(present)})",
        options,
        format_func=lambda run: _label(present[run], me) if run in present else f"{_plain(run)} · recorded",
        key=_SHOWN,
        on_change=_choose,
        help="The runs of all browsers and shells on this machine; they go on when the page is closed. Only the browser "
        "that started a run can change it, or a shell.",
    )
    if (run := present.get(chosen)) is not None:
        _actions(run, actions, run.owner == me and not limits.public())
        if run.owner != me:
            whose = "a shell of this machine" if run.owner is None else "another browser"
            st.caption(f"Started by {whose}; it can be watched here, and changed only there.")
    if not limits.public():
        _bring_back(me)
    return str(chosen)


def _label(run: Run, me: str) -> str:
    return f"{run.id} · {run.state}{' · yours' if run.owner == me else ''}"


def _bring_back(me: str) -> None:
    """The way back for what this browser discarded last."""
    for entry in runs.discarded(me)[:_SHOWN_DISCARDED]:
        st.button(
            f"Bring back {entry.name}",
            icon=":material/undo:",
            key=f"restore_{entry.token}",
            on_click=_do,
            args=("restore", entry.token),
            help=f"It lies in the trash, for {trash.HOURS} hours from when it was discarded.",
        )


_EXAMPLE = "recorded."
_SHOWN_DISCARDED = 3


def _plain(run: str) -> str:
    return run.removeprefix(_EXAMPLE)


def _actions(run: Run, places: list[Any], own: bool) -> None:
    """What can be done with a run in its state: watched and taken away by all, changed by its own browser."""
    if run.alive and own:
        stopping = run.state == "stopping"
        places[0].button(
            "Stop",
            icon=":material/stop:",
            key="stop",
            on_click=_do,
            args=("stop", run.id),
            disabled=stopping,
            width="stretch",
        )
        return
    if run.state in RESUMABLE and own:
        places[0].button(
            "Resume", icon=":material/play_arrow:", key="resume", on_click=_do, args=("resume", run.id), width="stretch"
        )
    elif run.state == "done" and run.folder is None and run.checkpoint.exists():
        places[0].page_link(
            "pages/compress.py",
            label="Compress it",
            icon=":material/compress:",
            query_params=compress_link(run, records.metrics(run.id)),
            help="Its checkpoint is saved; see what it takes to write it down, and its certificate.",
            width="stretch",
        )
        places[1].download_button(
            "Weights",
            run.checkpoint.read_bytes,
            run.checkpoint.name,
            "application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="weights",
            help="The checkpoint as a safetensors file.",
            width="stretch",
        )
    if own and not run.alive:
        with places[2].popover("Discard", icon=":material/delete:", width="stretch"):
            st.write(f"Move {run.id} and its checkpoint to the trash? It can be brought back for {trash.HOURS} hours.")
            st.button("Discard it", key="discard", on_click=_do, args=("discard", run.id), width="stretch")


def _do(action: str, run: str) -> None:
    actions: dict[str, Callable[[str, str], object]] = {
        "stop": runs.stop,
        "resume": runs.resume,
        "discard": runs.discard,
        "restore": runs.restore,
    }
    try:
        actions[action](run, visitor())
    except PacvizError as error:
        st.error(plain(error), icon=":material/error:")


def compress_link(run: Run, rows: list[Metrics]) -> dict[str, str]:
    """The settings of the first screen under which the network of a run is pruned no further."""
    training, setting = run.training, settings(Scenario)["sparsity"]
    sparsity = min(math.floor((1 - rows[-1].density) / setting.step) * setting.step, setting.high) if rows else 0.0
    return {
        "model": training.model,
        "data": training.data,
        "checkpoint": training.name,
        "sparsity": f"{sparsity:.3f}",
        "bits": str(training.bits),
        "pruning": "global",
    }


def states() -> dict[str, str]:
    """The state of every run."""
    return {run.id: run.state for run in records.listing()}


def is_alive(chosen: str, states: Mapping[str, str]) -> bool:
    """Whether the numbers of the chosen run still change."""
    return states.get(chosen) in ALIVE


def shown_run(chosen: str) -> tuple[Run, list[Metrics]]:
    """The chosen run as it is now, and its metrics."""
    if chosen.startswith(_EXAMPLE):
        return records.recorded()[_plain(chosen)]
    return records.find(chosen), records.metrics(chosen)


def run_headline(chosen: str, run: Run, rows: list[Metrics]) -> None:
    """What its bound says, and where the run stands; of one height, so that nothing below moves while it trains."""
    badge = RECORDED if chosen.startswith(_EXAMPLE) else STATES[run.state]
    with st.container(key="explanation"):
        st.markdown(f"### {run_explanation(run, rows)}")
    with st.container(height=52, border=False):
        st.markdown(f"{badge} {plain(run.message)}")


def run_figures(run: Run, rows: list[Metrics]) -> None:
    """The five numbers of a run."""
    last = rows[-1] if rows else None
    seen = records.last_measured(rows)
    bound = seen.bound if seen else None
    left = records.seconds_left(run, rows) if run.state == "running" else None
    tiles = (
        ("Epoch", f"{last.epoch:.1f}" if last else "–", f"of {run.training.epochs}"),
        ("Time left", _duration(left), f"{_duration(last.seconds)} so far" if last else "not begun"),
        ("Density", share_left(last) if last else "–", f"{last.nonzeros:,} weights" if last else "of the weights"),
        ("Accuracy", f"{last.accuracy:.1%}" if last else "–", f"loss {last.loss:.4f}" if last else "in training"),
        (
            "Bound" if seen and seen.exact else "Bound, preview",
            "–" if bound is None else at_most(bound),
            "not measured"
            if seen is None or bound is None
            else "vacuous"
            if bound >= VACUOUS
            else size(seen.code_bytes or 0),
        ),
    )
    for column, (label, value, note) in zip(st.columns(5), tiles, strict=True):
        column.metric(label, value, note, delta_color="off", delta_arrow="off", border=True)


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    offer = st.container()
    with friendly():
        wanted, chosen = training_controls()
        known = states()

    @st.fragment(run_every=LOOK)
    def look() -> None:
        """Draws nothing; where a run has begun or ended, in whatever tab or shell, the whole page is drawn again."""
        if states() != known:
            st.rerun()

    @st.fragment(run_every=PULSE if is_alive(chosen, known) else None)
    def live() -> None:
        """Draws the chosen run as it is now."""
        if states() != known:
            st.rerun()
        run, rows = shown_run(chosen)
        run_headline(chosen, run, rows)
        run_figures(run, rows)
        left, right = st.columns(2)
        with left:
            chart(bound_curve(run.training, rows, dark()), "bound_curve")
            chart(accuracy_curve(run.training, rows, dark()), "accuracy_curve")
        with right:
            chart(density_curve(run.training, rows, dark()), "density_curve")
            chart(loss_curve(run.training, rows, dark()), "loss_curve")
        st.caption(explained("nats", run.training.method, run.training.model))
        st.code(run.training.command, language="bash", wrap_lines=True)

    live()
    look()
    warn_about_cache()
    with offer:
        if not limits.public() and not data.is_available(wanted):
            offer_download(wanted)
