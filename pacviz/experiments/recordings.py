"""The first screens, measured in advance: what the app shows at once, without data and without waiting."""

from __future__ import annotations

import gzip
import json

from pacviz import store
from pacviz.certificates.measure import key, measure
from pacviz.certificates.surface import AXES
from pacviz.certificates.sweep import scenarios
from pacviz.experiments.frontier import results as frontier
from pacviz.library.checkpoints import shipped
from pacviz.progress import Progress
from pacviz.scenario import Scenario


def recorded_scenarios() -> list[Scenario]:
    """Each scenario once: for every shipped model and data set the curves through the default point and the frontier."""
    there: dict[tuple[str, str], list[str]] = {}
    for model, data, name in shipped():
        there.setdefault((model, data), []).append(name)
    starts = [Scenario(model=model, data=data) for model, data in there]
    curves = [point for start in starts for axis in AXES for point in scenarios(start, axis)]
    frontiers = [
        point
        for (model, data), names in there.items()
        for bits in frontier.BITS
        for point in frontier.scenarios(model, data, bits, names)
    ]
    return list(dict.fromkeys(curves + frontiers))


def record_screens(progress: Progress) -> str:
    """Measures every recorded scenario on all its data and writes assets/recordings.json.gz; returns the path."""
    wanted = recorded_scenarios()
    results = {}
    for index, scenario in enumerate(wanted):
        progress(index / len(wanted), f"recording {index + 1} of {len(wanted)}")
        results[key(scenario, preview=False)] = measure(scenario).to_json()
    packed = gzip.compress(json.dumps(results, sort_keys=True).encode(), mtime=0)
    store.write_atomic(store.RECORDINGS, lambda path: path.write_bytes(packed))
    return str(store.RECORDINGS)
