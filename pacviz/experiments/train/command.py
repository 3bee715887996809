"""`train`: one training; `runs`: all of them, of every page and shell."""

from __future__ import annotations

import dataclasses
import sys
from argparse import ArgumentParser
from typing import Any

from pacviz.errors import PacvizError
from pacviz.experiments.command import Command, as_json, escape, given, path_of, progress_bar
from pacviz.settings import defaults, settings
from pacviz.training.recipe import Training, option
from pacviz.words import at_most


def train(folder: str | None, json: bool, **options: Any) -> int | None:
    """Trains a network and writes its checkpoint; stopped, the same command goes on where it was."""
    from pacviz.training import processes as runs
    from pacviz.training import records

    training = Training.of(**given(options))
    target = path_of(folder)
    place = target and target.resolve()
    run = records.Run(records.identity(training), training, place)
    done = {one.id for one in records.listing() if one.state == "done" and one.checkpoint.exists()}
    if run.id in done:
        runs.check(training, place)
        from pacviz.library.checkpoints import load

        checkpoint = load(run.checkpoint)
    else:
        try:
            with progress_bar() as progress, runs.taking_part(training, place, progress):
                from pacviz.experiments.train.run import work

                checkpoint = work(run, progress)
        except runs.Stopped:
            print(f"pacviz: {run.id} is stopped and kept; the same command goes on.", file=sys.stderr)
            return 130
    path, train_error, test_error = run.checkpoint, checkpoint.train_error, checkpoint.test_error
    result = {"path": str(path), "train_error": train_error, "test_error": test_error}
    print(as_json(result) if json else f"{path}\ntraining error {train_error:.3%}, test error {test_error:.3%}")
    return None


def _train_options(parser: ArgumentParser) -> None:
    for name, setting in settings(Training).items():
        usual = f"default {defaults(Training)[name]}" + (
            "" if name in ("model", "data", "name") else ", or what suits the method"
        )
        parser.add_argument(
            f"--{option(name)}",
            metavar=name.upper(),
            help=escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; {usual}."),
        )
    parser.add_argument("--folder", help="where to write it; default: where the app finds it")


def runs(run: str | None, action: str | None, json: bool) -> None:
    """Lists the trainings of every page and shell; stops, resumes, discards or restores one, or prints what was measured."""
    from pacviz.training import processes as runs
    from pacviz.training import records

    if run is None:
        if action is not None:
            raise PacvizError(f"--{action} needs the name of a run; `python -m pacviz runs` lists them.")
        listed = records.listing()
        if json:
            print(as_json([each.to_dict() for each in listed]))
        else:
            print("\n".join(f"{each.state:12} {each.id}  {each.message}".rstrip() for each in listed) or "No runs yet.")
        return
    if action is not None:
        {"stop": runs.stop, "resume": runs.resume, "discard": runs.discard, "restore": runs.restore}[action](run)
        return
    known, rows = records.find(run), records.metrics(run)
    if json:
        print(as_json({**known.to_dict(), "metrics": [dataclasses.asdict(row) for row in rows]}))
        return
    print(f"{known.id}: {known.state} {known.message}".rstrip() + f"\n{known.training.command}")
    for row in rows:
        if row.bound is not None:
            print(
                f"epoch {row.epoch:7.2f}  loss {row.loss:.4f}  {row.accuracy:7.2%} right  {row.density:7.2%} left  "
                f"{row.code_bytes:9,} bytes  bound {at_most(row.bound):>7}{'' if row.exact else ' (preview)'}"
            )


def _runs_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run to tell about")
    actions = parser.add_mutually_exclusive_group()
    for action, help in (
        ("stop", "keep everything and stop"),
        ("resume", "go on in the background"),
        ("discard", "move the run and its checkpoint to the trash, for a day"),
        ("restore", "bring back a run that was discarded"),
    ):
        actions.add_argument(f"--{action}", dest="action", action="store_const", const=action, help=help)


COMMANDS = (Command(train, _train_options), Command(runs, _runs_options))
