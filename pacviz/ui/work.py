"""What a page still has to compute: it draws what is known, works, and draws again."""

from __future__ import annotations

from pacviz.certificate import Certificate, certify, known
from pacviz.measurement import Progress
from pacviz.scenario import Scenario
from pacviz.sweep import scenarios

BATCH = 5
"""Points of a curve that are computed between two drawings."""


def unfinished(scenario: Scenario, axis: str, curve: list[Certificate]) -> list[tuple[Scenario, bool]]:
    """What is missing for a page, most wanted first, as (scenario, preview).

    Without noise the exact point takes a second and comes first; with noise it takes several, and the curve comes first.
    """
    there = {certificate.scenario for certificate in curve}
    points = [(point, True) for point in scenarios(scenario, axis) if point not in there]
    present = known(scenario)
    exact = [(scenario, False)] if present is None or present.measurement.preview else []
    return points + exact if scenario.noise > 0 else exact + points


def work(jobs: list[tuple[Scenario, bool]], progress: Progress) -> None:
    """Does the first few jobs; an exact measurement is a batch of its own."""
    batch = jobs[:1] if not jobs[0][1] else [job for job in jobs[:BATCH] if job[1]]
    for index, (scenario, preview) in enumerate(batch):

        def advance(fraction: float, what: str, index: int = index) -> None:
            progress((index + fraction) / len(batch), what)

        certify(scenario, preview, advance)
