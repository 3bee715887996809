"""`bound`: every bound for given numbers, without waiting for torch."""

from __future__ import annotations

from argparse import ArgumentParser

from pacviz.bounds import BOUNDS
from pacviz.experiments.command import Command, as_json
from pacviz.words import above


def bound(risk: float, kl: float, n: int, delta: float, json: bool) -> None:
    """Prints every bound for given numbers."""
    values = {name: bound.function(risk, kl, n, delta) for name, bound in BOUNDS.items()}
    print(as_json(values) if json else "\n".join(f"{name:12}{above(value, 6)}" for name, value in values.items()))


def _bound_options(parser: ArgumentParser) -> None:
    parser.add_argument("--risk", type=float, required=True, help="empirical risk in [0, 1]")
    parser.add_argument("--kl", type=float, required=True, help="KL(posterior || prior), or code length, in nats")
    parser.add_argument("--n", type=int, required=True, help="training examples, at least 8")
    parser.add_argument("--delta", type=float, default=0.05, help="failure probability in (0, 1); default 0.05")


COMMANDS = (Command(bound, _bound_options),)
