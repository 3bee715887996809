"""A network trained in a random subspace ends at integers that pay for their code."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pacviz.codes.subspace.network import recover
from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.training.fit import error_rate, fit
from pacviz.training.recipe import Training

pytestmark = pytest.mark.trained

NET = architecture("subspace-conv")
RECIPE = Training.of("subspace", dimension=150, epochs=4, batch_size=64, price=0.5)


@pytest.fixture(scope="module")
def small():
    return Dataset("digits", "Procedural digits", digits.sample(2000, seed=31), digits.sample(500, seed=32), 10)


@pytest.fixture(scope="module")
def few(small):
    return replace(small, train=replace(small.train, images=small.train.images[:320], labels=small.train.labels[:320]))


@pytest.fixture(scope="module")
def trained(small):
    losses = []
    return fit(NET, small, RECIPE, progress=lambda step: losses.append(step.loss)), losses


def test_the_loss_falls_and_answers_get_better_than_guesses(small, trained):
    """Measured over 11 seeds: at most 0.87 of the first loss (of single batches) and 0.525 errors; guesses have 0.9."""
    state, losses = trained
    assert losses[-1] < losses[0]
    assert error_rate(NET, state, small.train) < 0.65


def test_it_ends_on_integers_of_the_subspace_that_was_asked_for(trained):
    recovered = recover(NET.name, NET.matrices(trained[0]))
    assert recovered.projection == "dense"
    assert 140 < recovered.dimension <= 150
    assert 1 < np.abs(recovered.integers).max() <= 127


def test_a_kronecker_product_will_do(few):
    recovered = recover(NET.name, NET.matrices(fit(NET, few, replace(RECIPE, projection="kronecker"))))
    assert recovered.projection == "kronecker"


@pytest.mark.parametrize(("levels", "smallest", "largest"), [(2, 0, 1), (3, -1, 1), (6, -2, 3)])
def test_integers_take_no_more_levels_than_were_asked_for(few, levels, smallest, largest):
    """Measured over 11 seeds: both ends are always taken."""
    recovered = recover(NET.name, NET.matrices(fit(NET, few, replace(RECIPE, levels=levels))))
    assert (recovered.integers.min(), recovered.integers.max()) == (smallest, largest)


def test_a_higher_price_leaves_a_shorter_code(few):
    """Measured over 11 seeds: at most 0.491 of the entropy."""

    def entropy(state):
        _, counts = np.unique(recover(NET.name, NET.matrices(state)).integers, return_counts=True)
        return -float(counts @ np.log2(counts / counts.sum()))

    cheap, dear = (fit(NET, few, replace(RECIPE, price=price)) for price in (0.1, 4.0))
    assert entropy(dear) < 0.8 * entropy(cheap)


def test_stopped_in_any_phase_it_goes_on_to_the_very_same_end(few, tmp_path):
    recipe = replace(RECIPE, epochs=2, batch_size=8)  # 80 steps, reported after 20, 40, 60
    whole = fit(NET, few, recipe)

    class Stopped(Exception):
        pass

    for last in (20, 60):

        def stop(step, last=last):
            if step.step >= last:
                raise Stopped

        kept = tmp_path / f"{last}.pt"
        with pytest.raises(Stopped):
            fit(NET, few, recipe, None, stop, kept)
        resumed = fit(NET, few, recipe, None, None, kept)
        assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_what_a_subspace_cannot_be_is_refused():
    with pytest.raises(PacvizError, match=r"not coded in a subspace.*subspace-conv"):
        Training.of("subspace", model="lenet5")
    with pytest.raises(PacvizError, match="has an origin of its own"):
        Training.of("subspace", start="plain")
    with pytest.raises(PacvizError, match="dimension must"):
        Training.of("subspace", dimension=0)
