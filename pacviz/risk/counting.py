"""Errors counted: of a network on each example, and of a noisy one in independent draws."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from pacviz.codes.network import Network
from pacviz.data.dataset import Split
from pacviz.errors import PacvizError
from pacviz.risk.evaluate import Count, Progress, count, draw_examples
from pacviz.risk.interval import Elsewhere, RiskEstimate, check_draws, check_failure


def count_errors(
    network: Network, split: Split, progress: Progress | None = None, examples: Tensor | None = None
) -> int:
    """Number of misclassified examples; equal logits go to the lowest label.

    examples: int64 (m,), the ones to look at, repetitions counted; all of the split where None.
    """
    return count(network, split, examples, progress=progress).errors


def count_stochastic_errors(
    network: Network,
    posterior_stds: Mapping[str, float],
    split: Split,
    draws: int,
    seed: int,
    progress: Progress | None = None,
) -> int:
    """Number of errors in `draws` independent draws of an example (with replacement) and of fresh weights for it.

    posterior_stds: by layer, the standard deviation of the normal noise on each nonzero weight and bias; layers that
    are left out have none.  The same seed gives the same count on one machine.
    progress: told the fraction done after each batch; an exception that it raises ends the work.
    Raises PacvizError for draws < 1, a std that is negative, infinite or NaN, and an unknown layer.
    """
    return _stochastic_count(network, posterior_stds, split, draws, seed, progress).errors


def _stochastic_count(
    network: Network,
    posterior_stds: Mapping[str, float],
    split: Split,
    draws: int,
    seed: int,
    progress: Progress | None,
) -> Count:
    check_draws(draws)
    for name, std in posterior_stds.items():
        if name not in network.matrices:
            raise PacvizError(
                f"There is no layer {name!r} to add noise to; {network.model} has {', '.join(network.matrices)}."
            )
        if not 0 <= std < math.inf:
            raise PacvizError(f"The noise of {name} must be finite and at least 0, got {std}; 0 means none.")
    noisy = {name: float(std) for name, std in posterior_stds.items() if std > 0}
    return count(network, split, draw_examples(len(split), draws, seed), noisy, seed, progress)


def exact_risk(network: Network, split: Split, progress: Progress | None = None) -> RiskEstimate:
    """The error of the network without noise, on every example once."""
    counted = count(network, split, progress=progress)
    return RiskEstimate("exact", counted.errors, len(split), 0.0, None, counted.borderline, _elsewhere(counted))


def sampled_risk(
    network: Network, split: Split, draws: int, failure: float, seed: int, progress: Progress | None = None
) -> RiskEstimate:
    """The error of the network without noise, from `draws` examples drawn with replacement.

    Quicker than `exact_risk` and as valid, but looser.  failure: as in `stochastic_risk`.
    """
    return stochastic_risk(network, {}, split, draws, failure, seed, progress)


def stochastic_risk(
    network: Network,
    posterior_stds: Mapping[str, float],
    split: Split,
    draws: int,
    failure: float,
    seed: int,
    progress: Progress | None = None,
) -> RiskEstimate:
    """The expected error of the noisy network on the split, from independent draws (see `count_stochastic_errors`).

    failure: probability with which the upper limit may be too small, in (0, 1).  Raises PacvizError for bad arguments.
    """
    check_failure(failure)
    counted = _stochastic_count(network, posterior_stds, split, draws, seed, progress)
    return RiskEstimate(
        "clopper-pearson", counted.errors, draws, failure, seed, counted.borderline, _elsewhere(counted)
    )


def _elsewhere(counted: Count) -> Elsewhere:
    return Elsewhere((counted.fewest_errors, counted.most_errors), (counted.fewest_charged, counted.most_charged))
