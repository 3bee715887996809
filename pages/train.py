"""Train to compress: start a run, and watch loss, density, error and the bound while it trains."""

import streamlit as st

from pacviz import data, ui
from pacviz.figures import accuracy_curve, bound_curve, density_curve, loss_curve

ui.through_app()
offer = st.container()
with ui.friendly():
    wanted = ui.training_controls()
    chosen = ui.choose_run()
    states = ui.states()


@st.fragment(run_every=ui.PULSE if ui.any_alive() else None)
def live() -> None:
    """Draws the chosen run as it is now."""
    if ui.states() != states:
        st.rerun()
    run, rows = ui.shown_run(chosen)
    ui.run_headline(chosen, run, rows)
    ui.run_figures(run, rows)
    left, right = st.columns(2)
    with left:
        ui.chart(bound_curve(run.training, rows, ui.dark()), "bound_curve")
        ui.chart(accuracy_curve(run.training, rows, ui.dark()), "accuracy_curve")
    with right:
        ui.chart(density_curve(run.training, rows, ui.dark()), "density_curve")
        ui.chart(loss_curve(run.training, rows, ui.dark()), "loss_curve")
    st.code(run.training.command, language="bash", wrap_lines=True)


live()
ui.warn_about_cache()
with offer:
    if not data.is_available(wanted):
        ui.offer_download(wanted)
