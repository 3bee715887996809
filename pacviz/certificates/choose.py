"""Choosing by the bound: which checkpoint, density and codebook, and how much noise on each layer.

All of it is free.  The bound holds for every network that the code can describe and every noise around it at once, so
the best of many may be taken after looking at their bounds.  What is not free is an estimate that was looked at: where an
error is estimated from draws, the lowest of many estimates is too low.  Noise is therefore chosen by draws that all noises
share, and what is found with them is called a preview; `certify` then measures the one that was chosen with its own draws,
which nobody has looked at.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import pandas as pd

from pacviz import data
from pacviz.bounds import BOUNDS
from pacviz.certificates import budget
from pacviz.certificates.certificate import certify
from pacviz.certificates.measure import Source, bound, network_of
from pacviz.codes.code import code_of
from pacviz.codes.coder import decode, encode, encode_prior
from pacviz.codes.network import CompressedNetwork, Network
from pacviz.data import Dataset
from pacviz.library.checkpoints import Checkpoint
from pacviz.posteriors.gaussian import Gaussian, layer_kl, looked_at
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate, stochastic_risk, upper_limit
from pacviz.scenario import EVEN, Scenario
from pacviz.settings import settings
from pacviz.training.recipe import METHODS
from pacviz.words import at_most

DRAWS = 10_000
"""Draws of an example and fresh weights behind an estimate while noise is chosen."""
SCALES = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.14, 0.2)
"""Noise scales that are tried."""
MULTIPLIERS = (0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
"""A layer's multipliers of the noise scale that are tried: a factor of about √2 apart."""
ROUNDS = 3
"""How often the search goes over all layers, at most."""
USUAL_TRIALS = 50
"""About as many noises are tried in a search: for its progress."""
CODEBOOK_BITS = (1, 2, 3, 4)
PLAIN_SPARSITIES = (0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99)
"""What a checkpoint is pruned to that was not trained to be sparse."""
DEEPER = (1.0, 0.75)
"""What a checkpoint is pruned to that was: these shares of its own density."""
_A_FEW = 2e-5
_SEARCH = 25


@dataclass(frozen=True)
class Option:
    """A scenario that could be certified, and what is known of it.

    train_error: share of errors, of all examples or (preview) of DRAWS draws.  effective_bytes: K.  bound: what its
    certificate says or, of a preview, would say if its own draws erred as often.
    """

    scenario: Scenario
    train_error: float
    effective_bytes: float
    nonzeros: int
    bound: float
    preview: bool


def own_sparsity(checkpoint: Checkpoint) -> float:
    """The sparsity, on the slider's grid, at which a checkpoint keeps what its training left.

    That may be a few weights more than the density that it was trained for: those do not count.
    """
    limits = settings(Scenario)["sparsity"]
    steps = math.floor((1 - checkpoint.density + _A_FEW) / limits.step)
    return min(round(steps * limits.step, 6), limits.high)


def compressions(
    checkpoint: Checkpoint,
    base: Scenario,
    sparsities: Sequence[float] = (),
    bits: Sequence[int] = CODEBOOK_BITS,
) -> list[Scenario]:
    """The scenarios without noise that a checkpoint is worth trying at; all else as in `base`.

    sparsities: where there are none, the checkpoint's own and sparser ones.  A checkpoint whose weights share the entries of a
    codebook already keeps them.
    """
    own = own_sparsity(checkpoint)
    if not sparsities:
        sparse = {own} | {min(1 - share * (1 - own), settings(Scenario)["sparsity"].high) for share in DEEPER}
        sparsities = sorted(sparse) if own > 0 else PLAIN_SPARSITIES
    method = METHODS.get(str(checkpoint.training.get("method")))
    if method is not None and method.quantizes:
        bits = (checkpoint.training["bits"],)
        sparsities = [own] if own > 0 else sparsities
    start = base.but(model=checkpoint.model, data=checkpoint.data, checkpoint=checkpoint.name, noise=0.0, spread=EVEN)
    return [start.but(sparsity=round(sparsity, 6), bits=count) for sparsity in sparsities for count in bits]


def choose(
    points: Sequence[tuple[Checkpoint, Scenario]], progress: Progress | None = None
) -> list[tuple[Checkpoint, Option]]:
    """Every point with its bound, and the best of each codebook size under the noise that suits it, best bound first.

    points: scenarios without noise, each with the weights that it compresses.  Certify the first with its own draws:
    `certify(option.scenario, weights=checkpoint)`.  Raises PacvizError where data are missing.
    """
    report = progress or (lambda fraction, what: None)
    sizes = {scenario.bits for _, scenario in points if not BOUNDS[scenario.bound].deterministic_only}
    total = len(points) + _SEARCH * len(sizes)
    options: list[tuple[Checkpoint, Option]] = []
    for index, (checkpoint, scenario) in enumerate(points):

        def exact(fraction: float, what: str, index: int = index) -> None:
            report((index + fraction) / total, f"{index + 1} of {len(points)}: {what}")

        options.append((checkpoint, _without_noise(scenario, checkpoint, exact)))
    for index, bits in enumerate(sorted(sizes)):

        def search(fraction: float, what: str, index: int = index) -> None:
            report((len(points) + _SEARCH * (index + fraction)) / total, what)

        best = min((row for row in options if row[1].scenario.bits == bits), key=_by_bound)
        option = choose_noise(best[1].scenario, best[0], search)
        if option.scenario.noise > 0:
            options.append((best[0], option))
    return sorted(options, key=_by_bound)


def _by_bound(row: tuple[Checkpoint, Option]) -> float:
    return row[1].bound


