"""What every page shares: style, warm data, and errors as sentences."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st
import torch
from streamlit.navigation.page import StreamlitPage

from pacviz import data, store
from pacviz.app import charts, projector
from pacviz.app.memory import share_arenas
from pacviz.app.plain import plain
from pacviz.app.uploads import limit_uploads
from pacviz.errors import PacvizError
from pacviz.jobs import limits

if TYPE_CHECKING:
    from pacviz.experiments.experiment import Experiment

REDRAW = 0.1
"""Seconds between two drawings of a progress bar."""

STYLE = """
<style>
.stMainBlockContainer { padding: 3.6rem 2rem 1rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0; }
[data-testid="stSidebarHeader"] { height: 2.5rem; padding-top: 0.5rem; padding-bottom: 0; margin-bottom: 0; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.6rem; }
[data-testid="stMetricValue"] { font-size: 1.75rem; }
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.85; }
.stMainBlockContainer [data-testid="stVerticalBlock"] { gap: 0.7rem; }
/* Three lines, whatever they say, so that nothing below them moves. */
.st-key-explanation { min-height: 84px; }
@media (max-width: 640px) { .stMainBlockContainer .katex-display .katex { font-size: min(1.21em, 3.9vw); } }
[data-testid="stElementContainer"]:has(> .stHtml script) { display: none; }
</style>
"""

DARK_STYLE = """
<style>
[data-testid="stBaseButton-primary"] { color: #0e1117; }
</style>
"""
"""The dark theme's primary colour is a light one."""


def start() -> None:
    """Once per run, before any page: name, icon and style, one step of Back for each act, and the digits on their way."""
    st.session_state["started"] = True
    _configure()
    st.html(STYLE + charts.STYLE)
    st.html(projector.script("history") + charts.script(), unsafe_allow_javascript=True)
    if dark():
        st.html(DARK_STYLE)
    _tell_notices()
    _warm()


def _tell_notices() -> None:
    """What was set aside since this visitor came, each once."""
    told = st.session_state.setdefault("told", set(store.notices()))
    for sentence in set(store.notices()) - told:
        st.toast(plain(sentence), icon=":material/healing:", duration="long")
        told.add(sentence)


def _configure() -> None:
    """Before a navigation is declared: a browser that knows no icon of the app's asks a server of fonts for a page's."""
    st.set_page_config(
        page_title="pacviz", page_icon=store.ASSETS / "icon.svg", layout="wide", initial_sidebar_state="auto"
    )


def navigation(experiments: Sequence[Experiment]) -> StreamlitPage:
    """Declares a page for each experiment; the one that is asked for."""
    pages = [
        st.Page(f"pages/{one.page}.py", title=one.title, icon=f":material/{one.icon}:", default=one == experiments[0])
        for one in experiments
    ]
    chosen = st.navigation(pages, position="top")
    projector.neighbours(pages, chosen)
    return chosen


def through_app(experiments: Sequence[Experiment]) -> None:
    """Before anything else of a page: sends a run that did not come through app.py there.

    Until a navigation is declared, a server takes the files of pages/ for an app of their own.
    """
    if "started" not in st.session_state:
        _configure()
        navigation(experiments)
        st.rerun()


@st.cache_resource(show_spinner=False)
def _warm() -> None:
    """Makes the embedded digits in the background, so that the first slider move need not wait for them.

    Streamlit collects garbage after every run, which would go through all of torch: 0.16 s a run.  So what was imported
    is taken out of it.
    """
    share_arenas()
    limit_uploads()
    torch.set_num_threads(min(torch.get_num_threads(), 4))
    gc.collect()
    gc.freeze()
    threading.Thread(target=data.load, args=("digits",), daemon=True).start()


def dark() -> bool:
    """Whether the page is shown on a dark ground."""
    return st.context.theme.type == "dark"


@contextmanager
def friendly() -> Iterator[None]:
    """Shows a PacvizError as a sentence in the page and ends the run there.

    Where a damaged file was set aside, the page begins once more, without it.
    """
    try:
        yield
    except store.Damaged as error:
        if st.session_state.get("damaged") == str(error):
            st.error(plain(error), icon=":material/error:")
            st.stop()
        st.session_state["damaged"] = str(error)
        st.rerun()
    except PacvizError as error:
        st.error(plain(error), icon=":material/error:")
        st.stop()


@contextmanager
def progress_line(place: st.delta_generator.DeltaGenerator) -> Iterator[Callable[[float, str], None]]:
    """A progress bar in `place` while the block runs.  A slider that moves meanwhile cancels the work at its next report.

    It is drawn now and then: a measurement reports a thousand times, and drawing all of them takes as long as itself.
    """
    drawn = -REDRAW

    def advance(fraction: float, what: str) -> None:
        nonlocal drawn
        if time.monotonic() - drawn < REDRAW:
            return
        drawn = time.monotonic()
        place.progress(min(max(fraction, 0.0), 1.0), plain(what.capitalize()) + " …")

    yield advance
    place.empty()


def offer_download(name: str) -> None:
    """Where a data set is absent: says so, and downloads it on request, with progress."""
    source = data.DATASETS[name]
    if limits.public():
        st.info(
            f"{source.title} is not on this server. {limits.read_only('downloading')}", icon=":material/folder_open:"
        )
        st.stop()
    if source.download is None:
        st.info(
            plain(
                f"{source.title} is not in {store.data_dir()}; set PACVIZ_DATA to the folder that holds {source.place}."
            ),
            icon=":material/folder_open:",
        )
        st.stop()
    st.info(
        f"{source.title} is not in {plain(store.data_dir())} yet. Download it here ({source.megabytes} MB), or set "
        "PACVIZ_DATA to the folder that holds it. "
        "The embedded digits need no download.",
        icon=":material/download:",
    )
    if st.button(f"Download {source.title}", type="primary"):
        with friendly(), progress_line(st.empty()) as progress:
            data.load(name, download=True, progress=progress)
        st.rerun()
    st.stop()


def warn_about_cache() -> None:
    """One sentence where results cannot be kept."""
    if trouble := store.problem():
        st.warning(plain(trouble), icon=":material/save:")
