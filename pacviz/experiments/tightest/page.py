"""The page "Tightest": the smallest certificates on MNIST, and why small beats large."""

from __future__ import annotations

import math

import streamlit as st

from pacviz.app.charts import chart
from pacviz.app.folded import folded
from pacviz.app.plain import plain
from pacviz.app.session import dark, through_app, warn_about_cache
from pacviz.bounds import BOUNDS
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.tightest.figures import tightest
from pacviz.experiments.tightest.page_controls import CHART, Shown, point_clicked, tight_controls
from pacviz.experiments.tightest.page_point import tight_panels, tight_selected
from pacviz.experiments.tightest.results import FAMILIES, best, folders, problems
from pacviz.experiments.tightest.takeaways import headline, why_none
from pacviz.literature import LOTFI, RECORD
from pacviz.words import as_printed, at_least, at_most

_A_KILOBYTE = 1000


def tight_headline(shown: Shown) -> None:
    """The best certificate in one large sentence; where there is none, how to make one."""
    winner = best(shown.points)
    st.markdown(f"### {headline(shown.points)}")
    if winner is None:
        if shown.points:
            st.markdown(why_none(shown.points))
            return
        st.markdown(
            "No network of ours is recorded here yet. These commands make them, and go on where they were stopped:"
        )
        for about in FAMILIES.values():
            st.code(about.command, language="bash")
        return
    st.caption(
        f"With the architecture charged ({winner.certificate.architecture_bits} bits). Published records take theirs as "
        f"fixed before the data: compare them with {at_most(winner.bound_of_fixed_architecture)}, and with the curves below."
    )


def tight_problems() -> None:
    """Files that were left out, a sentence each."""
    for problem in problems():
        st.warning(plain(problem), icon=":material/broken_image:")


def why_small(shown: Shown) -> None:
    """Why small beats large, which menu was charged, and what is free; with the selected point's numbers."""
    nats = 8 * _A_KILOBYTE * math.log(2)
    st.markdown(
        "**Why small beats large.** The bound grows with the training error and with K/n, the code's length for each "
        "training example, and nothing else: neither the number of weights nor the time of training is in it. A large "
        f"network can do without any error, but {_A_KILOBYTE:,} bytes are {nats:,.0f} nats: at n = 60,000 a bound of "
        f"{at_least(BOUNDS['seeger'].function(0.0, nats, 60_000, 0.05), 1)} even so. Follow a curve of equal certificates to the "
        "left: so many more bytes, and no more, is a smaller error worth."
    )
    if shown.selected is not None:
        header = [charge for charge in shown.selected.certificate.ledger.charges if charge.kind == "header"]
        menu = f" In this ledger: {header[0].bits:.0f} bits for the header." if header else ""
        st.markdown(
            "**What is charged.** Every number, and every choice that was made after seeing the data: which of the 256 "
            "places in the list of architectures (log₂ 256 = 8 bits, so that the width is paid for like any other network of "
            f"the list), the power of two that biases count in, the last, partly filled byte.{menu} No law of the numbers "
            "is sent: a mixture of all laws of a fixed menu learns from the numbers before, and what it loses while it "
            "learns is in their bits."
        )
        st.markdown(
            "**The architecture** was found on MNIST, and so it is charged, too: its operations, their sizes, the pixel range "
            f"and the kind of code, in a small grammar, {shown.selected.certificate.architecture_bits} bits for this one."
        )
        st.markdown(
            "**What is free.** Anything fixed before the data were seen: the grammar itself, the coder, random projections "
            "from a fixed seed. And everything about how the weights were found: optimizer, price of a "
            "bit, augmentation, how many runs were tried. The bound holds for all networks at once, so taking the best "
            "certificate of many runs costs nothing."
        )
    st.caption(
        f"Curves: Maurer–Seeger at n = 60,000, δ = 0.05. Published: {LOTFI} (their points of {as_printed(RECORD)}), Zhou et al. "
        "2019; MIRACLE (Havasi et al. 2019) and Louizos et al. 2017 print sizes and no certificate. Recorded points are "
        f"read from {' and '.join(str(folder) for folder in folders())}."
    )


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    shown = tight_controls()
    tight_headline(shown)
    left, right = st.columns([9, 4])
    with left:
        figure = tightest(shown.points, shown.selected, shown.paths, shown.near, dark=dark())
        chart(figure, CHART, on_select=point_clicked, selection_mode="points")
    with right:
        tight_selected(shown)
    tight_panels(shown)
    folded("Why small beats large; what was charged, and what is free", "tight_why", lambda: why_small(shown))
    tight_problems()
    warn_about_cache()
