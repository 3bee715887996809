"""The parts of "Random labels": what is shown, the experiment that runs live, and what the pictures say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart, sheet
from pacviz.app.controls import choice, number, segments
from pacviz.app.links import Parameter, linked, parameters, usual
from pacviz.app.owner import keep_visitor, visitor
from pacviz.app.plain import plain
from pacviz.app.session import dark, friendly, progress_line, through_app
from pacviz.bounds import vacuous
from pacviz.data.labels import Randomized
from pacviz.errors import PacvizError
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.random_labels.figures import accuracy_curves, code_over_floor, fits, labelled_images
from pacviz.experiments.random_labels.live import Live, estimate, forget, live, require_small
from pacviz.experiments.random_labels.results import (
    Recording,
    Spread,
    discard,
    discarded,
    free_name,
    owners,
    restore,
    save_new,
    sound,
)
from pacviz.experiments.random_labels.run import sample
from pacviz.experiments.random_labels.settings import METHODS, ONE_SHOT, SURGERY, Randomization
from pacviz.experiments.random_labels.takeaways import code_caption, fits_caption, images_caption, pruning_caption
from pacviz.jobs import limits
from pacviz.progress import Progress
from pacviz.settings import setting, settings
from pacviz.words import at_most, size

PREFIX = "labels_"
LIVE = f"{PREFIX}live_"
RECORDED, RUNNING = "recorded", "live"
PULSE = 1.0
"""Seconds between two drawings of an experiment that is under way."""
KEPT_ACCURACY = 0.9
"""The training accuracy at which code lengths are compared."""
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
        " ".join(f"{name}: {text}" for name, text in METHODS.items()),
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
    keep_visitor()
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
        if method == SURGERY and not experiment.recovery:
            method = ONE_SHOT
            st.caption("Surgery was left out of these runs.")
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
    return float(st.select_slider(about.title, values, format_func=_percent, key=key, help=about.help))


def _middle(experiment: Randomization) -> float:
    return experiment.sparsity[len(experiment.sparsity) // 2]


def _middle_level(experiment: Randomization) -> float:
    return experiment.levels[len(experiment.levels) // 2]


def _percent(share: float) -> str:
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
    forget(experiment)
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


def memorising_headline(shown: Shown) -> None:
    """What the slider's place says, in one large sentence, and what was run."""
    recording = shown.recording
    levels = recording.at(shown.method, shown.sparsity)
    if len(levels) < 2:
        st.markdown("### How much of what it memorised does a network keep when it is pruned?")
    else:
        least, most = levels[0], levels[-1]
        places = (
            ("of true labels", "of random ones")
            if (least.level, most.level) == (0, 1)
            else (f"with {least.level:.0%} random labels", f"with {most.level:.0%}")
        )
        st.markdown(
            f"### Pruned by {_percent(shown.sparsity)}: :blue[**{least.accuracy.mean:.0%}**] {places[0]} still known, "
            f":red[**{most.accuracy.mean:.0%}**] {places[1]}"
        )
    state = "" if recording.complete else f" {len(recording.runs)} of {len(recording.experiment.jobs)} runs so far."
    st.caption(f"{recording.experiment.title}; {METHODS[shown.method]}{state}")


def level_table(shown: Shown) -> None:
    """By level at the slider's sparsity: accuracy, effective size, bound and test error."""
    recording, rows = shown.recording, []
    others = {found.level: found for found in shown.other.at(shown.method, shown.sparsity)} if shown.other else {}
    for found in recording.at(shown.method, shown.sparsity):
        held = vacuous(found.bound.mean, recording.experiment.classes)
        row = {
            "random": f"{found.level:.0%}",
            "accuracy": _spread(found.accuracy),
            "size": size(found.bytes.mean),
            "bound": "vacuous" if held else at_most(found.bound.mean),
            "test error": f"{found.test_error.mean:.1%}",
        }
        if shown.other:
            there = others.get(found.level)
            row["compared"] = _spread(there.accuracy) if there else "–"
        rows.append(row)
    st.markdown(f"**At {_percent(shown.sparsity)} sparsity**")
    if rows:
        st.table(rows, border="horizontal")
    st.caption(
        "Accuracy: on the labels that were to be memorised, mean over the seeds (worst–best). Size: effective size, the length "
        f"of the code. Bound: Occam–Chernoff at δ = {recording.experiment.delta:g}. Test error: on fresh images whose "
        "labels are as random."
    )


