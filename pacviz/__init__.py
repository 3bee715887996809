"""pacviz: PAC-Bayes compression bounds in which every bit is charged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pacviz.settings import lazily

__version__ = "0.1.0"

# Torch reads this when it is imported: threads that wait give their core away, else a busy machine comes to a halt.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from pacviz.certificates.certificate import Certificate, certify, known
    from pacviz.codes.ledger import Charge, Ledger
    from pacviz.errors import PacvizError
    from pacviz.library.conversion import from_module
    from pacviz.library.tails.layers import tails
    from pacviz.library.weights import scenario_of
    from pacviz.scenario import Scenario

__all__ = [
    "Certificate",
    "Charge",
    "Ledger",
    "PacvizError",
    "Scenario",
    "certify",
    "from_module",
    "known",
    "scenario_of",
    "tails",
]

# Names are imported when first asked for, so that formulas alone never wait for torch.
__getattr__ = lazily(
    __name__,
    {
        "Certificate": "certificates.certificate",
        "certify": "certificates.certificate",
        "known": "certificates.certificate",
        "from_module": "library.conversion",
        "PacvizError": "errors",
        "Charge": "codes.ledger",
        "Ledger": "codes.ledger",
        "Scenario": "scenario",
        "scenario_of": "library.weights",
        "tails": "library.tails.layers",
    },
)
