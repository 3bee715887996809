"""Trials live: a learner's trials in a process of their own, which works while somebody watches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pacviz import data
from pacviz.experiments.does_it_hold.results import recorded
from pacviz.experiments.does_it_hold.run import Outcome, counted, outcome
from pacviz.experiments.does_it_hold.settings import LEARNERS, Guess, Learner, Pipeline
from pacviz.jobs import limits
from pacviz.jobs import live as jobs
from pacviz.models import architecture
from pacviz.models.cost import BASE_BYTES, Estimate, cost

MOST = 500
"""Trials that may be asked for."""
SECONDS_PER_GUESS = 2e-5
"""Of one guess on a few dozen digits, about."""
_KEPT = 64


class Trials(jobs.Live):
    """The trials of one learner: those that were recorded, and those that were run here since, by number."""

    module = __name__
    noun = "visitor's trials"
    remedy = "choose fewer digits or guesses"

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self.learner = learner
        self.outcomes: dict[int, Outcome] = dict(recorded(learner))
        self.wanted = 0

    def first(self, wanted: int) -> dict[int, Outcome]:
        """The outcomes of the first trials that are there, in order."""
        outcomes = self.outcomes
        return {index: outcomes[index] for index in range(wanted) if index in outcomes}

    def want(self, trials: int) -> None:
        """Goes on until so many trials are there, or as many as somebody else wants."""
        self.wanted = max(self.wanted, trials) if self.working else trials

    @property
    def done(self) -> bool:
        return len(self.first(self.wanted)) == self.wanted

    def arguments(self) -> Mapping[str, Any]:
        name = next(name for name, kind in LEARNERS.items() if type(self.learner) is kind)
        missing = [index for index in range(MOST) if index not in self.outcomes]
        return {"learner": name, "settings": dataclasses.asdict(self.learner), "trials": missing}

    def require_small(self) -> None:
        limits.require_small(estimate(self.learner, self.wanted), self.remedy)

    def take(self, told: Mapping[str, Any]) -> None:
        if told["outcome"] is not None:
            self.outcomes = {**self.outcomes, int(told["trial"]): counted(*told["outcome"])}


def estimate(learner: Learner, trials: int) -> Estimate:
    """What so many trials take on one core."""
    match learner:
        case Pipeline(n=n, epochs=epochs):
            once = cost(architecture("tiny")).training(n, 50, epochs)
            return Estimate(trials * once.seconds, once.bytes)
        case Guess(guesses=guesses):
            return Estimate(trials * guesses * SECONDS_PER_GUESS, BASE_BYTES)


trials = jobs.Registry(Trials, _KEPT)


def main() -> None:
    """The process."""
    jobs.serve(_work)


def _work(arguments: dict[str, Any], wait: Callable[[], object]) -> None:
    """The embedded training digits tell the true errors: here nothing is trained on them."""
    learner = LEARNERS[arguments["learner"]](**arguments["settings"])
    jobs.tell({"trial": None, "outcome": None, "fraction": 0.0, "what": "drawing digits"})
    fresh = data.load("digits").train

    def pause(fraction: float, what: str) -> None:
        wait()

    for place, index in enumerate(arguments["trials"]):
        result = outcome(learner, index, fresh, pause)
        counts = (result.train.errors, result.n, result.truth.errors, result.truth.draws, result.choice_nats)
        share = place / len(arguments["trials"])
        jobs.tell({"trial": index, "outcome": counts, "fraction": share, "what": f"trial {index + 1} is done"})


if __name__ == "__main__":
    main()
