"""Many scenarios along one setting: the curves behind a slider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from pacviz.bounds import BOUNDS
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.surface import AXES, Grid
from pacviz.errors import PacvizError
from pacviz.scenario import Scenario
from pacviz.settings import defaults


def scenarios(scenario: Scenario, axis: str) -> list[Scenario]:
    """The scenarios along one axis through a scenario, at the values of a Grid and its own, ascending, without those that
    a bound does not allow."""
    if axis not in AXES:
        raise PacvizError(f"axis must be one of {', '.join(AXES)}, got {axis!r}.")
    result = []
    for value in sorted({*getattr(Grid(), axis), scenario.to_dict()[axis]}):
        try:
            result.append(scenario.but(**{axis: value}))
        except PacvizError:
            continue
    return result


def sweep(scenario: Scenario, axis: str, preview: bool = True) -> Iterator[Certificate]:
    """The certificates along one axis through a scenario, one by one as they are measured."""
    for point in scenarios(scenario, axis):
        yield certify(point, preview)


def table(certificates: Sequence[Certificate]) -> pd.DataFrame:
    """A row a certificate: its settings, errors, sizes (bytes) and every bound; all columns even without rows."""
    rows = [
        {
            **certificate.scenario.to_dict(),
            "train_error": certificate.risk.mean,
            "train_error_upper": certificate.risk.upper,
            "test_error": certificate.test.mean,
            "code_bytes": certificate.measurement.code_bytes,
            "effective_bytes": certificate.effective_bytes,
            "chosen_bound": certificate.bound,
            **certificate.bounds,
            "preview": certificate.measurement.preview,
        }
        for certificate in certificates
    ]
    measured = ("train_error", "train_error_upper", "test_error", "code_bytes", "effective_bytes", "chosen_bound")
    return pd.DataFrame(rows, columns=[*defaults(Scenario), *measured, *BOUNDS, "preview"])
