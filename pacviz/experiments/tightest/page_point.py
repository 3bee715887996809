"""What "Tightest" tells of the selected point: its numbers, the whole network, its bytes, its mistakes, its certificate."""

from __future__ import annotations

import shlex
from typing import Any

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart, sheet
from pacviz.app.controls import segments
from pacviz.app.panels import ledger_table
from pacviz.app.plain import plain
from pacviz.app.session import dark, friendly, progress_line
from pacviz.app.work import turn
from pacviz.bounds import BOUNDS
from pacviz.certificates.verified import verify_here
from pacviz.certificates.verify import remarks
from pacviz.experiments.tightest.blocks import blocks
from pacviz.experiments.tightest.figures import layer_waterfall
from pacviz.experiments.tightest.figures.cells import network_picture
from pacviz.experiments.tightest.figures.mistakes import wrong_images
from pacviz.experiments.tightest.figures.tightest import CLAIMED
from pacviz.experiments.tightest.mistakes import SAMPLES, mistakes
from pacviz.experiments.tightest.page_controls import PANELS, PREFIX, Choices, Shown, setting_title, value_text
from pacviz.experiments.tightest.results import FAMILIES, Point, best, setting_names, worth_bytes
from pacviz.experiments.tightest.takeaways import errors_counted
from pacviz.figures import size
from pacviz.jobs import limits
from pacviz.words import at_most, worst_error

_EXPLAINED = {
    "tiny": "This is all of it: every number that the network has learned. Kernels stand side by side, biases below them or at "
    "the right of their matrix; a zero is an empty cell.",
    "subspace": "This is all that it has learned: how many steps it goes along each random direction, the first direction at "
    "the upper left. Every weight follows from these numbers and a fixed seed, which is free; a zero is an empty cell.",
}
_A_FEW = 60
"""Errors whose worth in bytes is told: a tenth of a percent of MNIST's training sample."""
_SHEET = 56
"""Mistakes on one sheet."""


def tight_selected(shown: Shown) -> None:
    """The selected point in four numbers and two sentences, and its file."""
    point = shown.selected
    if point is None:
        return
    certificate = point.certificate
    mark = " ★" if point is best(shown.points) else ""
    st.markdown(f"**Selected: {plain(point.name)}{mark}**")
    if not point.verified:
        _claimed(point)
        return
    tiles = (
        (
            "Bound",
            at_most(point.bound),
            f"{BOUNDS[certificate.scenario.bound].title}, from error, bytes, n and δ, with {certificate.architecture_bits} "
            f"bits for the architecture. {at_most(point.bound_of_fixed_architecture)} where it was fixed before the data.",
        ),
        (
            "Train error",
            worst_error(certificate.risk),
            errors_counted(certificate),
        ),
        (
            "Bytes",
            f"{point.bytes:,.0f}",
            f"{certificate.ledger.bits:,.0f} bits: all that a decoder of this architecture needs.",
        ),
        ("Test error", f"{certificate.test.mean:.2%}", "For information; the bound does not use it."),
    )
    for place, (label, value, help) in zip([*st.columns(2), *st.columns(2)], tiles, strict=True):
        place.metric(label, value, help=help, border=True)
    st.markdown(certificate.statement_with_architecture)
    if (worth := worth_bytes(certificate, _A_FEW)) is not None:
        st.markdown(f"{_A_FEW} errors less ({_A_FEW / certificate.n:.1%}) would be worth **{worth:.0f} bytes** here.")
    _download(point)


def _claimed(point: Point) -> None:
    """What a file says that nobody has verified here, and the button that does."""
    certificate = point.certificate
    st.markdown(f":gray-badge[:material/help: {CLAIMED}]")
    st.markdown(
        f"This file claims {worst_error(certificate.risk)} training errors, from which a bound of {at_most(point.bound)} would "
        "follow. Nobody has measured that here: until it is verified, it is no result."
    )
    source = data.source(certificate.scenario.data)
    if limits.public():
        st.info(limits.read_only("verifying"), icon=":material/image_not_supported:")
    elif data.is_available(source.name):
        if st.button("Verify", key=f"{PREFIX}verify", icon=":material/verified:", type="primary", width="stretch"):
            with friendly(), progress_line(st.empty()) as progress, turn((point.name, "verify"), progress) as fair:
                verification = verify_here(point.file.read_bytes(), progress=fair)
            if verification.other_data:
                st.error(plain(verification.problem), icon=":material/error:")
            else:
                st.rerun()
    else:
        st.info(
            f"It can be verified where {source.title} is on this machine: `python -m pacviz data --download {source.name}` "
            "gets it, or PACVIZ_DATA names the folder that holds it.",
            icon=":material/image_not_supported:",
        )
    _download(point)


