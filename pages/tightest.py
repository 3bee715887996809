"""Tightest: the smallest certificates on MNIST, and the whole networks that they are about."""

import streamlit as st

from pacviz import ui
from pacviz.figures import tightest

ui.through_app()
shown = ui.tight_controls()
ui.tight_headline(shown)
left, right = st.columns([9, 4])
with left:
    figure = tightest(shown.points, shown.selected, shown.paths, shown.near, dark=ui.dark())
    ui.chart(figure, ui.CHART, on_select=ui.point_clicked, selection_mode="points")
with right:
    ui.tight_selected(shown)
ui.tight_panels(shown)
with st.expander("Why small beats large; what was charged, and what is free"):
    ui.why_small(shown)
ui.tight_problems()
ui.warn_about_cache()
