"""Numbers of any kind are turned into Python's at the door, so that no bound is rounded in a lower precision."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from pacviz.bounds import BOUNDS, binary_kl, catoni_fixed, entropy_floor, kl_inverse, largest_kl, seeger, vacuous
from pacviz.errors import PacvizError

RISKS = (
    np.float16(0.0201),
    np.float32(0.0201),
    np.array([0.0201], np.float32),
    torch.tensor(0.0201),
    torch.tensor(0.0201, dtype=torch.float16),
    torch.tensor(0.0201, dtype=torch.bfloat16),
    Fraction(201, 10_000),
    Decimal("0.0201"),
)


@pytest.mark.parametrize("risk", RISKS, ids=lambda risk: f"{type(risk).__name__} {getattr(risk, 'dtype', '')}")
@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_is_that_of_the_float_whatever_the_number_came_as(name, risk):
    plain = float(risk.item() if isinstance(risk, np.ndarray) else risk)
    result = BOUNDS[name].function(risk, torch.tensor(1000.0), torch.tensor(60_000), np.float64(0.05))
    assert type(result) is float
    assert result == BOUNDS[name].function(plain, 1000.0, 60_000, 0.05)


def test_the_other_formulas_take_any_numbers_too():
    low, high = torch.tensor(0.125, dtype=torch.float16), np.float32(0.5)
    assert binary_kl(low, high) == binary_kl(0.125, 0.5)
    assert kl_inverse(low, high) == kl_inverse(0.125, 0.5)
    assert largest_kl(low, high, np.int64(100), np.float32(0.5)) == largest_kl(0.125, 0.5, 100, 0.5)
    assert catoni_fixed(low, np.float16(8), np.int32(64), high, np.int8(64)) == catoni_fixed(0.125, 8, 64, 0.5, 64)
    assert entropy_floor(low, high, np.int16(64)) == entropy_floor(0.125, 0.5, 64)
    assert vacuous(torch.tensor(0.9, dtype=torch.float64), np.int64(10)) is True


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("n", (0.02, 1000, 10**309, 0.05)),
        ("n", (0.02, 1000, 10**5_000, 0.05)),
        ("n", (0.02, 1000, 59_999.99997, 0.05)),
        ("n", (0.02, 1000, "60000", 0.05)),
        ("kl", (0.02, 10**309, 60_000, 0.05)),
        ("kl", (0.02, np.float16(np.inf), 60_000, 0.05)),
        ("risk", (torch.tensor([0.1, 0.2]), 1000, 60_000, 0.05)),
        ("risk", (np.array([]), 1000, 60_000, 0.05)),
        ("risk", (1j, 1000, 60_000, 0.05)),
        ("risk", (torch.tensor(float("nan")), 1000, 60_000, 0.05)),
        ("delta", (0.02, 1000, 60_000, None)),
        ("delta", (0.02, 1000, 60_000, torch.tensor(1e-8, dtype=torch.float16))),
    ],
)
def test_what_is_no_number_in_range_is_refused_in_one_sentence(name, arguments):
    with pytest.raises(PacvizError, match=rf"^{name} is .*which is not allowed; give .*\.$") as refusal:
        seeger(*arguments)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200
