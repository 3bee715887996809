"""Charts and sheets of images in a page: their takeaway above them in the page's own type, buttons that save a picture."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pacviz.app.projector import enlarged, presenting
from pacviz.explorer import pictures
from pacviz.figures import described
from pacviz.figures.sheet import Sheet

TYPE = 14
"""Pixels: the letters of axes and legends."""
STYLE = """
<style>
.pacviz-takeaway { margin: 0; font-size: 17px; font-weight: 600; line-height: 1.25; }
.pacviz-save { display: flex; justify-content: end; gap: 4px; pointer-events: none; }
.pacviz-save button { font: inherit; font-size: 13px; padding: 0 8px; border-radius: 6px; cursor: pointer; pointer-events: auto;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); color: inherit;
  background: var(--st-background-color, transparent); }
/* Where there is a pointer they stand beside the title of the axis, and only while the pointer is there. */
@media (hover: hover) {
  .pacviz-save { opacity: 0; margin-top: -28px; position: relative; z-index: 1; }
  [class*="st-key-picture_"]:is(:hover, :focus-within) .pacviz-save { opacity: 1; }
}
[class*="st-key-picture_"] { gap: 0.2rem !important; }
.pacviz-sheet { display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(64px, 1fr)); }
.pacviz-sheet.wide { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
.pacviz-sheet[style] { grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); max-width: 60rem; }
.pacviz-sheet figure { margin: 0; text-align: center; }
.pacviz-sheet img { width: 100%; display: block; image-rendering: pixelated; border-radius: 3px; }
.pacviz-sheet figcaption { font-size: 14px; line-height: 1.2; padding-top: 3px; overflow-wrap: anywhere; }
.pacviz-sheet .marked { color: color-mix(in srgb, #d55e00 72%, var(--st-text-color, currentColor)); }
@media (max-width: 640px) { .pacviz-sheet[style] { grid-template-columns: repeat(5, minmax(0, 1fr)); } }
</style>
"""
_BUTTONS = "".join(
    f'<button type="button" data-save="{kind}" title="Save this chart as {kind}">{kind}</button>'
    for kind in ("SVG", "PNG")
)


@cache
def script() -> str:
    """The script that makes files of charts, as HTML; it installs itself once in a browser."""
    own = (Path(__file__).parent / "pictures.js").read_text(encoding="utf-8")
    return f"<script>if (!window.pacvizPictures) {{ {pictures()}\n{own} }}</script>"


def chart(figure: go.Figure, key: str, **selection: Any) -> Any:
    """Draws a figure in the page as it stands, with its own words for whoever cannot see it; larger on a projector.

    Its takeaway becomes a line of the page, which breaks where the screen is narrow, and its legend takes the rows that it
    needs.  selection: `on_select` and `selection_mode` of st.plotly_chart, whose answer it returns.
    """
    words, large = described(figure), presenting()
    with st.container(key=f"picture_{key}"):
        _takeaway(figure.layout.title.text or "")
        drawn = _bare(figure)
        event = st.plotly_chart(
            enlarged(drawn) if large else drawn,
            theme=None,
            key=key,
            alt=words,
            height="stretch" if large else "content",
            config={"displayModeBar": False},
            **selection,
        )
        if not large:
            st.html(f'<div class="pacviz-save">{_BUTTONS}</div>')
    return event


def sheet(images: Sheet, key: str) -> None:
    """Draws images with their words in as many columns as the page has room for."""
    with st.container(key=f"picture_{key}"):
        _takeaway(images.title)
        st.html(images.to_html())


def _takeaway(text: str) -> None:
    st.html(f'<p class="pacviz-takeaway" role="heading" aria-level="3">{html.escape(text)}</p>')


def _bare(figure: go.Figure) -> go.Figure:
    """A copy of a figure without its title, whose legend takes the rows that it needs."""
    values = figure.to_dict()
    layout = values["layout"]
    layout["title"] = {"text": ""}
    layout.setdefault("margin", {})["t"] = 12
    for name in ("entrywidth", "entrywidthmode"):
        layout.get("legend", {}).pop(name, None)
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")) and isinstance(axis.get("title"), dict):
            axis["title"].setdefault("font", {})["size"] = TYPE
            axis["title"]["standoff"] = 8
            axis["automargin"] = True
    return go.Figure(values, skip_invalid=True)
