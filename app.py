"""Navigation and page configuration, nothing else: `streamlit run app.py`."""

import streamlit as st

from pacviz.ui import start

st.set_page_config(page_title="pacviz", page_icon="assets/icon.svg", layout="wide", initial_sidebar_state="auto")
start()
st.navigation(
    [
        st.Page("pages/compress.py", title="Compress", icon=":material/compress:", default=True),
        st.Page("pages/holds.py", title="Does it hold?", icon=":material/rule:"),
        st.Page("pages/data.py", title="Data", icon=":material/grid_on:"),
    ],
    position="top",
).run()
