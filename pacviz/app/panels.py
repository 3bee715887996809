"""What stands below the explorer: the ledger, what is charged, and how to take a point away."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pacviz import data
from pacviz.app.folded import folded
from pacviz.app.session import friendly, progress_line
from pacviz.certificates import surface
from pacviz.certificates.certificate import WHOLE_EVALUATIONS, Certificate
from pacviz.certificates.charges import COLUMNS, ROWS
from pacviz.certificates.verify import pack
from pacviz.explorer import View
from pacviz.figures import size
from pacviz.models import architecture, grammar
from pacviz.scenario import Scenario
from pacviz.words import at_most

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


def ledger_table(certificate: Certificate | None) -> None:
    """Every charge, a line each."""
    if certificate is None:
        st.caption("Not measured yet.")
        return
    rows = [(charge.name, charge.bits, charge.bits / 8, charge.why) for charge in certificate.ledger.charges]
    rows.append(
        ("in all: K", certificate.ledger.bits, certificate.effective_bytes, "what the code of the network costs")
    )
    described, total = certificate.architecture_bits, certificate.kl_with_architecture / math.log(2)
    rows.append(
        ("+ architecture", described, described / 8, "its description; free where it was fixed before the data")
    )
    rows.append(("K and architecture", total, total / 8, "what the bound at the top pays"))
    numbers = {
        "bits": st.column_config.NumberColumn(format="%.1f"),
        "bytes": st.column_config.NumberColumn(format="%.1f"),
    }
    st.dataframe(
        pd.DataFrame(rows, columns=["charge", "bits", "bytes", "why"]),
        hide_index=True,
        width="stretch",
        column_config=numbers,
        key="ledger_lines",
    )
    pieces = grammar.phrases(
        architecture(certificate.scenario.model), certificate.scenario.input_low, certificate.scenario.input_high
    )
    st.caption("The architecture in bits: " + " · ".join(f"{piece.says} ({len(piece.bits)})" for piece in pieces) + ".")
    if certificate.measurement.zhou_bytes is not None:
        st.caption(
            "The published form of the refund (Zhou et al. 2019, Theorem 4.3, with its fixed-length assignments) "
            f"would charge {size(certificate.measurement.zhou_bytes)}."
        )
    if certificate.naive_upper is not None:
        st.caption(
            f"{WHOLE_EVALUATIONS} evaluations on the whole sample alone could not promise a training error of less than "
            f"{at_most(certificate.naive_upper, 1)}: the draws buy the rest."
        )


def charges_table() -> None:
    """What is charged and where, and why the rest is not."""
    st.table(pd.DataFrame(ROWS, columns=COLUMNS).set_index(COLUMNS[0]))


def take_away(scenario: Scenario, certificate: Certificate | None) -> None:
    """The same point from a shell and from Python, its numbers as a file, and the file that a stranger can check."""
    st.code(f"python -m pacviz certify{scenario.arguments()} --json", language="bash", wrap_lines=True)
    st.code(f"from pacviz import Scenario, certify\n\ncertify({scenario!r})", language="python", wrap_lines=True)
    if certificate is None:
        st.caption("The files come with the measurement.")
        return
    st.download_button(
        "Certificate as JSON", certificate.to_json(), "certificate.json", "application/json", on_click="ignore"
    )
    name = f"{scenario.model}-{scenario.data}.pacviz"
    st.download_button(
        "Certificate with the network",
        lambda: pack(certificate),
        name,
        "application/octet-stream",
        on_click="ignore",
        disabled=certificate.measurement.preview,
        help=f"Anybody can check it against the data: python -m pacviz verify {name}",
    )


def below(scenario: Scenario, view: View, certificate: Certificate | None, recorded: bool) -> None:
    """Everything under the explorer.  certificate: None where only the surface knows the point.  recorded: there is one."""
    if view.present:
        return
    if not recorded:
        offer_surface(scenario)
    folded("The ledger: every charge, a line each", "ledger", lambda: ledger_table(certificate))
    folded("What is charged, and why the rest is not", "charges", charges_table)
    folded("Take it away: shell, Python, the certificate file", "lines", lambda: take_away(scenario, certificate))


def offer_surface(scenario: Scenario) -> None:
    """Where nobody has recorded the surface of a checkpoint: says what it is for, and records it on request."""
    if not surface.recordable(scenario):
        return
    command = f"python -m pacviz sweep --model {scenario.model} --data {scenario.data}"
    command += f" --checkpoint {scenario.checkpoint} --pruning {scenario.pruning}"
    st.info(
        f"The curves of this checkpoint are measured point by point. To have them move under the finger, record its "
        f"surface (some 15 minutes): `{command}`",
        icon=":material/gesture:",
    )
    if data.is_available(scenario.data) and st.button(
        "Record it here", help="Moving a control stops it; it then goes on where it stopped."
    ):
        with friendly(), progress_line(st.empty()) as progress:
            surface.save(surface.sweep(scenario, surface.Grid(), progress))
        st.rerun()
