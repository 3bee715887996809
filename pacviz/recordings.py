"""The first screens, measured in advance: what the app shows at once, without data and without waiting."""

from __future__ import annotations

import gzip
import json

from pacviz import store
from pacviz.checkpoints import shipped
from pacviz.measurement import Progress, key, measure
from pacviz.scenario import Scenario
from pacviz.sweep import AXES, scenarios


def recorded_scenarios() -> list[Scenario]:
    """The default point of every shipped checkpoint and the curves through it, each scenario once."""
    starts = [Scenario(model=model, data=data, checkpoint=name) for model, data, name in shipped()]
    return list(dict.fromkeys(point for start in starts for axis in AXES for point in scenarios(start, axis)))


def record(progress: Progress) -> str:
    """Measures every recorded scenario on all its data and writes assets/recordings.json.gz; returns the path."""
    wanted = recorded_scenarios()
    results = {}
    for index, scenario in enumerate(wanted):
        progress(index / len(wanted), f"recording {index + 1} of {len(wanted)}")
        results[key(scenario, preview=False)] = measure(scenario).to_json()
    packed = gzip.compress(json.dumps(results, sort_keys=True).encode(), mtime=0)
    store.write_atomic(store.RECORDINGS, lambda path: path.write_bytes(packed))
    return str(store.RECORDINGS)
