"""Heavy tails live: a few small networks in a process of their own, which works while somebody watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pacviz import data
from pacviz.experiments.heavy_tails.networks import network
from pacviz.experiments.heavy_tails.results import Recording
from pacviz.experiments.heavy_tails.run import keep, known, steps
from pacviz.experiments.heavy_tails.settings import HeavyTails, Trained
from pacviz.jobs import limits
from pacviz.jobs import live as jobs
from pacviz.models.cost import Estimate, cost

SECONDS_PER_REPORT = 0.3
MEASURING = 6.0
"""Seconds that a small network's tails and certificates take, about."""
_KEPT = 16
SMALL: Mapping[str, Any] = {
    "data": "digits",
    "n": 1000,
    "step_sizes": (0.05, 0.1, 0.2, 0.3, 0.4),
    "batch_sizes": (20,),
    "widths": (32,),
    "seeds": 1,
    "loss": 5e-3,
    "steps": 3000,
    "further": 200,
    "averaged": 100,
    "tests": 1000,
}
"""What a live experiment is set to, where the page does not ask: five ratios."""


def estimate(experiment: HeavyTails) -> Estimate:
    """The most that it will take on one core: a network ends as soon as it has converged, mostly long before."""
    total, most = 0.0, 0.0
    for cell in experiment.cells:
        source = data.DATASETS[experiment.data]
        architecture = network(experiment.model, cell.width, source.shape, source.classes)
        epochs = -(-(experiment.steps + experiment.further) * cell.batch_size // experiment.n)
        once = cost(architecture).training(experiment.n, cell.batch_size, epochs)
        total, most = total + once.seconds + MEASURING, max(most, once.bytes)
    return Estimate(total, int(most))


class Live(jobs.Live):
    """An experiment under way.  What it has found is there at any moment; finished networks are kept as always."""

    module = __name__
    remedy = "choose a smaller width or number of examples"

    def __init__(self, experiment: HeavyTails) -> None:
        super().__init__()
        self.experiment = experiment
        self._finished: dict[int, Trained] = {}
        self.losses: tuple[float, ...] = ()
        """Of the network that is trained at the moment, a mean cross-entropy in nats for each epoch."""

    @property
    def done(self) -> bool:
        return len(self._finished) == len(self.experiment.cells)

    @property
    def recording(self) -> Recording:
        """The networks that are finished."""
        return Recording(self.experiment, tuple(self._finished[place] for place in sorted(self._finished)))

    def arguments(self) -> Mapping[str, Any]:
        self._finished = {}
        return self.experiment.to_dict()

    def require_small(self) -> None:
        limits.require_small(estimate(self.experiment), self.remedy)

    def take(self, told: Mapping[str, Any]) -> None:
        self.losses = tuple(told["losses"])
        if told["trained"] is not None:
            self._finished = {**self._finished, int(told["place"]): Trained.from_dict(told["trained"])}

    def forget(self) -> None:
        self.losses = ()


live = jobs.Registry(Live, _KEPT)


def main() -> None:
    """The process."""
    jobs.serve(_work)


def _work(arguments: dict[str, Any], wait: Callable[[], object]) -> None:
    experiment = HeavyTails(**arguments)
    count, told = len(experiment.cells), -SECONDS_PER_REPORT
    jobs.tell({"place": 0, "trained": None, "losses": [], "fraction": 0.0, "what": "reading the data"})
    dataset = data.load(experiment.data)
    for place, cell in enumerate(experiment.cells):
        losses: tuple[float, ...] = ()
        trained = known(experiment, cell)
        if trained is None:
            for step in steps(experiment, cell, dataset):
                trained, losses = step.trained, step.losses
                wait()
                if trained is None and time.monotonic() - told >= SECONDS_PER_REPORT:
                    told = time.monotonic()
                    share = (place + step.fraction) / count
                    jobs.tell({"place": place, "trained": None, "losses": losses, "fraction": share, "what": step.what})
            assert trained is not None, "the last step holds the network"
            keep(experiment, trained)
        jobs.tell(
            {
                "place": place,
                "trained": json.loads(trained.to_json()),
                "losses": losses,
                "fraction": (place + 1) / count,
                "what": f"{place + 1} of {count} networks are done",
            }
        )


if __name__ == "__main__":
    main()
