"""The parts of "Random labels": headline, table, pictures and what they say."""

from __future__ import annotations

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart, sheet
from pacviz.app.folded import folded
from pacviz.app.owner import visitor
from pacviz.app.session import dark, friendly, progress_line, through_app
from pacviz.bounds import vacuous
from pacviz.data.labels import Randomized
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.random_labels.figures import accuracy_curves, code_over_floor, fits, labelled_images
from pacviz.experiments.random_labels.files import free_name, save_new
from pacviz.experiments.random_labels.page_controls import LIVE, Shown, percent, random_label_controls
from pacviz.experiments.random_labels.results import Spread
from pacviz.experiments.random_labels.run import sample
from pacviz.experiments.random_labels.settings import METHODS
from pacviz.experiments.random_labels.takeaways import code_caption, fits_caption, images_caption, pruning_caption
from pacviz.progress import Progress
from pacviz.words import at_most, size

PULSE = 1.0
"""Seconds between two drawings of an experiment that is under way."""
KEPT_ACCURACY = 0.9
"""The training accuracy at which code lengths are compared."""


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
            f"### Pruned by {percent(shown.sparsity)}: :blue[**{least.accuracy.mean:.0%}**] {places[0]} still known, "
            f":red[**{most.accuracy.mean:.0%}**] {places[1]}"
        )
    state = "" if recording.complete else f" {len(recording.runs)} of {len(recording.experiment.jobs)} runs so far."
    st.caption(f"{recording.experiment.title}; {METHODS[shown.method].what}{state}")


def level_table(shown: Shown) -> None:
    """By level at the slider's sparsity: accuracy, effective size, bound and test error."""
    recording, rows = shown.recording, []
    others = {summary.level: summary for summary in shown.other.at(shown.method, shown.sparsity)} if shown.other else {}
    for summary in recording.at(shown.method, shown.sparsity):
        held = vacuous(summary.bound.mean, recording.experiment.classes)
        row = {
            "random": f"{summary.level:.0%}",
            "accuracy": _spread(summary.accuracy),
            "size": size(summary.bytes.mean),
            "bound": "vacuous" if held else at_most(summary.bound.mean),
            "test error": f"{summary.test_error.mean:.1%}",
        }
        if shown.other:
            there = others.get(summary.level)
            row["compared"] = _spread(there.accuracy) if there else "–"
        rows.append(row)
    st.markdown(f"**At {percent(shown.sparsity)} sparsity**")
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
    folded("The floor, and where the theorem's assumptions meet the experiment", "labels_theorem", theorem)
