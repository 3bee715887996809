"""The parts of "Tightest": sliders along recorded runs, the selected point, and everything that can be seen in it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart, sheet
from pacviz.app.controls import segments
from pacviz.app.links import Parameter, flag, linked, parameters
from pacviz.app.panels import ledger_table
from pacviz.app.plain import plain
from pacviz.app.session import dark, friendly, progress_line, through_app, warn_about_cache
from pacviz.bounds import BOUNDS
from pacviz.certificates.verified import verify_here
from pacviz.certificates.verify import remarks
from pacviz.errors import PacvizError, quoted
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.tightest.blocks import blocks
from pacviz.experiments.tightest.figures import layer_waterfall, tightest
from pacviz.experiments.tightest.figures.cells import network_picture
from pacviz.experiments.tightest.figures.mistakes import wrong_images
from pacviz.experiments.tightest.figures.tightest import CLAIMED, SYMBOLS
from pacviz.experiments.tightest.mistakes import SAMPLES, mistakes
from pacviz.experiments.tightest.results import (
    FAMILIES,
    SETTINGS,
    Point,
    Value,
    adjustable,
    along,
    best,
    folders,
    points,
    problems,
    setting_names,
    worth_bytes,
)
from pacviz.figures import size
from pacviz.jobs import limits
from pacviz.literature import LOTFI, RECORD
from pacviz.settings import setting
from pacviz.words import as_printed, at_least, at_most, explained, worst_error

PREFIX = "tight_"
CHART = f"{PREFIX}chart"
DATA = "mnist"
_POINT, _CLICKED = f"{PREFIX}point", f"{PREFIX}clicked"
_EXPLAINED = {
    "tiny": "This is all of it: every number that the network has learned. Kernels stand side by side, biases below them or at "
    "the right of their matrix; a zero is an empty cell.",
    "subspace": "This is all that it has learned: how many steps it goes along each random direction, the first direction at "
    "the upper left. Every weight follows from these numbers and a fixed seed, which is free; a zero is an empty cell.",
}
_A_FEW = 60
"""Errors whose worth in bytes is told: a tenth of a percent of MNIST's training sample."""
_A_KILOBYTE = 1000
_SHEET = 56
"""Mistakes on one sheet."""


PANELS = ("Network", "Bytes", "Mistakes", "Certificate")


