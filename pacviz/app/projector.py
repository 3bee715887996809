"""Showing a page to an audience: large type, no sidebar, one picture a screen, the keys go from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.navigation.page import StreamlitPage

PRESENT = "present"
"""The name of the switch in the session and in links."""
LEAST_TYPE = 18
"""Pixels: the smallest letters of a chart on a projector."""
_NEIGHBOURS = "projector_neighbours"
SCALE = 1.4
"""How much larger everything is written there."""
_STYLE = """
<style>
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], [data-testid="stHeader"] { display: none; }
.stMainBlockContainer { padding: 1rem 2.5rem; }
.stMainBlockContainer :is(p, li, label, td, th, code) { font-size: max(1.25rem, 20px); }
.stMainBlockContainer h3 { font-size: max(2.2rem, 36px); padding-top: 0; }
.stMain { scroll-padding-top: 0.6rem; }
[class*="st-key-picture_"] { flex: none; height: calc(100vh - 2.6rem); margin-bottom: 1.5rem; }
.pacviz-redrawn[class*="st-key-picture_"] { height: calc(100vh - 2.6rem - 1px); }
[class*="st-key-picture_"] > :has([data-testid="stPlotlyChart"]) { flex: 1; min-height: 0; }
[class*="st-key-picture_"] :is([data-testid="stFullScreenFrame"], [data-testid="stPlotlyChart"]) { height: 100%; }
[class*="st-key-picture_"]:has(.pacviz-sheet) { height: auto; }
.stMainBlockContainer .pacviz-takeaway { font-size: 28px; padding-right: 220px; }
.stMainBlockContainer h3 { padding-right: 220px; }
.stMainBlockContainer [data-testid="stMetricValue"] p { font-size: 2rem; }
.pacviz-sheet figcaption { font-size: 18px; }
[class*="st-key-projector_"] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.pacviz-keys { position: fixed; right: 1rem; bottom: 0.4rem; z-index: 999990; font-size: 15px; opacity: 0.75; }
[data-testid="stHorizontalBlock"]:has([class*="st-key-picture_"]) { flex-direction: column; }
[data-testid="stHorizontalBlock"]:has([class*="st-key-picture_"]) > [data-testid="stColumn"] { width: 100%; flex: none; }
</style>
"""
_PLACE = """
<style>
.st-key-projector { position: fixed; right: 2.2rem; top: 0.8rem; z-index: 999991; width: auto; }
.st-key-projector button { min-height: 2rem; padding: 0 0.4rem; }
/* Beside the navigation there is room for its icon alone. */
.stApp:not(:has(.pacviz-presenting)) .st-key-projector :is([data-testid="stMarkdownContainer"], kbd) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
</style>
"""
_KEYS = "→ ← picture · N B page · P leaves"
"""The keys, as they stand below every picture."""


@cache
def script(name: str) -> str:
    """A script of this room as HTML."""
    return f"<script>{(Path(__file__).parent / f'{name}.js').read_text(encoding='utf-8')}</script>"


def presenting() -> bool:
    """Whether the page is shown to an audience."""
    return bool(st.session_state.get(PRESENT))


def neighbours(pages: Sequence[StreamlitPage], shown: StreamlitPage) -> None:
    """Before a page is drawn: notes which pages come before and after it."""
    titles = [page.title for page in pages]
    here = titles.index(shown.title)
    st.session_state[_NEIGHBOURS] = {
        name: pages[place] for name, place in (("before", here - 1), ("after", here + 1)) if 0 <= place < len(pages)
    }


def projector() -> None:
    """The button that turns the projector on and off (key P), and the looks and keys while it is on."""
    st.html(_PLACE)
    if presenting():
        st.html(_STYLE)
        st.html(script("projector"), unsafe_allow_javascript=True)
        st.html(f'<span class="pacviz-presenting pacviz-keys">{_KEYS}</span>')
        for name, page in st.session_state.get(_NEIGHBOURS, {}).items():
            with st.container(key=f"projector_{name}"):
                st.page_link(page)
    st.button(
        "Leave the projector" if presenting() else "Projector",
        icon=":material/close_fullscreen:" if presenting() else ":material/present_to_all:",
        key="projector",
        shortcut="p",
        on_click=_turn,
        help="For an audience: large type, one picture a screen. The arrow and page keys go from picture to picture and on to "
        "the next page; N and B go to the next page and back; P turns it on and off.",
    )


def _turn() -> None:
    st.session_state[PRESENT] = 0 if presenting() else 1


def enlarged(figure: go.Figure) -> go.Figure:
    """A copy of a figure whose letters are LEAST_TYPE pixels or larger, as high as the place that it is drawn in."""
    values = figure.to_dict()
    _enlarge(values)
    values["layout"].pop("height", None)
    for name, axis in values["layout"].items():
        # Plotly hides the labels of ticks beyond a chart, and where its place is narrow for a moment, all of them: then
        # it would write the axis's title at minus infinity.
        if name.startswith(("xaxis", "yaxis")):
            axis["ticklabeloverflow"] = "allow"
    margin = values["layout"].get("margin", {})
    values["layout"]["margin"] = {side: round(SCALE * pixels) for side, pixels in margin.items()}
    return go.Figure(values, skip_invalid=True)


def _enlarge(values: Any) -> None:
    """Makes every font in a figure's plain values larger, in place."""
    for name, value in (
        values.items() if isinstance(values, dict) else enumerate(values if isinstance(values, list) else ())
    ):
        if isinstance(name, str) and name.endswith("font") and isinstance(value, dict) and "size" in value:
            value["size"] = max(LEAST_TYPE, round(SCALE * value["size"]))
        elif name != "template":
            _enlarge(value)
