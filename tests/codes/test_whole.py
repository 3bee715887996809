"""Whole numbers in place of weights: the same function up to the scale of its logits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pacviz import PacvizError
from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.codes.integers.whole import whole
from pacviz.models import architecture

MODEL = "tiny-4"


def stepped(steps, bias_steps, seed=0):
    """Integers times a step a tensor; the biases' relative to the product of the steps so far."""
    rng = np.random.default_rng(seed)
    integers, matrices, scale = {}, {}, 1.0
    for number, spec in enumerate(architecture(MODEL).layers):
        matrix = np.rint(rng.normal(0, 4, (spec.rows, spec.columns)))
        width = spec.widths[0]
        matrix[0, 0], matrix[0, 1] = 7, -6
        scale *= steps[number]
        product = matrix * steps[number]
        product[:, width:] = matrix[:, width:] * bias_steps[number] * scale
        matrix[:, width:] *= bias_steps[number]
        integers[spec.name], matrices[spec.name] = matrix.astype(np.float32), product.astype(np.float32)
    return integers, matrices


def logits(matrices):
    module = architecture(MODEL).build(folded=True)
    module.load_state_dict(architecture(MODEL).state_dict(matrices))
    with torch.inference_mode():
        return module.double()(torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(1)).double())


@given(st.lists(st.integers(-9, 9), min_size=12, max_size=12))
def test_steps_that_are_powers_of_two_leave_without_a_trace(exponents):
    steps = [2.0**exponent for exponent in exponents]
    integers, matrices = stepped(steps[:6], steps[6:])
    result = whole(MODEL, matrices, 3)
    for name, expected in integers.items():
        np.testing.assert_array_equal(result[name], expected)


def test_any_step_leaves_and_only_the_scale_of_the_logits_changes():
    steps = [0.013, 1.7, 0.37, 5.1, 0.11, 0.029]
    integers, matrices = stepped(steps, [0.25, 1, 2, 1, 0.5, 4])
    result = whole(MODEL, matrices, 3)
    for name, expected in integers.items():
        np.testing.assert_array_equal(result[name], expected)
    torch.testing.assert_close(logits(result) * float(np.prod(steps)), logits(matrices), rtol=1e-4, atol=1e-5)


def test_what_is_whole_stays_as_it_is():
    integers, _ = stepped([1.0] * 6, [0.125] * 6)
    for bits in (1, 8):
        for name, matrix in whole(MODEL, integers, bits).items():
            np.testing.assert_array_equal(matrix, integers[name])


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_other_weights_are_rounded_to_as_many_integers_as_bits_allow_and_can_be_coded(bits):
    torch.manual_seed(0)
    net = architecture(MODEL)
    matrices = net.matrices(net.build().state_dict())
    network = compress(MODEL, matrices, 0.2, bits, "global")
    most = max(1, 2 ** (bits - 1) - 1)
    for spec in net.layers:
        weights = network.matrices[spec.name][:, : spec.widths[0]]
        assert (weights == np.rint(weights)).all()
        assert 0 < np.abs(weights).max() <= most
    decoded, _ = decode(encode(network).data)
    for name, matrix in network.matrices.items():
        np.testing.assert_array_equal(decoded.matrices[name], matrix)


def test_more_bits_come_closer_to_the_function():
    torch.manual_seed(0)
    net = architecture(MODEL)
    matrices = net.matrices(net.build().state_dict())
    expected = logits(matrices).flatten()
    alike = [
        float(torch.cosine_similarity(logits(whole(MODEL, matrices, bits)).flatten(), expected, dim=0))
        for bits in (2, 4, 8)
    ]
    assert alike == sorted(alike)
    assert alike[-1] > 0.999


def test_nothing_at_all_stays_nothing():
    nothing = {spec.name: np.zeros((spec.rows, spec.columns), np.float32) for spec in architecture(MODEL).layers}
    for matrix in whole(MODEL, nothing, 3).values():
        assert not matrix.any()


def test_sums_of_layers_are_refused():
    net = architecture("resnet8")
    with pytest.raises(PacvizError, match="adds what its layers compute"):
        whole("resnet8", net.matrices(net.build().state_dict()), 3)