def _download(point: Point) -> None:
    st.download_button(
        f"Certificate, {size(point.file.stat().st_size)}",
        point.file.read_bytes,
        point.file.name,
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"{PREFIX}download",
        help=f"The whole network and its certificate: python -m pacviz verify {point.file.name}",
        width="stretch",
    )


def tight_panels(shown: Shown) -> None:
    """What the visitor wants to see of the selected point, below the chart."""
    point = shown.selected
    if point is None:
        return
    wanted = segments("show", PANELS, Choices, PREFIX, label_visibility="collapsed")
    with friendly():
        (_network, _bytes, _mistakes, _certificate)[PANELS.index(str(wanted))](point)


def _network(point: Point) -> None:
    seen = blocks(point.network, point.certificate.ledger)
    if seen is None:
        st.info(
            f"{point.certificate.measurement.parameters:,} weights do not fit into one picture; the ledger says what they cost.",
            icon=":material/grid_off:",
        )
        return
    picture = network_picture(seen, point.certificate.ledger.bits, dark())
    st.image(picture.svg, width="stretch", alt=picture.alt)
    st.caption(_EXPLAINED[point.family])


def _bytes(point: Point) -> None:
    left, right = st.columns(2)
    with left:
        chart(layer_waterfall(point.certificate, dark()), f"{PREFIX}waterfall")
    with right:
        ledger_table(point.certificate)


def _mistakes(point: Point) -> None:
    if limits.public():
        st.info(limits.read_only("looking at every image"), icon=":material/image_not_supported:")
        return
    source = data.source(point.certificate.scenario.data)
    if not data.is_available(source.name):
        st.info(
            f"Its mistakes are shown where {source.title} is on this machine: `python -m pacviz data --download "
            f"{source.name}` gets it ({source.megabytes} MB), or PACVIZ_DATA names the folder that holds it.",
            icon=":material/image_not_supported:",
        )
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        sample = segments("sample", SAMPLES, Choices, PREFIX)
    with progress_line(st.empty()) as progress, turn((point.name, sample), progress) as fair:
        wrong = mistakes(point, str(sample), lambda fraction: fair(fraction, "looking at every image"))
    sheets = max(1, -(-len(wrong) // _SHEET))
    shown = 1
    if sheets > 1:
        key = f"{PREFIX}sheet"
        st.session_state[key] = min(st.session_state[key], sheets)
        shown = right.number_input(f"Sheet (of {sheets})", 1, sheets, key=key, help="More of them.")
    sheet(wrong_images(wrong, _SHEET * (shown - 1), _SHEET, source.names), f"{PREFIX}mistakes")
    st.caption("Below each image: its label, and **bold** what the network says.")


def _certificate(point: Point) -> None:
    certificate = point.certificate
    if point.verified:
        st.markdown(f"**{certificate.statement_with_architecture}** ({BOUNDS[certificate.scenario.bound].title})")
        st.latex(certificate.formula)
    else:
        st.markdown(f":gray-badge[:material/help: {CLAIMED}] Its maker's numbers follow no measurement made here.")
    for remark in remarks(certificate):
        st.info(remark, icon=":material/info:")
    check = f"python -m pacviz verify {shlex.quote(point.file.name)}"
    if point.command in [family.command for family in FAMILIES.values()]:
        st.markdown("How it was made, and how anybody can check it:")
        st.code(f"{point.command}\n{check}", language="bash")
    else:
        # Nobody should run a stranger's command because it stands here.
        st.markdown("How anybody can check it:")
        st.code(check, language="bash")
        st.caption(f"As its maker tells, who may tell anything, it was made by: {plain(point.command)}")
    told: dict[str, Any] = {setting_title(name)[0]: value_text(point.settings[name]) for name in setting_names(point)}
    # Not bold: it is told by whoever made the file.
    st.markdown(" · ".join(f"{plain(name)}: {plain(value)}" for name, value in told.items()))
    prints = certificate.measurement.fingerprints
    st.caption(" ".join(f"{plain(name)}: {plain(text[:16])}…" for name, text in prints.items()) + " (SHA-256)")
