"""What if?  The bounds as curves of n, of the size and of delta: no network, no data, at once."""

import streamlit as st

from pacviz import ui
from pacviz.figures import bounds_against_delta, bounds_against_n, bounds_against_size

ui.through_app()
with ui.friendly():
    point = ui.point_controls()

ui.point_headline(point)
ui.published_results(point)
ui.point_tiles(point)
left, right = st.columns(2)
with left:
    ui.chart(bounds_against_size(point, ui.dark()), "against_size")
with right:
    ui.chart(bounds_against_n(point, ui.dark()), "against_n")
left, right = st.columns(2)
with left:
    ui.chart(bounds_against_delta(point, ui.dark()), "against_delta")
with right:
    ui.point_formula(point)
with st.expander("The published results: where they come from"):
    ui.published_table()
