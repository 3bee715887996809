"""`holds`: networks are learned on many samples, and the bounds are counted that their true errors violate."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser
from typing import Any

from pacviz.errors import PacvizError
from pacviz.experiments.command import Command, as_json, escape, given, progress_bar
from pacviz.settings import defaults, settings


def holds(
    learner: str, severe: bool, trials: int, delta: str | None, uncharged: bool, json: bool, **options: Any
) -> None:
    """Learns networks on many samples of a known distribution, and counts the bounds that their true errors violate."""
    from pacviz.experiments.does_it_hold.results import outcomes
    from pacviz.experiments.does_it_hold.run import Coverage, Trial, noticed
    from pacviz.experiments.does_it_hold.settings import LEARNERS, SEVERE, USUAL, Claim

    asked, usual = given(options), (SEVERE if severe else USUAL)[learner]
    own = defaults(LEARNERS[learner])
    if foreign := sorted(asked.keys() - own.keys()):
        allowed = ", ".join(f"--{name}" for name in own)
        raise PacvizError(f"--{foreign[0]} is no setting of {learner}; choose among {allowed}.")
    experiment = dataclasses.replace(usual, **asked)
    claim = Claim(**given({"delta": delta}), charged=not uncharged)
    with progress_bar() as progress:
        listed = [Trial(outcome, claim) for outcome in outcomes(experiment, trials, progress)]
    coverage, power = Coverage.of(listed, claim.delta), noticed(listed, claim.delta)
    if json:
        told = {"learner": learner, **dataclasses.asdict(experiment), **dataclasses.asdict(claim)}
        told |= {
            **dataclasses.asdict(coverage),
            "p_value": coverage.p_value,
            "refuted": coverage.refuted,
            "power": power,
        }
        rows = [
            {
                "train_error": trial.outcome.train.mean,
                "kl_nats": trial.kl_nats,
                "bound": trial.bound,
                "true_error": trial.outcome.truth.mean,
                "violated": trial.violated,
            }
            for trial in listed
        ]
        print(as_json({**told, "outcomes": rows}))
        return
    print(f"{coverage.violated} of {coverage.trials} bounds were violated; δ allows {100 * claim.delta:.4g} %.")
    print("This is not a certificate: so many are no chance." if coverage.refuted else "These trials do not refute it.")


def _options(parser: ArgumentParser) -> None:
    from pacviz.experiments.does_it_hold.settings import LEARNERS, Claim

    parser.add_argument(
        "learner",
        metavar="LEARNER",
        nargs="?",
        choices=tuple(LEARNERS),
        default=next(iter(LEARNERS)),
        help="pipeline (the default): train, prune, quantize and code; guess: take the best of M random networks",
    )
    parser.add_argument(
        "--severe", action="store_true", help="few digits, random labels: sooner notices what is not charged"
    )
    parser.add_argument("--trials", type=int, default=60, help="how many samples are drawn; default 60, which ship")
    parser.add_argument(
        "--uncharged", action="store_true", help="take K = 0, as if the network had been fixed before the data"
    )
    every = {name: setting for kind in (Claim, *LEARNERS.values()) for name, setting in settings(kind).items()}
    for name, setting in every.items():
        words = f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default: what suits the learner."
        parser.add_argument(f"--{name}", metavar=name.upper(), help=escape(words))


COMMANDS = (Command(holds, _options),)
