"""Panels that are folded: what is in them is computed and sent only when somebody opens them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


@st.fragment
def folded(label: str, key: str, draw: Callable[[], object]) -> None:
    """An expander, folded at first, around what `draw` draws.  key: of its state in the session, and its CSS class.

    Opening it runs nothing but `draw`.  Not for widgets whose values the page needs.
    """
    with st.container(key=key), st.expander(label, key=f"{key}_panel", on_change="rerun") as panel:
        if panel.open:
            draw()
