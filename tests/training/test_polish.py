"""One more or one less: every move that is kept makes the certificate tighter."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from pacviz.bounds import occam
from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.training.fit import error_rate
from pacviz.training.parametrisations import polish as polishing
from pacviz.training.parametrisations.polish import DELTA, geometric_bits, polish
from pacviz.training.recipe import Training
from pacviz.training.train import train

pytestmark = pytest.mark.trained

NET = architecture("edges-4")


@pytest.fixture(scope="module")
def small():
    return Dataset("digits", "Procedural digits", digits.sample(1500, seed=41), digits.sample(300, seed=42), 10)


@pytest.fixture(scope="module")
def whole(small):
    plain = train(Training(model="edges-4", name="plain", epochs=3, batch_size=64, learning_rate=0.02), small)
    recipe = Training.of("integers", model="edges-4", name="whole", epochs=4, batch_size=64, learning_rate=0.01)
    return train(recipe, small, start=plain)


@pytest.fixture(scope="module")
def polished(small, whole):
    seen = []
    state = polish(
        NET, NET.state_dict(whole.matrices), small.train, 2, lambda sweep, state: seen.append((sweep, state()))
    )
    return state, seen


def bound(state, split):
    """Occam's, with the same stand-in for the code, from the whole network and sample."""
    bits = 0.0
    for key, weights in state.items():
        values = weights.numpy().ravel()
        if key.endswith("bias") and values.any():
            unit = min(
                2.0**e
                for e in range(-30, 20)
                if (np.ldexp(values, -e) != np.rint(np.ldexp(values, -e - 1)) * 2).any()
                and (np.ldexp(values, -e) == np.rint(np.ldexp(values, -e))).all()
            )
            values = values / unit
        bits += geometric_bits(float(np.abs(values).mean()), len(values))
    return occam(error_rate(NET, state, split), bits * math.log(2), len(split), DELTA)


def test_the_bound_falls_with_every_move_and_never_rises_over_all(small, whole, polished):
    """Over all it may stay as it was: a sweep watches the doubtful answers only, and is taken back where the others undo it."""
    state, seen = polished
    assert len(seen) > 5
    for sweep in {one.sweep for one, _ in seen}:
        bounds = [one.bound for one, _ in seen if one.sweep == sweep]
        assert bounds == sorted(bounds, reverse=True)
    assert bound(state, small.train) <= bound(NET.state_dict(whole.matrices), small.train)


def test_where_every_answer_is_watched_the_bound_falls_to_what_is_reported(small, whole, monkeypatch):
    """Measured over 12 seeds: 21 moves or more, and a bound that falls by 0.0070 or more."""
    monkeypatch.setattr(polishing, "DOUBTFUL", 1.0)
    few = replace(small.train, images=small.train.images[:300], labels=small.train.labels[:300])
    moves, before = [], NET.state_dict(whole.matrices)
    after = bound(polish(NET, before, few, 1, lambda move, state: moves.append(move)), few)
    assert after == pytest.approx(moves[-1].bound)
    assert len(moves) > 5
    assert after < bound(before, few) - 0.001


def test_what_is_reported_is_what_the_network_does(small, polished):
    result, state = polished[1][0]
    assert result.error == pytest.approx(error_rate(NET, state, small.train), abs=2 / 1500)


def test_weights_stay_integers_and_biases_on_a_grid(polished):
    for key, weights in polished[0].items():
        values = weights.numpy()
        if key.endswith("weight"):
            assert np.array_equal(values, np.rint(values))
        else:
            mantissas, _ = np.frexp(values)
            assert np.array_equal(mantissas * 2**8, np.rint(mantissas * 2**8))


def test_the_same_network_comes_out_every_time(small, whole, polished):
    again = polish(NET, NET.state_dict(whole.matrices), small.train, 2)
    assert all(torch.equal(again[key], weights) for key, weights in polished[0].items())


def test_it_is_a_training_like_others(small, whole):
    steps = []
    recipe = Training.of("polish", model="edges-4", name="polished", start="whole", epochs=1)
    checkpoint = train(recipe, small, steps.append, start=whole)
    before, after = (bound(NET.state_dict(one.matrices), small.train) for one in (whole, checkpoint))
    assert after <= before
    assert steps[-1].steps == NET.parameters
    assert [step.step for step in steps] == sorted(step.step for step in steps)


def test_a_network_that_is_not_coded_as_integers_is_refused():
    with pytest.raises(PacvizError, match="'tiny' is not coded as integers, so that method 'polish' cannot train it"):
        Training.of("polish", model="tiny", name="polished", start="whole")


@pytest.mark.parametrize("mean", [0.05, 0.7, 4.0])
def test_the_stand_in_is_the_best_geometric_law(mean):
    def bits(g):
        return -(math.log2((1 - g) / (1 + g)) + mean * math.log2(g))

    best = minimize_scalar(bits, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-10}).fun
    assert geometric_bits(mean, 10) == pytest.approx(10 * best, rel=1e-8)
    assert geometric_bits(0.0, 10) == 0
