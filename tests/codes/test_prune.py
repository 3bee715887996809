"""Magnitude pruning keeps exactly the weights that it promises."""

import numpy as np
import pytest

from pacviz import PacvizError
from pacviz.codes.prune import PRUNINGS, prune

MATRICES = {
    "small": np.random.default_rng(1).normal(size=(20, 26)).astype(np.float32),
    "large": 3 * np.random.default_rng(2).normal(size=(50, 100)).astype(np.float32),
}


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9, 0.985, 0.999])
def test_every_layer_keeps_its_share_and_the_largest(sparsity):
    for name, mask in prune(MATRICES, sparsity, "layer").items():
        magnitudes = np.abs(MATRICES[name])
        assert mask.sum() == max(1, round((1 - sparsity) * magnitudes.size))
        assert magnitudes[mask].min() >= (magnitudes[~mask].max() if (~mask).any() else 0)


def test_global_pruning_has_one_threshold():
    masks = prune(MATRICES, 0.9, "global")
    kept = np.concatenate([np.abs(MATRICES[name])[mask] for name, mask in masks.items()])
    dropped = np.concatenate([np.abs(MATRICES[name])[~mask] for name, mask in masks.items()])
    assert kept.size == round(0.1 * (kept.size + dropped.size))
    assert kept.min() >= dropped.max()
    assert masks["large"].mean() > masks["small"].mean()


def test_equal_magnitudes_are_dropped_from_the_end():
    mask = prune({"flat": np.ones((2, 4), np.float32)}, 0.5, "layer")["flat"]
    assert mask.ravel().tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize("pruning", PRUNINGS)
def test_something_always_survives(pruning):
    assert sum(mask.sum() for mask in prune({"one": np.zeros((1, 3), np.float32)}, 0.999, pruning).values()) == 1


@pytest.mark.parametrize("sparsity", [1.0, -0.1, float("nan")])
def test_nothing_left_is_refused(sparsity):
    with pytest.raises(PacvizError, match="sparsity"):
        prune(MATRICES, sparsity, "layer")