@dataclass(frozen=True)
class _Choices:
    show: str = setting(PANELS[0], "Show", "What is seen of the selected point.", choices=lambda: PANELS)
    sample: str = setting(
        "test",
        "Images",
        "test: 10,000 images that training never saw. train: the 60,000 that the bound is computed from.",
        choices=lambda: SAMPLES,
    )
    sheet: int = setting(1, "Sheet", "More of the mistakes.", low=1, high=10_000)


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    paths: the recorded runs through the selected point, by the title of what differs.  near: a close-up of the chart.
    """

    points: tuple[Point, ...]
    selected: Point | None
    paths: Mapping[str, Mapping[Value, Point]]
    near: bool


def _known(text: str) -> str:
    names = [point.name for point in _recorded()]
    if text not in names:
        there = ", ".join(names) or "the recorded points, of which there are none"
        raise PacvizError(f"{_POINT} must be one of {there}, got {quoted(text)}.")
    return text


def _recorded() -> tuple[Point, ...]:
    return tuple(point for point in points() if point.certificate.scenario.data == DATA)


PARAMETERS = (
    *parameters(_Choices, PREFIX),
    flag(f"{PREFIX}near", False),
    # Where nobody has chosen a point, it is the best one.
    Parameter(_POINT, None, _known),
)
"""All that a link to the page can say."""


def tight_controls() -> Shown:
    """Draws the sliders in the sidebar; the recorded points, and the one that the link, a click or a slider selected."""
    found = _recorded()
    with linked("tightest", PARAMETERS):
        if not found:
            return Shown((), None, {}, False)
        wanted = st.session_state[_POINT]
        selected = next((point for point in found if point.name == wanted), best(found) or found[0])
        paths = {}
        with st.sidebar:
            _families(found, selected)
            for name in adjustable(found, selected):
                runs = along(found, selected, name)
                _slider(name, runs, selected)
                if all(isinstance(value, int | float) for value in runs):
                    paths[_title(name)[0]] = runs
            near = st.toggle("Close-up", key=f"{PREFIX}near", help="The chart near our own points.")
            st.caption(f"{FAMILIES[selected.family].what} {explained(selected.name)}".strip())
            _claims(found, selected)
            _ways(found)
    return Shown(found, selected, paths, near)


def _select(point: Point) -> None:
    """Makes a point the selected one."""
    st.session_state[_POINT] = point.name


def _title(name: str) -> tuple[str, str]:
    return SETTINGS.get(name, (name.replace("_", " ").capitalize(), "As the runs were recorded."))


def _families(found: Sequence[Point], selected: Point) -> None:
    """The families that have points; another one is entered at its best point."""
    there = [family for family in FAMILIES if any(point.family == family for point in found)]
    champions: dict[str, Point] = {}
    for family in there:
        own = [point for point in found if point.family == family]
        champions[family] = best(own) or own[0]
    key = f"{PREFIX}family"
    st.session_state[key] = selected.family

    def enter() -> None:
        if (family := st.session_state[key]) in champions:
            _select(champions[family])

    st.segmented_control(
        "Family",
        there,
        format_func=lambda family: f"{SYMBOLS[family]} {FAMILIES[family].title}",
        key=key,
        on_change=enter,
        help="Two ways to a short code; each is entered at its best certificate.",
        width="stretch",
    )


def _slider(name: str, runs: Mapping[Value, Point], selected: Point) -> None:
    """Moves along recorded runs; its values are those that were recorded."""
    key, (title, help) = f"{PREFIX}along_{name}", _title(name)
    st.session_state[key] = selected.settings[name]

    def move() -> None:
        _select(runs[st.session_state[key]])

    st.select_slider(plain(title), tuple(runs), key=key, on_change=move, help=help, format_func=_value)


def _value(value: Value) -> str:
    return f"{value:g}" if isinstance(value, int | float) else value


def _claims(found: Sequence[Point], selected: Point) -> None:
    """The files that nobody has verified here, each a click away."""
    names = [point.name for point in found if not point.verified]
    if not names:
        return
    key = f"{PREFIX}claims"
    st.session_state[key] = selected.name if selected.name in names else None

    def enter() -> None:
        for point in found:
            if point.name == st.session_state[key]:
                _select(point)

    st.selectbox(
        "Claimed, not verified",
        names,
        key=key,
        on_change=enter,
        placeholder=f"{len(names)} of {len(found)} files",
        help="What these files say was not measured here, and is no result until it is.",
    )


def _ways(found: Sequence[Point]) -> None:
    """How to make the points of a family that has none."""
    for family, about in FAMILIES.items():
        if not any(point.family == family for point in found):
            st.caption(f"{about.title} are not recorded here yet:")
            st.code(about.command, language="bash", wrap_lines=True)


def point_clicked() -> None:
    """Selects what was clicked in the chart; a click on the point that the chart holds for selected comes as an empty one."""
    event = st.session_state.get(CHART)
    there = [place["customdata"] for place in event.selection.points if "customdata" in place] if event else []
    flat = [str(place[0]) if isinstance(place, list | tuple) else str(place) for place in there]
    clicked = flat[0] if flat else st.session_state.get(_CLICKED)
    chosen = next((point for point in points() if point.name == clicked), None)
    if chosen is not None:
        st.session_state[_CLICKED] = chosen.name
        _select(chosen)


def tight_headline(shown: Shown) -> None:
    """The best certificate in one large sentence; where there is none, how to make one."""
    winner = best(shown.points)
    if winner is None:
        st.markdown(f"### The published record on MNIST is a bound of :green[**{as_printed(RECORD)}**]")
        if shown.points:
            st.markdown("What the files here say is claimed and not verified: select one to verify it.")
            return
        st.markdown(
            "No network of ours is recorded here yet. These commands make them, and go on where they were stopped:"
        )
        for about in FAMILIES.values():
            st.code(about.command, language="bash")
        return
    st.markdown(
        f"### MNIST: certified below :blue[**{at_most(winner.bound)}**] with {winner.bytes:,.0f} bytes "
        f":gray[(published: {as_printed(RECORD)})]"
    )
    st.caption(
        f"With the architecture charged ({winner.certificate.architecture_bits} bits). Published records take theirs as "
        f"fixed before the data: compare them with {at_most(winner.bound_of_fixed_architecture)}, and with the curves below."
    )


def tight_problems() -> None:
    """Files that were left out, a sentence each."""
    for problem in problems():
        st.warning(plain(problem), icon=":material/broken_image:")


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
            f"{round(point.error * certificate.n):,} of {certificate.n:,} images.",
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
            with friendly(), progress_line(st.empty()) as progress:
                found = verify_here(point.file.read_bytes(), progress=progress)
            if found.other_data:
                st.error(plain(found.problem), icon=":material/error:")
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
    wanted = segments("show", PANELS, _Choices, PREFIX, label_visibility="collapsed")
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
        sample = segments("sample", SAMPLES, _Choices, PREFIX)
    with progress_line(st.empty()) as progress:
        wrong = mistakes(point, str(sample), lambda fraction: progress(fraction, "looking at every image"))
    sheets = max(1, -(-len(wrong) // _SHEET))
    shown = 1
    if sheets > 1:
        key = f"{PREFIX}sheet"
        st.session_state[key] = min(st.session_state[key], sheets)
        shown = right.slider("Sheet", 1, sheets, key=key, help="More of them.")
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
    told: dict[str, Any] = {_title(name)[0]: _value(point.settings[name]) for name in setting_names(point)}
    st.markdown(" · ".join(f"{plain(name)}: **{plain(value)}**" for name, value in told.items()))
    prints = certificate.measurement.fingerprints
    st.caption(" ".join(f"{plain(name)}: {plain(text[:16])}…" for name, text in prints.items()) + " (SHA-256)")


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
    with st.expander("Why small beats large; what was charged, and what is free"):
        why_small(shown)
    tight_problems()
    warn_about_cache()
