"""`heavy-tails`: the experiment from a shell, resumable network by network; `tails`: of the weights in any file."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from pacviz.errors import PacvizError
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
from pacviz.experiments.heavy_tails.settings import HeavyTails

QUICK = {
    "data": "digits",
    "n": 2000,
    "step_sizes": (0.02, 0.05, 0.1, 0.2, 0.4),
    "batch_sizes": (20,),
    "widths": (32, 64),
    "seeds": 1,
    "loss": 2e-3,
    "steps": 8000,
    "further": 500,
    "averaged": 250,
    "tests": 2000,
}
"""What --quick sets, where nothing else is given."""


def heavy_tails(
    quick: bool, name: str | None, folder: str | None, on: str, dry_run: bool, json: bool, **options: Any
) -> None:
    """Trains networks by plain SGD at several step and batch sizes, and tells tails, prunability and bound of each."""
    from pacviz.experiments.heavy_tails.results import check_name, save
    from pacviz.experiments.heavy_tails.run import plan, run_all

    experiment = HeavyTails(**{**(QUICK if quick else {}), **given(options)})
    name = name or f"{experiment.model}-{experiment.data}{'-quick' if quick else ''}"
    target = path_of(folder)
    check_name(name, target)
    wanted = plan(experiment)
    if dry_run:
        print_plan(wanted, json)
        return
    tell_plan(wanted)
    with progress_bar() as progress:
        recording = run_all(experiment, progress, on)
    path = save(recording, name, target)
    if json:
        print(as_json({"path": str(path), "rows": recording.rows}))
        return
    import pandas as pd

    print(f"{path}\n")
    columns = ["step_size", "batch_size", "width", "seed", "how", "alpha", "test_error", "magnitude", "bytes", "bound"]
    print(pd.DataFrame(recording.rows)[columns].to_string(index=False))


def _options(parser: ArgumentParser) -> None:
    add_settings(parser, HeavyTails)
    parser.add_argument("--quick", action="store_true", help="small networks on digits, in a few minutes")
    parser.add_argument("--name", help="what the app calls the recording; default: model and data")
    parser.add_argument("--folder", help="where to write it; default: where the app finds it")
    add_units(parser)


def tails(file: str | None, weights: str | None, seed: int, json: bool) -> None:
    """Tail index of every large tensor of a safetensors file: 2 for finite variance, less the heavier the tail."""
    from pacviz.library.tails.layers import FEWEST, median, table
    from pacviz.library.tails.layers import tails as measured

    path = path_of(file or weights)
    if path is None or (file and weights):
        raise PacvizError("Name one safetensors file: python -m pacviz tails FILE.")
    layers = measured(path, seed)
    if json:
        print(as_json({"alpha": median(layers), "layers": [tail.to_dict() for tail in layers]}))
    elif not layers:
        print(f"No tensor of {path} has {FEWEST:,} real numbers or more.")
    else:
        import pandas as pd

        print(pd.DataFrame(table(layers)).to_string(index=False))


def _tails_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="the safetensors file")
    parser.add_argument("--weights", metavar="FILE", help="the same")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations of rows; default 0")


COMMANDS = (Command(heavy_tails, _options), Command(tails, _tails_options))