def _spread(values: Spread) -> str:
    if f"{values.low:.1%}" == f"{values.high:.1%}":
        return f"{values.mean:.1%}"
    return f"{values.mean:.1%} ({100 * values.low:.0f}–{100 * values.high:.0f})"


def random_sample(shown: Shown, progress: Progress) -> tuple[Randomized, tuple[str, ...]] | None:
    """The training sample of the shown level and the names of its classes; None where the data set is not at hand."""
    experiment = shown.recording.experiment
    if not data.is_available(experiment.data):
        return None
    dataset = data.load(experiment.data, progress=progress)
    names = data.source(experiment.data).names or tuple(str(label) for label in range(dataset.classes))
    return sample(experiment, shown.level, experiment.seed, dataset), names


def theorem() -> None:
    """What the floor is, and where its assumptions meet the experiment."""
    st.markdown(
        "**The floor** (Zhou et al. 2019, Theorem 6.1). Whoever errs less on its training sample than on fresh examples can "
        "tell them apart, and must have stored something to do so. With r and R the expected training and test error,"
    )
    st.latex(
        r"H(\hat h) \;\ge\; n \left[ \ln 2 - \ell\, h_b\!\left(\tfrac{r}{r + R}\right) "
        r"- (1 - \ell)\, h_b\!\left(\tfrac{1 - r}{2 - r - R}\right) \right], \qquad \ell = \tfrac{r + R}{2}"
    )
    st.markdown(
        "No code of whatever kind can be shorter on average than this entropy. The theorem speaks of expectations over "
        "samples and of a discrete set of networks. Here the networks are discrete indeed: codes of whole bytes. The "
        "expectations are replaced by means over a few seeds, each of which draws its own images, labels and first "
        "weights; the bars show how little they differ. R is exact in the random part: a label that is drawn uniformly "
        "disagrees with any answer with probability 1 − 1/classes. Images and labels of a finite data set stand for the "
        "distribution, and the share of random labels is fixed rather than drawn, which changes R by nothing. The floor "
        "is far below the codes because it counts only what must be stored to tell the training sample from fresh "
        "examples, and because the code describes weights rather than what they do."
    )


def take_recording_away(shown: Shown) -> None:
    """CSV, the command that repeats it, and a name to keep live runs under."""
    recording = shown.recording
    left, right = st.columns([1, 2])
    left.download_button(
        "Table as CSV",
        recording.table().to_csv(index=False),
        "random-labels.csv",
        "text/csv",
        icon=":material/download:",
        width="stretch",
    )
    right.code(recording.experiment.command, language="bash", wrap_lines=True)
    if shown.live is not None and shown.live.done:
        with st.form(f"{LIVE}keep"):
            free = free_name("my-run")
            name = st.text_input("Keep it under the name", free, key=f"{LIVE}name_{free}")
            if st.form_submit_button("Keep", icon=":material/save:"):
                with friendly():
                    kept = save_new(recording, name, visitor(), unique=name == free)
                    st.success(f"Kept: it is now among the recordings as {kept}.", icon=":material/check:")


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    with friendly():
        shown = random_label_controls()
        status = st.sidebar.empty()

    @st.fragment(run_every=PULSE if shown.pending else None)
    def pictures() -> None:
        """Draws what is known of it at this moment."""
        recording, place = shown.recording, st.empty()  # its own place: one outside may be gone when it draws again
        memorising_headline(shown)
        left, right = st.columns([6, 5])
        with left:
            figure = accuracy_curves(recording, shown.method, shown.sparsity, shown.other, dark())
            chart(figure, "accuracy_curves")
            st.caption(pruning_caption(recording, shown.method, KEPT_ACCURACY))
        with right:
            level_table(shown)
        left, right = st.columns(2)
        with left:
            chart(code_over_floor(recording, shown.method, KEPT_ACCURACY, dark()), "code_over_floor")
            st.caption(code_caption(recording, shown.method, KEPT_ACCURACY))
        with right:
            chart(fits(recording, dark()), "fits")
            st.caption(fits_caption(recording))
        if shown.pending:
            with progress_line(place) as progress:
                shown.watch(progress)
            if not shown.pending:
                st.rerun()

    pictures()
    with friendly(), progress_line(status) as progress:
        drawn = random_sample(shown, progress)
    if drawn:
        sheet(labelled_images(*drawn), "labelled_images")
        st.caption(images_caption(drawn[0]))
    take_recording_away(shown)
    with st.expander("The floor, and where the theorem's assumptions meet the experiment"):
        theorem()
