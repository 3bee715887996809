"""How a (stochastic) network's 0-1 error is measured, and how surely (MATH.md section 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from pacviz.compression.network import CompressedNetwork
from pacviz.data.dataset import Split
from pacviz.errors import PacvizError
from pacviz.risk.evaluate import Progress, count, draw_examples
from pacviz.risk.interval import RiskEstimate, lower_limit, upper_limit


def count_errors(
    network: CompressedNetwork, split: Split, progress: Progress | None = None, examples: Tensor | None = None
) -> int:
    """Number of misclassified examples; equal logits go to the lowest label.

    examples: int64 (m,), the ones to look at, repetitions counted; all of the split where None.
    """
    return count(network, split, examples, progress=progress)


def count_stochastic_errors(
    network: CompressedNetwork,
    posterior_stds: Mapping[str, float],
    split: Split,
    draws: int,
    seed: int,
    progress: Progress | None = None,
) -> int:
    """Number of errors in `draws` independent draws of an example (with replacement) and of fresh weights for it.

    posterior_stds: by layer, the standard deviation of the normal noise on each nonzero weight and bias; layers that
    are left out have none.  The same seed gives the same count on one machine.
    Raises PacvizError for draws < 1, a negative or infinite std, and an unknown layer.
    """
    _check_draws(draws)
    for name, std in posterior_stds.items():
        if name not in network.matrices:
            raise PacvizError(
                f"posterior_stds names the layer {name!r}, but {network.model} has {', '.join(network.matrices)}."
            )
        if not 0 <= std < math.inf:
            raise PacvizError(f"The noise of {name} must be a finite standard deviation of at least 0, got {std}.")
    noisy = {name: float(std) for name, std in posterior_stds.items() if std > 0}
    return count(network, split, draw_examples(len(split), draws, seed), noisy, seed, progress)


def exact_risk(network: CompressedNetwork, split: Split, progress: Progress | None = None) -> RiskEstimate:
    """The error of the network without noise, on every example once."""
    return RiskEstimate("exact", count_errors(network, split, progress), len(split), 0.0, None)


def sampled_risk(
    network: CompressedNetwork, split: Split, draws: int, failure: float, seed: int, progress: Progress | None = None
) -> RiskEstimate:
    """The error of the network without noise, from `draws` examples drawn with replacement: quicker and as valid, but looser."""
    return stochastic_risk(network, {}, split, draws, failure, seed, progress)


def stochastic_risk(
    network: CompressedNetwork,
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
    _check_draws(draws)
    if not 0 < failure < 1:
        raise PacvizError(f"failure must lie strictly between 0 and 1, got {failure}; 0.01 is a usual choice.")
    return RiskEstimate(
        "clopper-pearson",
        count_stochastic_errors(network, posterior_stds, split, draws, seed, progress),
        draws,
        failure,
        seed,
    )


def _check_draws(draws: int) -> None:
    if draws < 1:
        raise PacvizError(f"draws must be at least 1, got {draws}; ask for more draws.")
