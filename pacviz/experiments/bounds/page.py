"""The Bounds page: the browser's component, the URL that keeps its numbers, and where the published results come from."""

from __future__ import annotations

import dataclasses

import pandas as pd
import streamlit as st

from pacviz.app.folded import folded
from pacviz.app.links import linked, parameters, refuse
from pacviz.app.projector import presenting
from pacviz.app.session import through_app
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.errors import PacvizError
from pacviz.experiments.bounds.payload import SCRIPTS, payload
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.explorer import source
from pacviz.figures import size
from pacviz.literature import PUBLISHED
from pacviz.settings import settings
from pacviz.words import as_printed, at_most

_component = st.components.v2.component("pacviz_what_if", js=source(SCRIPTS))
_KEY = "what_if"
PREFIX = "bounds_"
PARAMETERS = parameters(OperatingPoint, PREFIX)
"""All that a link to the page can say."""


def what_if() -> None:
    """The component at the point of the link; what is let go in it goes there when the page runs again."""
    with linked("bounds", PARAMETERS):
        point = OperatingPoint(**{name: st.session_state[PREFIX + name] for name in settings(OperatingPoint)})
    moved = st.session_state.get(_KEY) or {}
    echo = (moved.get("moved") or {}).get("seq", 0)
    _component(key=_KEY, data=payload(point, echo, presenting()), on_moved_change=_moved)


def _moved() -> None:
    moved = st.session_state[_KEY]["moved"]
    try:
        point = OperatingPoint(**{name: moved[name] for name in settings(OperatingPoint)})
    except PacvizError as error:
        refuse(error)
        return
    st.session_state.update({PREFIX + name: value for name, value in dataclasses.asdict(point).items()})


def published_table() -> None:
    """Every published result with its source and what has to be known about it."""
    rows = [
        (
            result.name,
            result.data,
            f"{result.n:,}",
            "–" if result.risk is None else f"{result.risk:.2%}",
            "–" if result.size is None else size(result.size),
            "–" if result.bound is None else as_printed(result.bound),
            "–" if result.point is None else at_most(result.point.bounds["seeger"]),
            result.source,
            result.note,
        )
        for result in PUBLISHED
    ]
    columns = ("result", "data", "n", "training error", "size", "published", "Maurer–Seeger", "source", "note")
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, width="stretch", key="bounds_table")


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    what_if()
    folded("The published results: where they come from", "bounds_published", published_table)
