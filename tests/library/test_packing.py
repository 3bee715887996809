"""What is mostly zero takes little room, and comes back as it was."""

import numpy as np
import pytest
from safetensors.numpy import save

from pacviz.library.packing import packed, unpacked


def test_arrays_come_back_as_they_were_and_sparse_ones_are_small():
    dense, sparse = np.random.default_rng(0).normal(size=(20, 30)), np.zeros((50, 4, 5, 5), np.float32)
    sparse[3, 1, 2, 4], sparse[49, 3, 4, 4] = 1.5, -2.0
    state = {"a.weight": dense, "b.weight": sparse, "empty.bias": np.zeros(7)}
    stored = packed(state)
    assert len(save({"b.weight": sparse})) > 20_000 > 1000 > len(save(packed({"b.weight": sparse})))
    back = unpacked(stored)
    assert back.keys() == state.keys()
    assert all(np.array_equal(back[key], state[key]) and back[key].dtype == state[key].dtype for key in state)


def test_parts_that_do_not_fit_are_refused():
    stored = packed({"b.weight": np.eye(10)})
    for broken in (
        {key: array for key, array in stored.items() if not key.endswith(".values")},
        {**stored, "b.weight.places": stored["b.weight.places"] + 95},
        {**stored, "b.weight.values": stored["b.weight.values"][:-1]},
    ):
        with pytest.raises(ValueError, match=r"b\.weight is not whole"):
            unpacked(broken)
