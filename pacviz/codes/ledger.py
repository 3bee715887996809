"""The charges that make up K, a line each; its sum is what the bound pays."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARTS: dict[str, tuple[str, ...]] = {
    "positions": ("positions",),
    "assignments": ("assignments", "weights", "biases", "integers"),
    "codebooks and header": ("codebook", "cluster weights", "prior scale", "subspace", "step", "header", "rounding"),
    "noise refund": ("noise refund",),
}
"""What a ledger's lines are about, and the kinds of charges that each part gathers."""
_PART_OF = {kind: part for part, kinds in PARTS.items() for kind in kinds}


OTHER = "codebooks and header"
"""The part of charges whose kind no part lists."""


@dataclass(frozen=True)
class Charge:
    """One line of a ledger.

    kind: what is paid for.  bits: its cost in bits (negative for a refund).  why: one phrase for the reader.  layer: name of
    the layer that it is about, "" where it is about none.
    """

    kind: str
    bits: float
    why: str
    layer: str = ""

    @property
    def name(self) -> str:
        """Kind and layer as a person reads them."""
        return f"{self.kind} of {self.layer}" if self.layer else self.kind

    @property
    def part(self) -> str:
        """Which of PARTS it counts to."""
        return _PART_OF.get(self.kind, OTHER)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the name is there for who reads them."""
        return {"name": self.name, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Charge:
        """The inverse of `to_dict`, also for what was written when a charge had only a name, bits and a reason."""
        if "kind" in values:
            return cls(*(values[field.name] for field in dataclasses.fields(cls)))
        kind, _, layer = values["name"].partition(" of ")
        return cls(kind, values["bits"], values["why"], layer)


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
            amounts = sums[charge.part]
            amounts[charge.layer] = amounts.get(charge.layer, 0.0) + charge.bits
        return sums

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.charges + other.charges)
