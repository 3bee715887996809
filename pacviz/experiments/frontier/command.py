"""`choose`: which checkpoint to certify, and how far to compress it."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser
from typing import Any

from pacviz.experiments.command import Command, as_json, escape, given, progress_bar
from pacviz.scenario import Scenario
from pacviz.settings import defaults, settings


def choose(
    checkpoints: list[str] | None, sparsity: list[str] | None, bits: list[str] | None, json: bool, **scenario: Any
) -> None:
    """Compares checkpoints, sparsities, codebooks and noise by the bound, and says what to certify."""
    from pacviz.certificates import choose as selection
    from pacviz.library import checkpoints as stored

    base = Scenario.from_mapping(given(scenario))
    candidates = stored.sound(base.model, base.data, checkpoints) or [
        stored.find(base.model, base.data, base.checkpoint)
    ]
    points = [
        (checkpoint, compressed)
        for checkpoint in candidates
        for compressed in selection.compressions(
            checkpoint,
            base,
            [settings(Scenario)["sparsity"].check("sparsity", value, float) for value in sparsity or ()],
            [settings(Scenario)["bits"].check("bits", value, int) for value in bits or selection.CODEBOOK_BITS],
        )
    ]
    with progress_bar() as progress:
        options = [option for _, option in selection.choose(points, progress)]
    command = f"python -m pacviz certify{options[0].scenario.arguments()}"
    if json:
        print(as_json({"command": command, "options": [dataclasses.asdict(option) for option in options]}))
        return
    print(selection.table(options).to_string(index=False, max_rows=None))
    print(
        f"\nThe first is the best.  A preview is estimated from {selection.DRAWS:,} draws; certify it with fresh ones:"
    )
    print(f"\n{command}")


def _choose_options(parser: ArgumentParser) -> None:
    for name in ("model", "data", "pruning", "delta", "bound", "seed"):
        about = settings(Scenario)[name]
        parser.add_argument(
            f"--{name}",
            metavar=name.upper(),
            help=escape(f"{about.title}: {about.allowed}; default {defaults(Scenario)[name]}."),
        )
    parser.add_argument("--checkpoints", nargs="+", metavar="NAME", help="which to compare; default: all there are")
    for name in ("sparsity", "bits"):
        allowed = escape(settings(Scenario)[name].allowed)
        parser.add_argument(
            f"--{name}", nargs="+", metavar=name.upper(), help=f"{allowed}; default: what suits each checkpoint"
        )


COMMANDS = (Command(choose, _choose_options),)