def table(options: Sequence[Option]) -> pd.DataFrame:
    """A row an option, with numbers as a person reads them."""
    rows = [
        (
            option.scenario.checkpoint,
            f"{option.scenario.sparsity:.2%}",
            option.scenario.bits,
            f"{option.scenario.noise:g}",
            option.scenario.spread,
            f"{option.nonzeros:,}",
            f"{option.train_error:.3%}",
            f"{option.effective_bytes:,.0f}",
            at_most(option.bound),
            "preview" if option.preview else "exact",
        )
        for option in options
    ]
    columns = [
        "checkpoint",
        "sparsity",
        "bits",
        "noise",
        "spread",
        "nonzeros",
        "train_error",
        "bytes",
        "bound",
        "measured",
    ]
    return pd.DataFrame(rows, columns=columns)


def choose_noise(scenario: Scenario, weights: Source | None = None, progress: Progress | None = None) -> Option:
    """The noise scale and its spread over the layers with the smallest bound, or no noise where that is better.

    The best even noise first, then one layer at a time up or down its MULTIPLIERS while that helps, and the scale again;
    never worse than even noise by its own estimates.  Deterministic.  They come from DRAWS draws, the same for
    all noises and none of those that certify: measure the result by `certify`.  weights: as for `network_of`.
    Raises PacvizError where checkpoint or data are missing.
    """
    report = progress or (lambda fraction, what: None)
    plain = _without_noise(scenario.but(noise=0.0, spread=EVEN), weights, None)
    if BOUNDS[scenario.bound].deterministic_only:
        return plain
    network = network_of(scenario, weights).layered
    if network is None or not code_of(network.model).takes_noise:
        return plain
    trials = _Noises(network, scenario, data.load(scenario.data))
    tried = 0

    @cache
    def trial(place: tuple[int, ...]) -> Option:
        nonlocal tried
        tried += 1
        report(min(tried / USUAL_TRIALS, 1.0), f"choosing noise for {scenario.checkpoint} at {scenario.bits} bits")
        scale, *multipliers = (values[index] for values, index in zip(axes, place, strict=True))
        return trials.option(scenario.but(noise=scale, spread="-".join(f"{each:g}" for each in multipliers)))

    axes = (SCALES, *(MULTIPLIERS,) * len(trials.network.layers))
    even = (MULTIPLIERS.index(1.0),) * len(trials.network.layers)
    start = min(((scale, *even) for scale in range(len(SCALES))), key=lambda place: trial(place).bound)
    best = _descend(start, [len(values) for values in axes], lambda place: trial(place).bound)
    return min(plain, trial(best), key=lambda option: option.bound)


def _descend(start: tuple[int, ...], sizes: Sequence[int], cost: Callable[[tuple[int, ...]], float]) -> tuple[int, ...]:
    """Coordinate descent on a grid: one axis after the other, by single steps while they help, at most ROUNDS times.

    start: an index on each axis.  sizes: how many there are.  The result never costs more than the start.
    """
    place = start
    for _ in range(ROUNDS):
        before = place
        for axis, size in enumerate(sizes):
            for step in (1, -1):
                while 0 <= (index := place[axis] + step) < size:
                    neighbour = (*place[:axis], index, *place[axis + 1 :])
                    if cost(neighbour) >= cost(place):
                        break
                    place = neighbour
        if place == before:
            break
    return place


def _without_noise(scenario: Scenario, weights: Source | None, progress: Progress | None) -> Option:
    certificate = certify(scenario, progress=progress, weights=weights)
    return Option(
        scenario,
        certificate.risk.mean,
        certificate.effective_bytes,
        certificate.measurement.nonzeros,
        certificate.bound,
        False,
    )


@dataclass(frozen=True, eq=False)
class _Noises:
    """One network under many noises, with what they share."""

    network: CompressedNetwork
    scenario: Scenario
    dataset: Dataset

    @cached_property
    def _prior_nats(self) -> float:
        """Positions, codebooks, cluster weights and prior scales cost the same under every noise."""
        return encode_prior(self.network, {layer.name: 0 for layer in self.network.layers}).ledger.nats

    @cached_property
    def _decoded(self) -> Network:
        """What is measured: the noise is around what the bytes decode to, which are the same for all of them."""
        return decode(encode(self.network).data, self.network.model)[0]

    @cached_property
    def _layer_nats(self) -> Callable[[int, float], float]:
        return cache(lambda index, std: layer_kl(self.network.layers[index], std)[1])

    def option(self, scenario: Scenario) -> Option:
        """What DRAWS draws, the same for every noise, say of a scenario of this network."""
        stds = Gaussian.around(self.network, scenario).stds
        nats = self._prior_nats + sum(self._layer_nats(index, std) for index, std in enumerate(stds.values()))
        low, high = scenario.input_low, scenario.input_high
        split = dataclasses.replace(self.dataset.train, low=low, high=high)
        risk = stochastic_risk(self._decoded, stds, split, DRAWS, budget.RISK, looked_at(self.scenario.seed))
        return Option(
            scenario,
            risk.mean,
            nats / math.log(2) / 8,
            self.network.nonzeros,
            _expected_bound(scenario, risk, nats, len(split)),
            True,
        )


def _expected_bound(scenario: Scenario, risk: RiskEstimate, nats: float, n: int) -> float:
    """The bound of a certificate whose own n draws err as often as those behind `risk`."""
    failure = budget.interval_share(scenario.seed, preview=False) * scenario.delta
    upper = upper_limit(round((risk.errors + risk.borderline) / risk.draws * n), n, failure)
    return bound(scenario.bound, upper, nats, n, scenario.delta, estimated=True)
