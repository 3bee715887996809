"""What "Tightest" shows, in sentences that are computed from its points."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pacviz.bounds import BOUNDS
from pacviz.certificates.certificate import Certificate
from pacviz.experiments.tightest.mistakes import Mistakes
from pacviz.experiments.tightest.results import DELTA, Point, best
from pacviz.literature import RECORD
from pacviz.models.cost import EXAMPLES
from pacviz.words import as_printed, at_most, worst_error


def headline(points: Sequence[Point]) -> str:
    """The best certificate; where there is none, the record that is to be beaten."""
    winner = best(points)
    if winner is None:
        return f"The published record on MNIST is a bound of :green[**{as_printed(RECORD)}**]"
    return (
        f"MNIST: certified below :blue[**{at_most(winner.bound)}**] with {winner.bytes:,.0f} bytes "
        f":gray[(published: {as_printed(RECORD)})]"
    )


def why_none(points: Sequence[Point]) -> str:
    """Why none of these points is the best one."""
    claimed = "What the files here say is claimed and not verified: select one to verify it."
    if not any(point.verified for point in points):
        return claimed
    unsure = f"What was verified here holds with a δ above {DELTA:g} only, the record's: it is compared with nothing."
    return unsure if all(point.verified for point in points) else f"{unsure} The rest is claimed and not verified."


def chart_title(points: Sequence[Point], n: int = EXAMPLES, delta: float = DELTA) -> str:
    """Where the best point lies to the curve of the published record.  n, delta: of that curve."""
    winner = best(points)
    if winner is None:
        return f"The published record on MNIST is {100 * RECORD:g} %: a point below its curve would beat it"
    there = BOUNDS["seeger"].function(winner.error, 8 * winner.bytes * math.log(2), n, delta)
    place = "below" if there < RECORD else "not yet below"
    error = worst_error(winner.certificate.risk, 1)
    return f"{winner.bytes:,.0f} bytes with {error} errors: {place} the curve of the published record"


def errors_counted(certificate: Certificate) -> str:
    """How many training errors there are, or how many of the images that were drawn."""
    risk = certificate.risk
    if risk.method == "exact":
        borderline = f", and {risk.borderline:,} that rounding may turn" if risk.borderline else ""
        return f"{risk.errors:,} of {certificate.n:,} images{borderline}."
    return f"At most, from {risk.errors:,} errors on {risk.draws:,} images that were drawn."


def mistakes_title(mistakes: Mistakes, names: Sequence[str] = ()) -> str:
    """How many answers are wrong, and which labels are mixed up most."""
    if not len(mistakes):
        return f"No answer of {mistakes.total:,} is wrong"
    wrong = f"{len(mistakes):,} of {mistakes.total:,} answers {'is' if len(mistakes) == 1 else 'are'} wrong"
    label, answer, count = mistakes.confusions[0]
    told = (names[label], names[answer]) if names else (label, answer)
    if count == 1:
        return f"{wrong}; no two in the same way" if len(mistakes) > 1 else f"{wrong}: {told[0]} is taken for {told[1]}"
    return f"{wrong}; most often, {count} times, {told[0]} is taken for {told[1]}"
