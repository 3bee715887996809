"""The parts of the first screen: the statement, the figures beside it, the formula, the ledger."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pacviz.bounds import BOUNDS, largest_kl
from pacviz.certificate import WHOLE_EVALUATIONS, Certificate
from pacviz.charges import COLUMNS, ROWS
from pacviz.figures import size
from pacviz.scenario import PLAIN
from pacviz.verification import pack

ABOUT = {
    "digits": "Drawn by pacviz itself: strokes with random control points, slant, thickness, warp and noise. "
    "Their distribution is known, so the true error of a network can be measured as finely as one likes, and its "
    "bound checked against it.",
    "mnist": "Handwritten digits of LeCun et al. 1998: the data of the published certificates.",
    "fashion-mnist": "Articles of clothing by Xiao et al. 2017, in the format of MNIST and harder.",
    "cifar10": "Photographs of animals and vehicles, 32 × 32 in colour (Krizhevsky 2009).",
    "cifar10-jpeg": "CIFAR-10 after JPEG compression: the same photographs, with pixels that differ slightly.",
}
"""What each data set is, for a person."""
EXPLANATION_HEIGHT = 84
"""Pixels: three lines, whatever they say, so that nothing below them moves."""
TARGET = 0.5
"""The bound that the explanation compares with."""


def headline(certificate: Certificate) -> None:
    """The certificate in one large sentence, how it was measured, and why it is no better."""
    confidence = f"{100 * (1 - certificate.scenario.delta):.4g} %"
    colour = "red" if certificate.vacuous else "blue"
    st.markdown(f"### With probability {confidence}, the true error is below :{colour}[**{certificate.bound:.1%}**]")
    with st.container(height=EXPLANATION_HEIGHT, border=False):
        st.markdown(f"{_badge(certificate)} {explanation(certificate)}")


def _badge(certificate: Certificate) -> str:
    risk = certificate.risk
    interval = f"error {risk.mean:.2%}, at most {risk.upper:.2%}"
    if certificate.measurement.preview:
        unit = "draws" if certificate.scenario.noise > 0 else "examples"
        return f":orange-badge[:material/hourglass_top: preview from {risk.draws:,} {unit}: {interval}]"
    if risk.method == "exact":
        return f":green-badge[:material/verified: exact on all {certificate.n:,} training examples]"
    return f":green-badge[:material/verified: {risk.draws:,} fresh draws: {interval}]"


def explanation(certificate: Certificate) -> str:
    """One or two sentences: what the bound says, and what stands between it and a better one."""
    measured, upper = certificate.measurement, certificate.risk.upper
    room = largest_kl(upper, TARGET, certificate.n, certificate.bound_delta)
    need = size(certificate.effective_bytes)
    if certificate.vacuous:
        text = f"**Vacuous**: guessing is wrong {1 - 1 / measured.classes:.0%} of the time. "
    elif certificate.bound > TARGET:
        text = "**Weak, but not vacuous.** "
    else:
        text = ""
    if room is None:
        error = f"{certificate.risk.mean:.0%}"
        text += f"Too much was cut away: even on its training data the network errs {error} of the time."
    elif certificate.bound > TARGET:
        enough = size(room / (8 * math.log(2)))
        text += f"The network takes {need} to describe; at this training error {enough} would certify {TARGET:.0%}. "
        if certificate.scenario.checkpoint == PLAIN:
            text += (
                "It was trained to be accurate, not to be compressible: plain magnitude pruning breaks its accuracy "
                "before the code gets that short."
            )
    else:
        text += (
            f"{measured.nonzeros:,} of {measured.parameters:,} weights are left, in {need}: short enough that "
            f"{certificate.n:,} examples pin down the true error."
        )
    return text


def figures(certificate: Certificate) -> None:
    """The five numbers of the screen."""
    measured, risk = certificate.measurement, certificate.risk
    refund = measured.code_bytes - certificate.effective_bytes
    if certificate.scenario.noise == 0:
        note = "no noise, no refund"
    else:
        note = f"noise refunds {size(refund)}" if refund >= 0 else f"noise costs {size(-refund)}"
    tiles = (
        (
            "Training error",
            f"{risk.mean:.2%}",
            f"accuracy {1 - risk.mean:.2%}",
            "Share of training examples that the compressed (noisy) network gets wrong: the empirical risk in the bound.",
        ),
        (
            "Test error",
            f"{certificate.test.mean:.2%}",
            f"accuracy {1 - certificate.test.mean:.2%}",
            "On examples that played no part in training. For information: the bound does not use it.",
        ),
        (
            "Compressed size",
            size(measured.code_bytes),
            f"{measured.nonzeros:,} weights",
            "Length of the real bytes that decode to the network without noise.",
        ),
        (
            "Effective size",
            size(certificate.effective_bytes),
            note,
            "K = KL(posterior ‖ prior) in bytes: what the bound charges (kB = 1000 bytes).",
        ),
        (
            "Bound",
            f"{certificate.bound:.1%}",
            BOUNDS[certificate.scenario.bound].title,
            "With probability 1 − δ the true error is below this.",
        ),
    )
    for column, (label, value, note, help) in zip(st.columns(5), tiles, strict=True):
        column.metric(label, value, note, delta_color="off", delta_arrow="off", help=help, border=True)


def formula(certificate: Certificate) -> None:
    """The chosen bound with its present numbers, and all bounds beside it."""
    chosen = BOUNDS[certificate.scenario.bound]
    st.markdown(f"**{chosen.title}: {_percent(certificate.bound)}** ({chosen.source})")
    st.latex(chosen.formula)
    st.latex(certificate.formula)
    risk = certificate.risk
    if risk.method == "exact":
        measured = f"exact, {risk.borderline} borderline among them" if risk.borderline else "exact"
    else:
        measured = f"{risk.mean:.3%} measured; upper limit at level {risk.failure:.3g}"
    st.markdown(
        f"r = {risk.upper:.3%} ({measured}), K = {certificate.kl_nats:,.1f} nats = {size(certificate.effective_bytes)}, "
        f"n = {certificate.n:,}, δ = {certificate.bound_delta:.3g}"
    )
    if certificate.naive_upper is not None:
        st.caption(
            f"{WHOLE_EVALUATIONS} evaluations on the whole sample alone could not promise a training error of less than "
            f"{certificate.naive_upper:.1%}: the draws buy the rest."
        )
    rows = [
        (BOUNDS[name].title, "needs a network without noise" if value is None else _percent(value))
        for name, value in certificate.bounds.items()
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Bound", "True error below"]), hide_index=True, width="stretch", key="bounds"
    )


def ledger_table(certificate: Certificate) -> None:
    """Every charge, a line each."""
    rows = [(charge.name, charge.bits, charge.bits / 8, charge.why) for charge in certificate.ledger.charges]
    rows.append(("in all: K", certificate.ledger.bits, certificate.effective_bytes, "what the bound pays"))
    numbers = {
        "bits": st.column_config.NumberColumn(format="%.1f"),
        "bytes": st.column_config.NumberColumn(format="%.1f"),
    }
    st.dataframe(
        pd.DataFrame(rows, columns=["charge", "bits", "bytes", "why"]),
        hide_index=True,
        width="stretch",
        column_config=numbers,
        key="ledger",
    )
    if certificate.measurement.zhou_bytes is not None:
        st.caption(
            "The published form of the refund (Zhou et al. 2019, Theorem 4.3, with its fixed-length assignments) "
            f"would charge {size(certificate.measurement.zhou_bytes)}."
        )


def charges_table() -> None:
    """What is charged and where, and why the rest is not."""
    st.table(pd.DataFrame(ROWS, columns=COLUMNS).set_index(COLUMNS[0]))


def take_away(certificate: Certificate) -> None:
    """The same point from a shell and from Python, its numbers as a file, and the file that a stranger can check."""
    arguments = certificate.scenario.arguments()
    st.code(f"python -m pacviz certify{arguments} --json", language="bash")
    st.code(f"from pacviz import Scenario, certify\n\ncertify({certificate.scenario!r})", language="python")
    st.download_button(
        "Certificate as JSON", certificate.to_json(), "certificate.json", "application/json", on_click="ignore"
    )
    name = f"{certificate.scenario.model}-{certificate.scenario.data}.pacviz"
    st.download_button(
        "Certificate with the network",
        lambda: pack(certificate),
        name,
        "application/octet-stream",
        on_click="ignore",
        disabled=certificate.measurement.preview,
        help=f"Anybody can check it against the data: python -m pacviz verify {name}",
    )


def _percent(value: float) -> str:
    return f"{value:.2%}"
