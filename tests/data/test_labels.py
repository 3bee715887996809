"""Labels are redrawn for a fixed share of the examples, uniformly, and the true ones are kept aside."""

import pytest
import torch
from scipy.stats import chisquare

from pacviz.data import Split
from pacviz.data.labels import randomize, subset
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.settings import randomized_error

N = 20_000


@pytest.fixture(scope="module")
def split():
    labels = torch.arange(N) % 10
    return Split(torch.arange(N).view(N, 1, 1, 1).to(torch.uint8), labels)


@pytest.mark.parametrize("level", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_share_is_fixed_and_chance_draws_the_true_label_for_a_tenth(split, level):
    result = randomize(split, level, 10, seed=3)
    assert int(result.redrawn.sum()) == round(level * N)
    assert torch.equal(result.true_labels, split.labels)
    changed = result.split.labels != split.labels
    assert not changed[~result.redrawn].any()
    assert int(changed.sum()) == pytest.approx(0.9 * level * N, abs=5 * (0.09 * level * N) ** 0.5 + 1e-9)
    assert torch.equal(result.split.images, split.images)


def test_redrawn_labels_are_uniform_whatever_the_true_one(split):
    result = randomize(split, 1.0, 10, seed=4)
    for label in range(10):
        counts = torch.bincount(result.split.labels[split.labels == label], minlength=10)
        assert chisquare(counts.numpy()).pvalue > 1e-4


def test_a_seed_gives_the_same_labels_and_another_seed_others(split):
    first, again, other = (randomize(split, 0.5, 10, seed).split.labels for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_is_redrawn_at_one_level_is_redrawn_alike_at_every_higher_one(split):
    low, high = randomize(split, 0.3, 10, 0), randomize(split, 0.7, 10, 0)
    assert high.redrawn[low.redrawn].all()
    assert torch.equal(low.split.labels[low.redrawn], high.split.labels[low.redrawn])


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_a_level_outside_its_range_is_refused(split, level):
    with pytest.raises(PacvizError, match=r"level must lie in \[0, 1\]"):
        randomize(split, level, 10, 0)


def test_a_subset_holds_different_examples(split):
    part = subset(Split(split.images, torch.arange(N)), 500, 9)
    assert len(torch.unique(part.labels)) == 500
    with pytest.raises(PacvizError, match="n must be from 1 to the 20,000 examples that there are, got 20,001"):
        subset(split, N + 1, 0)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_the_error_on_random_labels_follows_from_the_one_on_true_labels(level):
    random = torch.Generator().manual_seed(0)
    true = torch.randint(10, (400_000,), generator=random)
    answers = torch.where(torch.rand(len(true), generator=random) < 0.8, true, (true + 1) % 10)
    redrawn = torch.rand(len(true), generator=random) < level
    labels = torch.where(redrawn, torch.randint(10, (len(true),), generator=random), true)
    measured = float((answers != labels).float().mean())
    assert randomized_error(float((answers != true).float().mean()), level, 10) == pytest.approx(measured, abs=0.004)
