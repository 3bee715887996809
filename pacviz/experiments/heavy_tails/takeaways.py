"""What "Heavy tails" shows, in sentences that are computed from what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from pacviz.experiments.heavy_tails.results import Correlation, Recording, Spread, prunable
from pacviz.experiments.heavy_tails.settings import CONVERGED, DIVERGED, KEPT, LAYERS, WAYS
from pacviz.figures.style import VACUOUS
from pacviz.words import at_most
from pacviz.words.takeaways import shape

ALPHA = 0.05
"""Tail indices that differ by less are the same to a reader: what seeds do."""
SHARE = 0.02
"""Shares that differ by less are the same to a reader."""
GAUSSIAN_SHARE = 0.2653
"""The share of independent Gaussian numbers that may go at a relative error of 0.1 (docs/mathematics.md section 8)."""


def ratio_text(ratio: float) -> str:
    return f"{ratio:.2g}"


def tails_title(layer: str, alphas: Mapping[float, Spread]) -> str:
    """How the tail index of a layer goes with the ratio."""
    if len(alphas) < 2:
        return f"Tail index of {layer} by η/b"
    means = [spread.mean for spread in alphas.values()]
    first, last = means[0], means[-1]
    # A dip on the way is no trend where the ends are alike.
    kind = shape(means, ALPHA) if abs(last - first) > ALPHA or max(means) - min(means) <= ALPHA else "mixed"
    said = {
        "falling": f"The larger η/b, the heavier the tails of {layer}: α {first:.2f} to {last:.2f}",
        "rising": f"The larger η/b, the lighter the tails of {layer}: α {first:.2f} to {last:.2f}",
        "flat": f"η/b hardly moves the tail index of {layer}: α {min(means):.2f} to {max(means):.2f}",
    }
    return said.get(
        kind, f"The tail index of {layer} goes up and down with η/b: α {min(means):.2f} to {max(means):.2f}"
    )


def distribution_title(layer: str, largest: float, gaussian: float) -> str:
    """How far the largest weight is out.  largest, gaussian: in standard deviations."""
    if largest > 1.25 * gaussian:
        return f"Largest weight of {layer}: {largest:.1f} deviations; a Gaussian's: {gaussian:.1f}"
    if largest < gaussian / 1.25:
        return f"Largest weight of {layer}: {largest:.1f} deviations, less than a Gaussian's {gaussian:.1f}"
    return f"Largest weight of {layer}: {largest:.1f} deviations, about as a Gaussian's ({gaussian:.1f})"


def error_title(layer: str, way: str, shares: Sequence[tuple[float, float]]) -> str:
    """How much of a layer may go at a relative error of 0.1.  shares: (ratio, share) ascending."""
    name = WAYS[way].title
    if len(shares) < 2:
        return f"Relative error of {layer}, pruned by {name}"
    (low, first), (high, last) = shares[0], shares[-1]
    if max(first, last) < SHARE:
        return f"By {name}, hardly anything of {layer} can go at an error of 10 %"
    return (
        f"At an error of 10 %, {first:.0%} of {layer} may go at η/b = {ratio_text(low)}, "
        f"{last:.0%} at {ratio_text(high)}"
    )


def accuracy_title(way: str, kept: float, accuracies: Sequence[tuple[float, float]]) -> str:
    """What is left of the accuracy.  accuracies: (ratio, accuracy) ascending."""
    if len(accuracies) < 2:
        return f"Accuracy on fresh images, pruned by {WAYS[way].title}"
    (low, first), (high, last) = accuracies[0], accuracies[-1]
    return f"{kept:.0%} kept: accuracy {first:.0%} at η/b = {ratio_text(low)}, {last:.0%} at {ratio_text(high)}"


def bound_title(bounds: Mapping[float, Spread]) -> str:
    """At which ratio the certificate is best."""
    if not bounds:
        return "No certificate is recorded here"
    best = min(bounds, key=lambda ratio: bounds[ratio].mean)
    value = bounds[best].mean
    if value >= VACUOUS:
        return f"Vacuous at every η/b; smallest at {ratio_text(best)}: {at_most(value, 1)}"
    place = "the largest that was run" if best == max(bounds) else "not the largest that was run"
    return f"The bound is smallest at η/b = {ratio_text(best)}, {place}: {at_most(value, 1)}"


def dependence_title(layer: str, measured: Sequence[float], independent: Sequence[float]) -> str:
    """Whether entries of a layer depend on each other more than chance does.  Both by width."""
    if not measured:
        return f"How dependent the weights of {layer} are"
    excess = fmean(one - other for one, other in zip(measured, independent, strict=True))
    times = fmean(one / other for one, other in zip(measured, independent, strict=True))
    if excess < 0.01:
        return f"Weights of {layer}: correlated as chance would have them"
    return f"Weights of {layer}: correlated {times:.1f} times as much as by chance"


def explanation(recording: Recording) -> str:
    """What all networks of the recording say of the paper's chain: larger ratio, heavier tails, more prunable, smaller bound."""
    parts = [
        _related("α", recording.correlation(lambda one: one.alpha), falls=True),
        _related("what may go", recording.correlation(lambda one: prunable(one, LAYERS)), falls=False),
        _related("the bound", recording.correlation(recording.bound), falls=True),
    ]
    known = [part for part in parts if part]
    if not known:
        return "Too few networks have converged to say how tails go with η/b."
    count = sum(one.how == CONVERGED for one in recording.networks)
    return f"Over {count} networks that converged, rank correlation with η/b: {'; '.join(known)}."


def _related(name: str, found: Correlation | None, falls: bool) -> str:
    if found is None:
        return ""
    low, high = found.interval
    clear = high < 0 if falls else low > 0
    against = low > 0 if falls else high < 0
    verdict = "as the theory says" if clear else "against the theory" if against else "undecided"
    return f"{name} {found.value:+.2f} ({low:+.2f} to {high:+.2f}), {verdict}"


def state(recording: Recording) -> str:
    """What was run, and how many ended how."""
    counts = {how: sum(one.how == how for one in recording.networks) for how in (CONVERGED, "unfinished", DIVERGED)}
    told = ", ".join(f"{count} {how}" for how, count in counts.items() if count)
    missing = len(recording.experiment.cells) - len(recording.networks)
    return f"{recording.experiment.title}; {told}" + (f", {missing} missing" if missing else "")


__all__ = [
    "GAUSSIAN_SHARE",
    "KEPT",
    "accuracy_title",
    "bound_title",
    "dependence_title",
    "distribution_title",
    "error_title",
    "explanation",
    "ratio_text",
    "state",
    "tails_title",
]
