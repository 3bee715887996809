"""What a kind of posterior promises."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import torch

from pacviz.checks.contract import example, images, require, same_weights, small
from pacviz.posteriors.posterior import POSTERIORS, Posterior, kind_of
from pacviz.risk import answers
from pacviz.scenario import Scenario

_NETWORKS = 60
_DEVIATIONS = 6


def check_posterior(kind: type[Posterior], scenario: Scenario) -> None:
    """A posterior is found by its scenario; its bytes decode to its network and its charges are a divergence; what a file
    tells rebuilds it; the same draws come for the same seed; and its risk is the mean error of the networks that are drawn.

    scenario: one that asks for this kind; its model is replaced by a small one.
    """
    name = kind.name
    require(POSTERIORS.get(name) is kind, f"{name} is not registered: decorate it with `register`.")
    require(kind_of(scenario) is kind, f"{name} says that it suits this scenario, which another kind gets before it.")
    with small("codebook") as network:
        centre = example(network, 0)
        posterior = kind.around(centre, scenario)
        coded = posterior.coded
        require(same_weights(posterior.decoded, centre), f"The bytes of {name} decode to another network.")
        require(
            math.isfinite(coded.ledger.bits) and coded.ledger.bits >= 0, f"K of {name} is {coded.ledger.nats} nats."
        )
        told = json.loads(json.dumps(posterior.to_dict()))
        again = kind.from_dict(centre, told)
        require(
            again.to_dict() == posterior.to_dict() and again.coded == coded,
            f"{name} is not rebuilt from what it tells.",
        )
        split = images(200)
        # What the network in the middle answers counts as right, so that noise shows.
        split = dataclasses.replace(split, labels=answers(centre, split))
        one, other = (posterior.risk(split, 0.01, 3) for _ in range(2))
        require(one == other, f"{name} measures another risk each time, for the same seed.")
        require(0 <= one.lower <= one.mean <= one.upper <= 1, f"The interval of {name} does not hold its own mean.")
        counted = kind.counted(one.errors, one.borderline, one.draws, one.failure, 3)
        require(counted == dataclasses.replace(one, elsewhere=None), f"{name} counts otherwise than it measures.")
        preview = posterior.preview(split, 0.01, 3, draws=50)
        require(preview.draws == 50 and preview.method != "exact", f"A preview of {name} is no estimate of 50 draws.")
        errors = []
        module = network.build(folded=True)
        random = np.random.default_rng(0)
        for _ in range(_NETWORKS):
            weights = posterior.sample(random)
            require(
                all(weights[key].shape == matrix.shape for key, matrix in centre.matrices.items()),
                f"A network drawn from {name} has other shapes.",
            )
            module.load_state_dict(network.state_dict(weights))
            with torch.inference_mode():
                errors.append(float((module(split.pixels()).argmax(1) != split.labels).float().mean()))
        if kind.deterministic:
            require(len(set(errors)) == 1 and one.method == "exact", f"{name} is a single network that is not counted.")
        spread = math.sqrt(np.var(errors) / _NETWORKS + (0 if kind.deterministic else 0.25 / one.draws)) + 0.01
        require(
            abs(float(np.mean(errors)) - one.mean) <= _DEVIATIONS * spread,
            f"The risk of {name} is {one.mean:.3f}, but networks drawn from it err {np.mean(errors):.3f} of the time.",
        )
