"""Navigation and page configuration, nothing else: `streamlit run app.py`."""

import streamlit as st

from pacviz import ui

st.set_page_config(page_title="pacviz", page_icon="assets/icon.svg", layout="wide", initial_sidebar_state="auto")
ui.start()
ui.navigation().run()
