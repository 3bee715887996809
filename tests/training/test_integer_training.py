"""Weights become small integers, and their code gets shorter the more it costs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.training.fit import error_rate, fit
from pacviz.training.parametrisations.integers import Integers, laplace_nats
from pacviz.training.recipe import Training
from pacviz.training.train import train

pytestmark = pytest.mark.trained

NET = architecture("tiny")
RECIPE = Training.of("integers", model="tiny", data="digits", name="whole", epochs=4, batch_size=64)


@pytest.fixture(scope="module")
def small():
    return Dataset("digits", "Procedural digits", digits.sample(4000, seed=31), digits.sample(1000, seed=32), 10)


@pytest.fixture(scope="module")
def plain(small):
    return train(Training(model="tiny", name="plain", epochs=8, batch_size=64, weight_decay=0.0), small)


@pytest.fixture(scope="module")
def cheap(small, plain):
    return train(replace(RECIPE, price=0.2), small, start=plain)


def test_the_code_length_is_that_of_a_rounded_laplace_law():
    scale = torch.tensor(1.7)
    edges = np.arange(-60, 62) - 0.5
    cumulative = np.where(edges < 0, 0.5 * np.exp(edges / 1.7), 1 - 0.5 * np.exp(-edges / 1.7))
    result = laplace_nats(torch.arange(-60.0, 61.0), scale).double().numpy()
    assert np.exp(-result) == pytest.approx(np.diff(cumulative), rel=1e-4)
    assert np.exp(-result).sum() == pytest.approx(1, abs=1e-5)


def test_the_code_length_has_no_jump_half_a_step_from_zero():
    below, above = laplace_nats(torch.tensor([0.5 - 1e-4, 0.5 + 1e-4]), torch.tensor(0.8))
    assert float(below) == pytest.approx(float(above), abs=1e-3)


def test_every_weight_ends_as_an_integer_and_every_bias_as_one_times_a_power_of_two(cheap):
    for matrix in cheap.matrices.values():
        weights, biases = matrix[:, :-1], matrix[:, -1]
        assert np.array_equal(weights, np.rint(weights))
        assert np.abs(weights).max() <= 127
        # A power of two times an integer of 8 bits has few significant bits.
        mantissas, _ = np.frexp(biases)
        assert np.array_equal(mantissas * 2**8, np.rint(mantissas * 2**8))


def test_integers_lose_little(small, plain, cheap):
    """Measured over 11 seeds: 0.042 to 0.084 fewer errors, for they train on."""
    assert cheap.train_error <= plain.train_error + 0.02


def test_a_higher_price_leaves_a_shorter_code(small, plain, cheap):
    """Measured over 11 seeds: at most 0.441 of the entropy."""
    dear = train(replace(RECIPE, price=30.0), small, start=plain)

    def entropy(checkpoint):
        """Empirical entropy of all weights together, in bits."""
        values = np.concatenate([matrix[:, :-1].ravel() for matrix in checkpoint.matrices.values()])
        shares = np.unique(values, return_counts=True)[1] / len(values)
        return -len(values) * float(shares @ np.log2(shares))

    assert entropy(dear) < 0.8 * entropy(cheap)


def test_scaled_to_integers_it_is_the_network_that_was_trained(small, plain):
    state = {key: tensor.clone() for key, tensor in NET.state_dict(plain.matrices).items()}
    parametrised = Integers(NET, state, 5.0, 0)
    parametrised.advance(10, 10)
    trained = {key: weights.detach() for key, weights in parametrised.weights().items()}
    # Up to a near tie: scaled weights are summed with other roundings.
    result = error_rate(NET, parametrised.final(), small.test)
    assert result == pytest.approx(error_rate(NET, trained, small.test), abs=2 / 1000)


def test_stopped_and_resumed_it_ends_the_same(small, plain, tmp_path):
    recipe = replace(RECIPE, epochs=2)
    whole = fit(NET, small, recipe, plain.matrices)

    class Stop(Exception):
        pass

    def stop(step):
        if step.step >= 60:
            raise Stop

    kept = tmp_path / "kept.pt"
    with pytest.raises(Stop):
        fit(NET, small, recipe, plain.matrices, stop, kept)
    resumed = fit(NET, small, recipe, plain.matrices, None, kept)
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_a_network_with_shortcuts_is_refused():
    net = architecture("resnet8")
    state = {key: weights.detach() for key, weights in net.build(folded=True).named_parameters()}
    with pytest.raises(PacvizError, match="without residual blocks"):
        Integers(net, state, 5.0, 0)


def test_random_weights_are_no_start():
    with pytest.raises(PacvizError, match="needs trained weights"):
        Training.of("integers", model="tiny", start="scratch")
