"""The trials that ship with pacviz: what the page shows at once, without running anything."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.errors import PacvizError
from pacviz.experiments.does_it_hold.run import Outcome, counted, outcome
from pacviz.experiments.does_it_hold.settings import LEARNERS, SEVERE, USUAL, Learner
from pacviz.progress import Progress

SHIPPED = store.ASSETS / "does_it_hold.json.gz"
TRIALS = {"pipeline": 60, "guess": 100}
"""How many ship of each experiment of a learner."""
MOST = 10_000
"""Trials of one command."""
RECORDED = (*USUAL.values(), *SEVERE.values())
"""The experiments that ship."""


def recorded(experiment: Learner, file: Path = SHIPPED) -> Mapping[int, Outcome]:
    """The outcomes by trial that were recorded of an experiment, none where there is no recording."""
    return _read(file).get(experiment, {})


@lru_cache(maxsize=2)
def _read(file: Path) -> dict[Learner, dict[int, Outcome]]:
    """Raises PacvizError where the file holds something else than `record` writes."""
    try:
        listed = json.loads(gzip.decompress(file.read_bytes()))
        return {
            LEARNERS[one["learner"]](**one["settings"]): {
                index: counted(*values) for index, values in enumerate(one["outcomes"])
            }
            for one in listed
        }
    except FileNotFoundError:
        return {}
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        raise PacvizError(
            f"{file} cannot be read as recorded trials ({error}); make it again by `python -m pacviz record trials`."
        ) from error


def outcomes(experiment: Learner, trials: int, progress: Progress) -> list[Outcome]:
    """The first trials of an experiment: those that were recorded, and the others run now.

    Raises PacvizError for a number of trials outside 1 to MOST.
    """
    if not 1 <= trials <= MOST:
        raise PacvizError(f"trials must lie between 1 and {MOST:,}, got {trials}; ask for another number.")
    known = recorded(experiment)
    if all(index in known for index in range(trials)):
        return [known[index] for index in range(trials)]
    fresh, listed = data.load("digits", progress=progress).train, []
    for index in range(trials):
        progress(index / trials, f"trial {index + 1} of {trials}")
        listed.append(known[index] if index in known else outcome(experiment, index, fresh))
    return listed


def record_trials(progress: Progress, file: Path = SHIPPED, most: int = max(TRIALS.values())) -> Path:
    """Runs the first trials of every experiment of RECORDED and writes them; at most so many of each."""
    fresh = data.load("digits", progress=progress).train
    listed: list[dict[str, Any]] = []
    for place, experiment in enumerate(RECORDED):
        learner = next(name for name, kind in LEARNERS.items() if type(experiment) is kind)
        outcomes, trials = [], min(most, TRIALS[learner])
        for index in range(trials):
            progress((place + index / trials) / len(RECORDED), f"{learner}: trial {index + 1} of {trials}")
            result = outcome(experiment, index, fresh)
            outcomes.append(
                (result.train.errors, result.n, result.truth.errors, result.truth.draws, result.choice_nats)
            )
        listed.append({"learner": learner, "settings": dataclasses.asdict(experiment), "outcomes": outcomes})
    packed = gzip.compress(json.dumps(listed).encode(), mtime=0)
    store.write_atomic(file, lambda path: path.write_bytes(packed))
    return file
