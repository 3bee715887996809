"""The first screen: slide sparsity, codebook bits and noise, and see what each bit buys."""

import streamlit as st

from pacviz import certify, data, known, ui
from pacviz.figures import error_curves, size_curves, waterfall
from pacviz.sweep import scenarios

ui.through_app()
with ui.friendly():
    scenario, axis = ui.scenario_controls()
    status = st.sidebar.empty()
    certificate = known(scenario)
    if certificate is None:
        if not data.is_available(scenario.data):
            ui.offer_download(scenario.data)
        with ui.progress_line(status) as progress:
            certificate = certify(scenario, preview=True, progress=progress)
    curve = [point for point in map(known, scenarios(scenario, axis)) if point]

ui.headline(certificate)
ui.figures(certificate)
left, right = st.columns(2)
left.plotly_chart(error_curves(curve, axis, certificate, ui.dark()), theme=None, key="errors")
right.plotly_chart(waterfall(certificate, ui.dark()), theme=None, key="waterfall")
left, right = st.columns(2)
left.plotly_chart(size_curves(curve, axis, certificate, ui.dark()), theme=None, key="sizes")
with right:
    ui.formula(certificate)
with st.expander("The ledger: every charge, a line each"):
    ui.ledger_table(certificate)
with st.expander("What is charged, and why the rest is not"):
    ui.charges_table()
with st.expander("Take it away: shell, Python, JSON"):
    ui.take_away(certificate)
ui.warn_about_cache()

jobs = ui.unfinished(scenario, axis, curve)
if jobs and data.is_available(scenario.data):
    with ui.friendly(), ui.progress_line(status) as progress:
        ui.work(jobs, progress)
    st.rerun()
