"""Trained to compress: training error against effective size, by how the networks were made small."""

import streamlit as st

from pacviz import ui
from pacviz.figures import frontier, layer_shares
from pacviz.frontier import alike

ui.through_app()
with ui.friendly():
    shown = ui.frontier_controls()
status = st.sidebar.empty()
selected = ui.selected_point(shown)
ui.frontier_headline(shown)
left, right = st.columns([5, 3])
with left:
    figure = frontier(shown.points, shown.published, selected, dark=ui.dark())
    ui.chart(figure, "frontier_chart", on_select="rerun", selection_mode="points")
if selected is not None:
    bars = alike(shown.points, selected.density)
    with right:
        ui.chart(layer_shares(bars, ui.dark()), "frontier_layers")
ui.point_line(selected)
with st.expander("Every point, and where the published one comes from"):
    ui.points_table(shown)
ui.warn_about_cache()

if shown.missing:
    with ui.friendly(), ui.progress_line(status) as progress:
        ui.work([(scenario, False) for scenario in shown.missing], progress)
    st.rerun()
