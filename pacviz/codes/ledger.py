"""The charges that make up K, a line each; its sum is what the bound pays."""

from __future__ import annotations

import math
from dataclasses import dataclass

PARTS: dict[str, tuple[str, ...]] = {
    "positions": ("positions",),
    "assignments": ("assignments", "weights", "biases", "integers"),
    "codebooks and header": ("codebook", "cluster weights", "prior scale", "subspace", "step", "header", "rounding"),
    "noise refund": ("noise refund",),
}
"""What a ledger's lines are about, and the kinds of charges that each part gathers."""
_PART_OF = {kind: part for part, kinds in PARTS.items() for kind in kinds}


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
        """The same sum in nats: the K of docs/mathematics.md section 1."""
        return self.bits * math.log(2)

    @property
    def bytes(self) -> float:
        """The same sum in bytes: the effective size."""
        return self.bits / 8

    def by_part(self) -> dict[str, dict[str, float]]:
        """Bits by part and, within it, by layer; "" is the layer of what belongs to none."""
        sums: dict[str, dict[str, float]] = {part: {} for part in PARTS}
        for charge in self.charges:
            kind, _, layer = charge.name.partition(" of ")
            amounts = sums[_PART_OF[kind]]
            amounts[layer] = amounts.get(layer, 0.0) + charge.bits
        return sums

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.charges + other.charges)
