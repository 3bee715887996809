"""`randomize`: the whole experiment from a shell, resumable, on as many processes and machines as there are."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from pacviz.experiments.command import (
    Command,
    add_settings,
    add_units,
    as_json,
    given,
    path_of,
    print_plan,
    progress_bar,
    tell_plan,
)
from pacviz.experiments.random_labels.settings import Randomization


def randomize(name: str | None, folder: str | None, on: str, dry_run: bool, json: bool, **options: Any) -> None:
    """Fits networks to ever more random labels, prunes and codes them, and records what each level costs."""
    from pacviz.experiments.random_labels.files import check_free, check_name, save
    from pacviz.experiments.random_labels.results import plan, run_all

    experiment = Randomization(**given(options))
    name = name or f"{experiment.model}-{experiment.data}"
    target = path_of(folder)
    check_name(name, target)
    if target is None:
        check_free(name, experiment)
    wanted = plan(experiment)
    if dry_run:
        print_plan(wanted, json)
        return
    tell_plan(wanted)
    with progress_bar() as progress:
        recording = run_all(experiment, progress, on)
    for run in (run for unit, run in zip(wanted.units, recording.runs, strict=True) if unit.id not in wanted.done):
        left = f"{run.errors} training errors left" if run.errors else "no training error left"
        print(
            f"{run.level:.0%} random labels, seed {run.seed}: {left} after {len(run.accuracies)} epochs",
            file=sys.stderr,
        )
    path = save(recording, name, target)
    if json:
        print(as_json({"path": str(path), "points": recording.table().to_dict("records")}))
        return
    print(
        f"{path}\n\n{'random':>7} {'method':9} {'sparsity':>8} {'accuracy':>9} {'test error':>10} {'bytes':>10} {'floor':>7}"
    )
    for row in recording.summaries:
        print(
            f"{row.level:7.0%} {row.method:9} {row.sparsity:8.1%} {row.accuracy.mean:9.1%} {row.test_error.mean:10.1%} "
            f"{row.bytes.mean:10,.0f} {row.floor.mean:7,.0f}"
        )


def _randomize_options(parser: ArgumentParser) -> None:
    add_settings(parser, Randomization)
    parser.add_argument("--name", help="what the app calls the recording; default: model and data")
    parser.add_argument("--folder", help="where to write it; default: where the app finds it")
    add_units(parser)


COMMANDS = (Command(randomize, _randomize_options),)
