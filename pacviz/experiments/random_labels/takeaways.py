"""What the pictures of random labels show, in sentences that are computed from the runs."""

from __future__ import annotations

import math
from statistics import fmean

from pacviz.data.labels import Randomized
from pacviz.experiments.random_labels.results import Recording, mean_floor
from pacviz.words import shape

ACCURACIES = 0.01
"""Mean accuracies that differ by less are the same to a reader."""
DECADES = 0.02
"""Sizes, as powers of ten, that differ by less are the same to a reader: 5 %."""
_GOES = {
    "rising": "rises",
    "falling": "falls",
    "flat": "hardly changes",
    "dips": "falls and rises again",
    "peaks": "rises and falls again",
    "mixed": "goes up and down",
}


def pruning_title(recording: Recording, method: str) -> str:
    """Which labels pruning loses first: of the mean accuracy over all sparsities, from true labels to random ones."""
    curves = [recording.along(method, level) for level in recording.experiment.levels]
    if len(curves) < 2 or not all(curves) or len({len(curve) for curve in curves}) > 1:
        return "Training accuracy after pruning"
    means = [fmean(summary.accuracy.mean for summary in curve) for curve in curves]
    kind = shape(means, ACCURACIES)
    if kind == "falling":
        return "The more random the labels, the sooner pruning loses them"
    if kind == "rising":
        return "The more random the labels, the later pruning loses them"
    if kind == "flat":
        return "Pruning loses random labels no sooner than true ones"
    first, last = means[0], means[-1]
    word = (
        "sooner than"
        if first - last > ACCURACIES
        else "later than"
        if last - first > ACCURACIES
        else "about as soon as"
    )
    return f"Pruning loses the most random labels {word} the least random"


def pruning_caption(recording: Recording, method: str, accuracy: float) -> str:
    """From which sparsity on less than this accuracy is left, at the least and the most random level."""
    told = []
    for level in dict.fromkeys((recording.experiment.levels[0], recording.experiment.levels[-1])):
        curve = recording.along(method, level)
        lost = [summary.sparsity for summary in curve if summary.accuracy.mean < accuracy]
        kept = [summary.sparsity for summary in curve if summary.accuracy.mean >= accuracy]
        since = min((sparsity for sparsity in lost if sparsity > max(kept, default=-1)), default=None)
        if curve:
            place = "at no sparsity shown" if since is None else f"from {100 * since:g} % sparsity on"
            told.append(f"{place} with {100 * level:g} % random labels")
    where = f"Less than {100 * accuracy:g} % is known {', '.join(told)}. " if told else ""
    return f"{where}Bands span the seeds."


def code_title(recording: Recording, method: str, accuracy: float) -> str:
    """How the shortest codes that keep an accuracy lie to the random labels and to the floor."""
    kinds, above = _codes(recording, method, accuracy)
    if kinds.get("code") == "rising" and above:
        return "Memorising takes bytes, and no code gets below the floor"
    if above:
        return f"No code that knows {100 * accuracy:g} % of its labels gets below the floor"
    return f"Shortest codes that know {100 * accuracy:g} % of their labels"


def code_caption(recording: Recording, method: str, accuracy: float) -> str:
    """How both lines go."""
    kinds, _ = _codes(recording, method, accuracy)
    if not kinds:
        return f"Where two levels have a network that knows {100 * accuracy:g} % of its labels, lines join them."
    if set(kinds.values()) == {"rising"}:
        return (
            "Both lines rise: the more labels are random, the more bytes it takes to know "
            f"{100 * accuracy:g} % of them."
        )
    return f"From true labels to random ones, the code {_GOES[kinds['code']]}, and the floor {_GOES[kinds['floor']]}."


def _codes(recording: Recording, method: str, accuracy: float) -> tuple[dict[str, str], bool]:
    """The shapes of both lines over the levels, and whether every code lies above its floor."""
    shortest = recording.shortest(method, accuracy)
    above = bool(shortest) and all(judged.bytes > judged.floor_bytes for runs in shortest.values() for judged in runs)
    if len(shortest) < 2:
        return {}, above
    lines = {
        "code": [fmean(float(judged.bytes) for judged in runs) for runs in shortest.values()],
        "floor": [mean_floor(runs) for runs in shortest.values()],
    }
    return {
        name: shape([math.log10(max(size, 1.0)) for size in sizes], DECADES) for name, sizes in lines.items()
    }, above


def fits_title(recording: Recording) -> str:
    """Whether everything was learned by heart."""
    complete = [run for run in recording.runs if run.points]
    if complete and not any(run.errors for run in complete):
        return "Any labels can be learned by heart, to the last one"
    return "Fitting true labels and random ones"


def fits_caption(recording: Recording) -> str:
    """How many fits know every label."""
    complete = [run for run in recording.runs if run.points]
    whole = sum(not run.errors for run in complete)
    if complete and whole == len(complete):
        return "Every line reaches the top: no augmentation and no regularisation keeps a network from memorising."
    if not complete:
        return "A line for each network while it is fitted to its labels."
    return f"{whole} of {len(complete)} fits know every label; the others stopped before."


def images_caption(sample: Randomized) -> str:
    """What a redrawn label is, where there is one."""
    if not bool(sample.redrawn.any()):
        return "Every label is the true one: what is learned here tells something about other images."
    return "A redrawn label (bold) tells nothing about its image: it cannot be learned but by heart."
