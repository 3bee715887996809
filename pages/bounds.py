"""What if?  The bounds as curves of n, of the size and of delta: no network, no data, under the finger."""

import streamlit as st

from pacviz import ui

ui.through_app()
ui.what_if()
with st.expander("The published results: where they come from"):
    ui.published_table()
