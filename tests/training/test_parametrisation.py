"""Masks, codebooks and roundings: what they keep, what they let go, and what they hand to the coder."""

import numpy as np
import pytest
import torch

from pacviz.codes.compress import compress
from pacviz.library.checkpoints import find
from pacviz.models import architecture
from pacviz.training.methods.method import parametrise
from pacviz.training.parametrisations.parametrisation import PRUNING_SHARE, STEPS_PER_MASK, Gradual, Surgery
from pacviz.training.recipe import Training

LENET = architecture("lenet5")
STEPS = 100


@pytest.fixture
def state():
    return LENET.state_dict(find("lenet5", "digits", "plain").matrices)


def kept(weights):
    return sum(int(tensor.count_nonzero()) for tensor in weights.values())


def test_gradual_pruning_follows_the_cubic_schedule_and_ends_at_its_density(state):
    masks, seen = Gradual(state, state, 0.02, seed=0), []
    for step in range(STEPS):
        masks.advance(step, STEPS)
        seen.append(kept(masks.weights()))
    last = int(PRUNING_SHARE * STEPS)
    for step in range(0, last, STEPS_PER_MASK):
        expected = 0.02 + (1 - 0.02) * (1 - step / last) ** 3
        assert seen[step] == pytest.approx(expected * LENET.parameters, abs=1)
    assert set(seen[last:]) == {round(0.02 * LENET.parameters)}


def test_gradual_pruning_keeps_the_largest_and_never_brings_one_back(state):
    masks = Gradual(state, state, 0.02, seed=0)
    masks.choose(0.02, 0.0)
    together = torch.cat([tensor.abs().flatten() for tensor in state.values()])
    threshold = together.sort(descending=True).values[round(0.02 * LENET.parameters)]
    for key, weights in masks.weights().items():
        assert torch.equal(weights != 0, state[key].abs() > threshold)
    dropped = masks.fixed["fc1.weight"] == 0
    masks.trained["fc1.weight"].data[dropped] = 100.0
    masks.choose(0.02, 0.0)
    assert not masks.weights()["fc1.weight"][dropped].any()


def test_surgery_splices_back_what_has_grown_and_the_gradient_reaches_what_was_dropped(state):
    masks = Surgery(state, state, 0.02, seed=0)
    masks.choose(0.02, 0.0)
    dropped = (masks.fixed["fc1.weight"] == 0).nonzero()[0]
    sum(weights.sum() for weights in masks.weights().values()).backward()
    assert masks.trained["fc1.weight"].grad[tuple(dropped)] == 1
    masks.trained["fc1.weight"].data[tuple(dropped)] = 100.0
    masks.choose(0.02, 0.1)
    assert masks.weights()["fc1.weight"][tuple(dropped)] == 100


def test_surgery_leaves_a_weight_near_the_threshold_as_it_is(state):
    masks = Surgery(state, state, 0.02, seed=0)
    masks.choose(0.02, 0.0)
    before = {key: mask.clone() for key, mask in masks.fixed.items()}
    with torch.no_grad():
        together = torch.cat([tensor.abs().flatten() for tensor in masks.trained.values()])
    threshold = together.sort(descending=True).values[round(0.02 * LENET.parameters)]
    masks.choose(0.02, 0.1)
    for key, weights in masks.trained.items():
        near = (weights.abs() > 0.9 * threshold) & (weights.abs() < 1.1 * threshold)
        assert torch.equal(masks.fixed[key][near], before[key][near])
        assert torch.equal(masks.fixed[key][~near], (weights.abs() > threshold).float()[~near])


def test_surgery_looks_at_its_masks_ever_more_seldom(state):
    masks = Surgery(state, state, 0.02, seed=0)
    early, late = ([masks.looks(step, elapsed) for step in range(2000)] for elapsed in (0.0, 1.0))
    assert all(early)
    assert 0.07 < np.mean(late) < 0.13


@pytest.mark.parametrize("method", ["codebook", "straight-through"])
@pytest.mark.parametrize("bits", [1, 3])
def test_tuned_weights_are_what_the_coder_finds_with_as_many_bits(state, method, bits):
    training = Training.of(method, density=0.03, bits=bits)
    tuned = parametrise(LENET, state, training, torch.device("cpu"))
    generator = torch.Generator().manual_seed(bits)
    for _ in range(3):  # some steps in random directions, as a loss would take
        loss = sum((w * torch.randn(w.shape, generator=generator)).sum() for w in tuned.weights().values())
        tensors = list(tuned.trained.values())
        for tensor, gradient in zip(tensors, torch.autograd.grad(loss, tensors), strict=True):
            tensor.data -= 1e-3 * gradient.sign()
    matrices = LENET.matrices(tuned.final())
    for matrix in matrices.values():
        assert len(np.unique(matrix[matrix != 0])) <= 2**bits
    assert sum(int(np.count_nonzero(matrix)) for matrix in matrices.values()) == round(0.03 * LENET.parameters)
    images = torch.rand(50, 1, 28, 28, generator=generator)

    def logits(weights):
        network = LENET.build()
        network.load_state_dict(LENET.state_dict(weights))
        return network(images)

    compressed = compress("lenet5", matrices, 0.0, bits, "global")  # which may put hidden units into another order
    assert torch.allclose(logits(compressed.matrices), logits(matrices), atol=1e-4)


def test_codebook_tuning_moves_entries_but_no_assignment(state):
    tuned = parametrise(LENET, state, Training.of("codebook", density=0.03, bits=2), torch.device("cpu"))
    symbols = {name: tensor.clone() for name, tensor in tuned.fixed.items()}
    sum(weights.sum() for weights in tuned.weights().values()).backward()
    for name, entries in tuned.trained.items():
        counts = torch.bincount(symbols[name].flatten(), minlength=len(entries) + 1)[1:]
        assert torch.equal(entries.grad, counts.float())
        entries.data += 0.01
    final = LENET.matrices(tuned.final())
    for name, matrix in final.items():
        assert torch.equal(torch.from_numpy(matrix != 0), symbols[name] != 0)
    assert all(torch.equal(tuned.fixed[name], symbols[name]) for name in symbols)


def test_straight_through_hands_the_gradient_to_the_weight_and_to_its_entry(state):
    tuned = parametrise(LENET, state, Training.of("straight-through", density=0.03, bits=2), torch.device("cpu"))
    weights = tuned.weights()
    assert len(weights["fc1.weight"].unique()) <= 5
    sum(tensor.sum() for tensor in weights.values()).backward()
    latent = tuned.trained["fc1 before rounding"]
    assert torch.equal(latent.grad != 0, tuned.fixed["fc1"] != 0)
    assert tuned.trained["fc1"].grad.sum() == (tuned.fixed["fc1"] != 0).sum()
