"""The first screen: slide sparsity, codebook bits and noise, and see what each bit buys."""

import streamlit as st

from pacviz import certify, data, known, surface, ui
from pacviz.explorer import unfinished
from pacviz.sweep import scenarios

ui.through_app()
with ui.friendly():
    scenario, view = ui.explorer_state()
    status = st.sidebar.empty()
    recorded = surface.find(scenario)
    certificate = known(scenario)
    if certificate is None and recorded is None:
        if not data.is_available(scenario.data):
            ui.offer_download(scenario.data)
        with ui.progress_line(status) as progress:
            certificate = certify(scenario, preview=True, progress=progress)
    line = [] if recorded else scenarios(scenario, view.along)
    measured = [one for one in (certificate, *map(known, line)) if one]
    jobs = unfinished(scenario, line, view.pins)

ui.explorer(scenario, view, measured, recorded, working=bool(jobs))
ui.below(scenario, view, certificate, recorded is not None)
ui.warn_about_cache()

if jobs:
    with ui.friendly(), ui.progress_line(status) as progress:
        ui.work(jobs, progress)
    st.rerun()
if certificate is None:
    ui.offer_download(scenario.data)
