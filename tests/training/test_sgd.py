"""Plain SGD: what it is, when it ends, and what it tells."""

import dataclasses
import itertools

import pytest
import torch
from torch.nn.functional import cross_entropy

from pacviz import data
from pacviz.data.labels import subset
from pacviz.experiments.heavy_tails.networks import FULLY_CONNECTED, network
from pacviz.training.sgd import Stopping, descend

STOPPING = Stopping(loss=0.05, steps=6000, further=20, averaged=10)


@pytest.fixture(scope="module")
def sample():
    return subset(data.load("digits").train, 100, 0)


@pytest.fixture(scope="module")
def small():
    return network(FULLY_CONNECTED, 32, (1, 28, 28), 10)


def run(architecture, sample, step_size=0.2, batch_size=20, stopping=STOPPING):
    return list(descend(architecture, sample, step_size, batch_size, 0, stopping))


def test_it_ends_when_every_label_is_known_and_the_loss_is_small_and_goes_on_for_the_steps_after_that(small, sample):
    told = run(small, sample)
    assert [one.ending for one in told[:-1]] == ["learning"] * (len(told) - 1)
    last = told[-1]
    assert (last.ending, last.errors) == ("converged", 0)
    assert last.loss < STOPPING.loss
    converged = next(one for one in told if one.steps == last.steps - STOPPING.further)
    assert (converged.errors, converged.loss < STOPPING.loss) == (0, True)


def test_a_step_is_the_gradient_times_the_step_size_and_biases_stay_zero(small, sample):
    one = dataclasses.replace(STOPPING, steps=1, further=0)
    (first,) = run(small, sample, batch_size=100, stopping=one)
    torch.manual_seed(0)
    module = small.build()
    for name, bias in module.named_parameters():
        if bias.dim() < 2:
            torch.nn.init.zeros_(bias)
            assert not first.state()[name].any()
    loss = cross_entropy(module(sample.pixels()), sample.labels)
    weights = {name: one for name, one in module.named_parameters() if one.dim() > 1}
    for (name, before), gradient in zip(
        weights.items(), torch.autograd.grad(loss, list(weights.values())), strict=True
    ):
        torch.testing.assert_close(first.state()[name], (before - 0.2 * gradient).detach(), atol=1e-5, rtol=1e-4)


def test_the_mean_is_over_the_last_iterates(small, sample):
    still = dataclasses.replace(STOPPING, steps=5, further=5, averaged=1)
    last = run(small, sample, stopping=still)[-1]
    torch.testing.assert_close(last.mean(), last.state())


def test_what_does_not_converge_in_time_is_unfinished_and_a_step_that_is_too_large_diverges(small, sample):
    short = dataclasses.replace(STOPPING, steps=10)
    assert run(small, sample, step_size=1e-3, stopping=short)[-1].ending == "unfinished"
    diverged = run(small, sample, step_size=1e6)[-1]
    assert diverged.ending == "diverged"


def test_the_same_arguments_give_the_same_weights(small, sample):
    first, second = (run(small, sample)[-1].state() for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first.values(), second.values(), strict=True))
    assert all(one.dtype == torch.float32 for one in itertools.chain(first.values(), second.values()))
