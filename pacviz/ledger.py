"""The charges that make up K, a line each; its sum is what the bound pays."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Charge:
    """One line of a ledger.  bits: its cost in bits (negative for a refund).  why: one phrase for the reader."""

    name: str
    bits: float
    why: str


@dataclass(frozen=True)
class Ledger:
    """Everything data-dependent that a decoder needs, line by line."""

    charges: tuple[Charge, ...]

    @property
    def bits(self) -> float:
        """Sum of all lines in bits."""
        return math.fsum(charge.bits for charge in self.charges)

    @property
    def nats(self) -> float:
        """The same sum in nats: the K of MATH.md section 1."""
        return self.bits * math.log(2)

    @property
    def bytes(self) -> float:
        """The same sum in bytes: the effective size."""
        return self.bits / 8

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.charges + other.charges)
