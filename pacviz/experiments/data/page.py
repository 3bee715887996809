"""What the networks are asked to tell apart: a sheet of examples."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pacviz import data
from pacviz.app.charts import sheet as images
from pacviz.app.controls import choice, number
from pacviz.app.links import linked, parameters
from pacviz.app.panels import ABOUT
from pacviz.app.session import friendly, offer_download, progress_line, through_app
from pacviz.experiments.data.figures import caption, first_shown, sheet, takeaway
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.scenario import DATA_NAMES
from pacviz.settings import setting, settings

ROWS = 8
"""Examples of each class on a sheet."""


@dataclass(frozen=True)
class _Choices:
    data: str = setting(
        "digits", "Data set", "What the networks are asked to tell apart.", choices=lambda: tuple(DATA_NAMES)
    )
    start: int = setting(
        0, "First example", "The sheet shows the examples from this one on.", low=0, high=50_000, step=100
    )


PARAMETERS = parameters(_Choices)
"""All that a link to the page can say."""


def data_controls() -> tuple[str, int]:
    """Draws the controls in the sidebar; the data set, and the first example of the sheet."""
    with linked("data", PARAMETERS), st.sidebar:
        return choice("data", settings(_Choices)["data"].choices(), _Choices), int(number("start", _Choices))


@st.cache_data(show_spinner=False)
def _takeaway(name: str, fingerprint: str) -> str:
    """The takeaway of a data set.  fingerprint: of its training sample, for the files of a name may change."""
    return takeaway(data.load(name))


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    name, start = data_controls()
    source = data.DATASETS[name]
    st.markdown(f"### {source.title}: what the network sees")
    st.markdown(ABOUT.get(name, ""))
    if not data.is_available(name):
        offer_download(name)
    with friendly(), progress_line(st.empty()) as progress:
        dataset = data.load(name, progress=progress)
    title = _takeaway(name, dataset.train.fingerprint)
    start = first_shown(dataset.train, start, ROWS, dataset.classes)
    images(sheet(dataset.train, ROWS, start, dataset.classes, source.names, title), "sheet")
    st.caption(caption(dataset, start))
