"""Does it hold?  Many samples from a known distribution, and each network's true error beside its bound."""

import streamlit as st

from pacviz import ui
from pacviz.figures import errors_and_bounds, violation_share

ui.through_app()
with ui.friendly():
    experiment, claim, wanted = ui.trial_controls()
    status = st.sidebar.empty()
pending = ui.running() and len(ui.known_trials(experiment, claim, wanted)) < wanted


# A fragment, because the browser keeps every chart of a chain of st.rerun() until the last of them ends.
@st.fragment(run_every=ui.PAUSE if pending else None)
def live() -> None:
    """Draws the trials that are known, then runs some more."""
    trials = ui.known_trials(experiment, claim, wanted)
    ui.verdict(experiment, trials, claim)
    ui.trial_figures(trials)
    left, right = st.columns(2)
    with left:
        ui.chart(errors_and_bounds(trials, ui.dark()), "errors_and_bounds")
    with right:
        ui.chart(violation_share(trials, claim.delta, wanted, ui.dark()), "violation_share")
    ui.trial_formula(trials, claim)
    if pending:
        with ui.friendly(), ui.progress_line(status) as progress:
            ui.more_trials(experiment, wanted, progress)
        if len(ui.known_trials(experiment, claim, wanted)) == wanted:
            st.rerun()


live()
