"""Random labels: networks that memorise, pruned until they forget, and the bytes that memory takes."""

import streamlit as st

from pacviz import ui
from pacviz.figures import accuracy_curves, code_over_floor, fits, labelled_images

ui.through_app()
with ui.friendly():
    shown = ui.random_label_controls()
    status = st.sidebar.empty()


@st.fragment(run_every=ui.PAUSE if shown.pending else None)
def pictures() -> None:
    """Draws what is known, then trains a little more."""
    recording = shown.recording
    ui.memorising_headline(shown)
    left, right = st.columns([6, 5])
    with left:
        figure = accuracy_curves(recording, shown.method, shown.sparsity, shown.other, ui.dark())
        ui.chart(figure, "accuracy_curves")
        st.caption("See where each curve leaves 100 %: what was memorised is lost first; bands span the seeds.")
    with right:
        ui.level_table(shown)
    left, right = st.columns(2)
    with left:
        ui.chart(code_over_floor(recording, shown.method, ui.KEPT_ACCURACY, ui.dark()), "code_over_floor")
        st.caption(
            "Look for both lines to rise: the more labels are random, the more bytes it takes to know 90 % of them."
        )
    with right:
        ui.chart(fits(recording, ui.dark()), "fits")
        st.caption(
            "See every line reach the top: no augmentation and no regularisation keeps a network from memorising."
        )
    if shown.pending:
        with ui.progress_line(status) as progress:
            shown.work(progress)
        if not shown.pending:
            st.rerun()


pictures()
with ui.friendly(), ui.progress_line(status) as progress:
    drawn = ui.random_sample(shown, progress)
if drawn:
    ui.chart(labelled_images(*drawn, dark=ui.dark()), "labelled_images")
    st.caption("See what cannot be learned but by heart: a redrawn label (bold) tells nothing about its image.")
ui.take_recording_away(shown)
with st.expander("The floor, and where the theorem's assumptions meet the experiment"):
    ui.theorem()
