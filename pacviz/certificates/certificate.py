"""The statement that pacviz makes: with probability 1 - delta the true error is below the bound."""

from __future__ import annotations

import dataclasses
import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pacviz.bounds import BOUNDS, all_bounds, vacuous
from pacviz.certificates import budget
from pacviz.certificates.measure import Measurement, Source, bound, measure, recall
from pacviz.codes.ledger import Charge, Ledger
from pacviz.models import architecture, grammar
from pacviz.posteriors.posterior import kind_of
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate, naive_interval
from pacviz.scenario import Scenario
from pacviz.words import at_most, probability

WHOLE_EVALUATIONS = 3
"""How many evaluations on the whole sample the literature likes to average."""


@dataclass(frozen=True)
class Certificate:
    """A Scenario, what was measured for it, and the bound that follows (docs/mathematics.md sections 1 to 4).

    Where the risk is estimated from draws, a part of delta pays for its interval (pacviz.certificates.budget).
    """

    scenario: Scenario
    measurement: Measurement

    @cached_property
    def risk(self) -> RiskEstimate:
        """Empirical risk of the (stochastic) network on the training sample, with its interval at this delta."""
        return self._at_delta(self.measurement.train)

    @cached_property
    def test(self) -> RiskEstimate:
        """Error on the test sample, for information only; with an interval at the same level."""
        return self._at_delta(self.measurement.test)

    def _at_delta(self, estimate: RiskEstimate) -> RiskEstimate:
        return dataclasses.replace(estimate, failure=estimate.failure * self.scenario.delta)

    @property
    def bound_delta(self) -> float:
        """What is left of delta for the bound itself."""
        return budget.bound_share(estimated=self.risk.method != "exact") * self.scenario.delta

    @property
    def ledger(self) -> Ledger:
        return self.measurement.ledger

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that carry parameters."""
        return tuple(layer.name for layer in architecture(self.scenario.model).layers)

    @property
    def n(self) -> int:
        """Training examples."""
        return self.measurement.n

    @property
    def kl_nats(self) -> float:
        """K, the divergence from the prior in nats: the ledger's sum."""
        return self.ledger.nats

    @property
    def effective_bytes(self) -> float:
        """K in bytes."""
        return self.ledger.bytes

    @cached_property
    def bounds(self) -> dict[str, float | None]:
        """Every bound by name; None where one does not apply."""
        return all_bounds(self.risk.upper, self.kl_nats, self.n, self.bound_delta, kind_of(self.scenario).deterministic)

    @property
    def bound(self) -> float:
        """The chosen bound: with probability at least 1 - delta the true error is below it."""
        value = self.bounds[self.scenario.bound]
        assert value is not None, "a Scenario refuses a bound that does not apply"
        return value

    @property
    def architecture_bits(self) -> int:
        """As `architecture_bits` says; no part of K."""
        return architecture_bits(self.scenario)

    @property
    def kl_with_architecture(self) -> float:
        """K and the description of the architecture, in nats."""
        return self.kl_nats + self.architecture_bits * math.log(2)

    @cached_property
    def bound_with_architecture(self) -> float:
        """The chosen bound where the architecture is charged like everything else that may have been chosen by the data."""
        risk, delta = self.risk, self.scenario.delta
        nats = self.kl_with_architecture
        return bound(self.scenario.bound, risk.upper, nats, self.n, delta, estimated=risk.method != "exact")

    @property
    def vacuous(self) -> bool:
        """True where the bound says no more than guessing does."""
        return vacuous(self.bound, self.measurement.classes)

    @property
    def naive_upper(self) -> float | None:
        """What a mean over WHOLE_EVALUATIONS whole samples could promise of the noisy network's risk; None without noise."""
        if self.risk.method == "exact":
            return None
        return naive_interval(self.risk.mean, WHOLE_EVALUATIONS, budget.RISK * self.scenario.delta)[1]

    @property
    def formula(self) -> str:
        """LaTeX of the chosen bound with the present numbers."""
        return BOUNDS[self.scenario.bound].substituted(self.risk.upper, self.kl_nats, self.n, self.bound_delta)

    @property
    def statement(self) -> str:
        """The certificate in one sentence, which promises no more than was proved."""
        return self._stated(probability(self.scenario.delta), self.bound, at_most(self.bound))

    @property
    def statement_with_architecture(self) -> str:
        """The same with the architecture charged, and what it says of one that was fixed before the data."""
        bound = self.bound_with_architecture
        held = self._stated(probability(self.scenario.delta), bound, at_most(bound))
        return (
            f"{held} Its architecture is charged; taken as fixed before the data, the bound is {at_most(self.bound)}."
        )

    @property
    def earlier_statement(self) -> str:
        """As files say it that were made while numbers were rounded to the nearest."""
        return self._stated(f"{1 - self.scenario.delta:.4g}", self.bound, f"{self.bound:.2%}")

    def _stated(self, sure: str, bound: float, error: str) -> str:
        held = f"With probability {sure} over the training data the true error is below {error}"
        if vacuous(bound, self.measurement.classes):
            held += ", which is vacuous: guessing does as well"
        return f"Preview: {held[0].lower()}{held[1:]}." if self.measurement.preview else f"{held}."

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the documented keys of `python -m pacviz certify --json`."""
        measured = self.measurement
        return {
            "statement": self.statement,
            "bound": self.bound,
            "bound_with_architecture": self.bound_with_architecture,
            "bounds": self.bounds,
            "vacuous": self.vacuous,
            "preview": measured.preview,
            "risk": self.risk.mean,
            "risk_upper": self.risk.upper,
            "risk_method": self.risk.method,
            "risk_draws": self.risk.draws,
            "risk_failure": self.risk.failure,
            "kl_nats": self.kl_nats,
            "architecture_bits": self.architecture_bits,
            "code_bytes": measured.code_bytes,
            "effective_bytes": self.effective_bytes,
            "zhou_bytes": measured.zhou_bytes,
            "train_error": self.risk.mean,
            "test_error": self.test.mean,
            "nonzeros": measured.nonzeros,
            "parameters": measured.parameters,
            "estimates": {"train": self.risk.to_dict(), "test": self.test.to_dict()},
            "n": self.n,
            "classes": measured.classes,
            "delta": self.scenario.delta,
            "scenario": self.scenario.to_dict(),
            "fingerprints": measured.fingerprints,
            "version": measured.version,
            "ledger": [charge.to_dict() for charge in self.ledger.charges],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Certificate:
        """The inverse of `to_dict`: what is said is taken from it, what follows is computed anew.

        Raises KeyError, TypeError or ValueError for what `to_dict` cannot have made, PacvizError for a wrong Scenario.
        """
        scenario = Scenario.from_mapping(values["scenario"])
        train, test = (_estimate(values["estimates"][name], scenario) for name in ("train", "test"))
        ledger = Ledger(tuple(map(Charge.from_dict, values["ledger"])))
        others = {field.name for field in dataclasses.fields(Measurement)} - {"ledger", "train", "test"}
        plain: dict[str, Any] = {name: values[name] for name in others}
        measurement = Measurement(ledger=ledger, train=train, test=test, **plain)
        return cls(scenario, measurement)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2)

    def _repr_html_(self) -> str:
        rows = [
            ("bound", f"{at_most(self.bound)} ({BOUNDS[self.scenario.bound].title})"),
            ("bound, architecture charged", at_most(self.bound_with_architecture)),
            (
                "training error",
                f"{self.risk.mean:.3%}"
                + ("" if self.risk.upper == self.risk.mean else f", at most {at_most(self.risk.upper, 3)}"),
            ),
            *(
                []
                if self.naive_upper is None
                else [
                    (
                        f"{WHOLE_EVALUATIONS} whole evaluations",
                        f"alone could not promise less than {at_most(self.naive_upper, 1)}",
                    )
                ]
            ),
            ("test error", f"{self.test.mean:.3%}"),
            ("compressed size", f"{self.measurement.code_bytes:,} bytes"),
            ("effective size", f"{self.effective_bytes:,.0f} bytes"),
            ("nonzero weights", f"{self.measurement.nonzeros:,} of {self.measurement.parameters:,}"),
            *((charge.name, f"{charge.bits:,.0f} bits") for charge in self.ledger.charges),
            ("besides: the architecture", f"{self.architecture_bits:,} bits"),
        ]
        body = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        return f"<p><b>{html.escape(self.statement_with_architecture)}</b></p><table>{body}</table>"


def architecture_bits(scenario: Scenario) -> int:
    """What architecture and pixel range cost to describe, where they are not taken as fixed before the data."""
    return len(grammar.encode(architecture(scenario.model), scenario.input_low, scenario.input_high))


def _estimate(values: Mapping[str, Any], scenario: Scenario) -> RiskEstimate:
    """An estimate as a Measurement has it, with the share of delta in place of the probability."""
    share = budget.spent_share(values["failure"], scenario.delta, scenario.seed)
    return RiskEstimate(**{**values, "failure": share})


def certify(
    scenario: Scenario, preview: bool = False, progress: Progress | None = None, weights: Source | None = None
) -> Certificate:
    """The certificate of a scenario.

    preview: a quicker one from part of the data (labelled as such).  progress: told (fraction, what is being done).
    weights: where they came as a file; else those of the scenario's checkpoint.
    Raises PacvizError where checkpoint or data are missing or broken.
    """
    return Certificate(scenario, measure(scenario, preview, progress, weights))


def known(scenario: Scenario, weights: Source | None = None) -> Certificate | None:
    """The certificate, or failing that the preview, of a scenario measured before; None where there is neither.

    weights: as for `certify`.
    """
    measurement = recall(scenario, preview=True, weights=weights)
    return None if measurement is None else Certificate(scenario, measurement)
