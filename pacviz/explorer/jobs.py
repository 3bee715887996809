"""What an explorer still has to measure: it shows what is known, measures, and shows again."""

from __future__ import annotations

from collections.abc import Sequence

from pacviz import data
from pacviz.certificates.certificate import known
from pacviz.certificates.measure import Source
from pacviz.explorer.view import Pin
from pacviz.scenario import Scenario

Job = tuple[Scenario, bool]
"""A scenario to be measured, and whether a preview will do."""


def unfinished(
    scenario: Scenario, curve: Sequence[Scenario], pins: Sequence[Pin], weights: Source | None = None
) -> list[Job]:
    """What is missing for a page, most wanted first.

    Without noise the exact point takes a second and comes first; with noise it takes several, and the curve comes first.
    curve: scenarios that the curves need.  weights: as for `certify`.  Data that are not here are nobody's job.
    """
    present = known(scenario, weights)
    preview = [(scenario, True)] if present is None else []
    exact = [(scenario, False)] if present is None or present.measurement.preview else []
    points = [(point, True) for point in (*curve, *(pin.scenario for pin in pins)) if known(point, weights) is None]
    jobs = preview + (points + exact if scenario.noise > 0 else exact + points)
    return [(point, preview) for point, preview in jobs if data.is_available(point.data)]
