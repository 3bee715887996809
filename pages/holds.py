"""Does it hold?  Many samples from a known distribution, and each network's true error beside its bound."""

import streamlit as st

from pacviz import ui
from pacviz.figures import errors_and_bounds, violation_share

with ui.friendly():
    experiment, claim, wanted = ui.trial_controls()
    status = st.sidebar.empty()
    trials = ui.known_trials(experiment, claim, wanted)

ui.verdict(experiment, trials, claim)
ui.trial_figures(trials)
left, right = st.columns(2)
left.plotly_chart(errors_and_bounds(trials, ui.dark()), theme=None, key="errors_and_bounds")
right.plotly_chart(violation_share(trials, claim.delta, wanted, ui.dark()), theme=None, key="violation_share")
ui.trial_formula(trials, claim)

if ui.running() and len(trials) < wanted:
    with ui.friendly(), ui.progress_line(status) as progress:
        ui.more_trials(experiment, wanted, progress)
    st.rerun()
