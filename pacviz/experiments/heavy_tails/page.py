"""The page "Heavy tails": which recording is shown, the browser's component, the URL that keeps its sliders."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
import streamlit as st

from pacviz.app.folded import folded
from pacviz.app.links import refuse
from pacviz.app.projector import presenting
from pacviz.app.session import friendly, progress_line, through_app
from pacviz.errors import PacvizError
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.heavy_tails.page_controls import PREFIX, heavy_tails_controls
from pacviz.experiments.heavy_tails.payload import SCRIPTS, Place, payload
from pacviz.explorer import source
from pacviz.library import checkpoints
from pacviz.library.tails.layers import Tail, median, table, tails
from pacviz.models import architecture
from pacviz.settings import settings

_component = st.components.v2.component("pacviz_tails", js=source(SCRIPTS))
_KEY = "tails"
PULSE = 1.0
"""Seconds between two drawings of an experiment that is under way."""


def _moved() -> None:
    moved = st.session_state[_KEY]["moved"]
    try:
        place = Place(**{name: moved[name] for name in settings(Place)})
    except PacvizError as error:
        refuse(error)
        return
    st.session_state.update({PREFIX + name: getattr(place, name) for name in settings(Place)})


def _what() -> None:
    """What the pictures can and cannot say."""
    st.markdown(
        "**The theory** (Barsbey et al. 2021): with a large ratio of step size η to batch size b, SGD's noise makes the weights "
        "heavy-tailed; heavy-tailed weights are compressible, the more the wider the network: the error of the best "
        "approximation by few of them goes to 0. The tail index α is 2 for finite variance, less the heavier the tail.\n\n"
        "**What α does not say.** The estimator looks at how sums of rows grow. Gaussian weights in rows of unequal size look "
        "heavy-tailed to it (dead units alone can bring it to 0.6), and so does a mixture: no finite sample tells a heavy tail "
        "from one. At this scale the effect on pruning is loud, and α whispers. It is the paper's explanation of what is "
        "seen, not its measured cause.\n\n"
        "**The certificates** charge every bit of the code and the description of the architecture, so that each holds for all "
        "networks here at once. Nothing was trained again after pruning, which is why most of them are weak."
    )


def _any_network() -> None:
    """Tail index and prunability of a network that is here, layer by layer."""
    listed = {
        f"{name} ({model}, {dataset})": (model, dataset, name)
        for dataset, models in checkpoints.networks().items()
        for model in models
        for name in checkpoints.available(model, dataset)
    }
    chosen = st.selectbox("Network", listed, key="any_network", help="Checkpoints that ship or were trained here.")
    with friendly(), st.spinner("Looking at its weights"):
        found = _tails(*listed[chosen], checkpoints.find(*listed[chosen]).fingerprint)
    index = median(found)
    if index is None:
        st.markdown("No layer has enough weights to tell a tail index.")
    else:
        st.markdown(f"**Tail index α = {index:.2f}**, the median over its layers; 2 is finite variance.")
    st.dataframe(pd.DataFrame(table(found)), hide_index=True, width="stretch", key="any_network_table")
    st.caption(
        "May go: the share of a layer's numbers at a relative error of 10 %; of independent Gaussian numbers 27 % may go by "
        "magnitude. In a pruned network zeros are left out of the indices, which say little then."
    )
    st.markdown("Of your own network, from any safetensors file:")
    st.code("python -m pacviz tails FILE.safetensors", language="bash")


@lru_cache(maxsize=32)
def _tails(model: str, dataset: str, name: str, fingerprint: str) -> tuple[Tail, ...]:
    return tails(architecture(model).state_dict(checkpoints.find(model, dataset, name).matrices))


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    with friendly():
        shown = heavy_tails_controls()

    @st.fragment(run_every=PULSE if shown.pending else None)
    def pictures() -> None:
        """Draws what is known at this moment."""
        place = st.empty()
        recording = shown.recording
        if recording.networks:
            moved = st.session_state.get(_KEY) or {}
            echo = (moved.get("moved") or {}).get("seq", 0)
            _component(key=_KEY, data=payload(recording, shown.place, echo, presenting()), on_moved_change=_moved)
        else:
            st.markdown("### How does step size over batch size decide how small a network gets?")
            st.markdown(
                "Run it live: networks are trained by plain SGD, one after the other, then pruned and certified."
            )
        if shown.pending:
            with progress_line(place) as progress:
                shown.watch(progress)
            if not shown.pending:
                st.rerun()

    pictures()
    if shown.live is not None and shown.live.done:
        st.download_button(
            "Rows as CSV",
            pd.DataFrame(shown.recording.rows).to_csv(index=False),
            "heavy-tails.csv",
            "text/csv",
            icon=":material/download:",
        )
    folded("Any network: tail index and prunability, layer by layer", "tails_any", _any_network)
    folded("What the theory says, and what the tail index cannot say", "tails_theory", _what)
