"""What "Trained to compress" shows, in sentences that are computed from its points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pacviz import data
from pacviz.experiments.frontier.results import Candidate, best, percent
from pacviz.figures.style import VACUOUS
from pacviz.models import architecture
from pacviz.words import at_most, size, worst_error


def headline(model: str, dataset: str, points: Sequence[Candidate], hidden: int = 0) -> str:
    """The best certificate, or why there is none.  hidden: how many points the chosen methods leave out."""
    title, source = architecture(model).title, data.DATASETS[dataset].title
    if not points and hidden:
        return f"{title} on {source}: choose a method to see its networks"
    if not points:
        return f"No {title} on {source} has been measured here yet"
    if (bound := _smallest(points)) >= VACUOUS:
        return f"{title} on {source}: every certificate here is :red[**vacuous**]"
    return f"{title} on {source}: certified below :blue[**{at_most(bound)}**]"


def explanation(points: Sequence[Candidate], published: bool) -> str:
    """How the best certificate came about, and how the chart is read.  published: whether a published result is drawn."""
    winner = best(points)
    text = (
        f"{winner.title}: {winner.certificate.measurement.nonzeros:,} weights in "
        f"{size(winner.certificate.effective_bytes)}, training error {worst_error(winner.certificate.risk)}. "
        f"{compared(points)}Each grey line joins what gives the same certificate: further left or further down is better."
    )
    if not published:
        return text
    return (
        f"{text} The published numbers take the architecture as fixed before the data; ours would be "
        f"{at_most(winner.certificate.bound)}."
    )


def compared(points: Iterable[Candidate]) -> str:
    """What training for it brings over pruning afterwards, where both are shown."""
    after, trained = _apart(points)
    if not after or not trained:
        return ""
    return (
        f"A finished network that is pruned is certified {_below(after)}; one that was trained while its weights "
        f"went, {_below(trained)}. "
    )


def chart_title(points: Sequence[Candidate]) -> str:
    """The best certificate of each way, in a line."""
    if not points:
        return "Every measured network becomes a point here"
    after, trained = _apart(points)
    if not after or not trained:
        bound = _smallest(points)
        return "All of these are vacuous" if bound >= VACUOUS else f"The best of these is certified {_below(points)}"
    return f"Trained to compress: {_below(trained)}; pruned afterwards: {_below(after)}"


def _apart(points: Iterable[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Those that were pruned when their training was over, and those that were trained to be small."""
    after: list[Candidate] = []
    trained: list[Candidate] = []
    for point in points:
        (after if point.pruned_afterwards else trained).append(point)
    return after, trained


def _smallest(points: Iterable[Candidate]) -> float:
    return min(point.certificate.bound_with_architecture for point in points)


def _below(points: Iterable[Candidate]) -> str:
    bound = _smallest(points)
    return f"below {at_most(bound)}{'' if bound < VACUOUS else ' (vacuous)'}"


def layers_title(left: Iterable[Mapping[str, tuple[int, int]]]) -> str:
    """Of which layers the most and the least is left.  left: (weights that are left, weights) by layer, of each network."""
    shares: dict[str, list[float]] = {}
    for layers in left:
        for name, (kept, count) in layers.items():
            shares.setdefault(name, []).append(kept / count)
    if not shares:
        return "Which layers are kept"
    ordered = sorted(shares, key=lambda name: sum(shares[name]) / len(shares[name]))
    least, most = (f"{name} {_range(shares[name])}" for name in (ordered[0], ordered[-1]))
    return f"Left of {most}" if least == most else f"Left of {most}, of {least}"


def _range(shares: Sequence[float]) -> str:
    """From the smallest to the largest, in percent."""
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low.removesuffix('%')}–{high}"
