"""What the networks are asked to tell apart: a sheet of examples."""

from __future__ import annotations

import streamlit as st

from pacviz import data
from pacviz.app.panels import ABOUT
from pacviz.app.session import chart, dark, friendly, offer_download, progress_line, through_app
from pacviz.experiments.data.figures import sheet


def page() -> None:
    """Draws the page."""
    through_app()
    with st.sidebar:
        name = st.selectbox("Data set", tuple(data.DATASETS), key="data", bind="query-params")
        start = st.slider(
            "First example",
            0,
            50_000,
            0,
            100,
            key="start",
            bind="query-params",
            help="The sheet shows the examples from this one on.",
        )
    source = data.DATASETS[name]
    st.markdown(f"### {source.title}: what the network sees")
    st.markdown(ABOUT[name])
    if not data.is_available(name):
        offer_download(name)
    with friendly(), progress_line(st.empty()) as progress:
        dataset = data.load(name, progress=progress)
    chart(sheet(dataset.train, 8, start, dataset.classes, source.names, dark()), "sheet")
    st.caption(
        f"{len(dataset.train):,} training and {len(dataset.test):,} test examples of "
        f"{dataset.train.images.shape[-1]} × {dataset.train.images.shape[-2]} pixels. "
        "The bound uses the training examples only."
    )
