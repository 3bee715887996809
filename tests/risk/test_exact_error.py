"""The error without noise: every way of computing it gives what the plain torch module gives."""

import dataclasses

import numpy as np
import pytest
import torch

from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.data import mnist
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.risk import count_errors, evaluate, exact, exact_risk, sampled_risk, upper_limit

CPU = torch.device("cpu")
MODELS = ["lenet5", "mlp", "odd"]
SPARSE, DENSE = 2.0, 0.0


@pytest.fixture(params=[SPARSE, DENSE], ids=["sparse", "dense"])
def products(request, monkeypatch):
    """Forces one kind of product on all layers."""
    monkeypatch.setattr(exact, "SPARSE_CONV", request.param)
    monkeypatch.setattr(exact, "SPARSE_LINEAR", request.param)


def reference(network, split):
    """Logits (n, classes) of the plain torch module, in double precision."""
    model = architecture(network.model)
    module = model.build(folded=True)
    module.load_state_dict(model.state_dict(network.matrices))
    with torch.inference_mode():
        return module.double()(split.pixels().double())


def logits(network, split):
    x = split.pixels().permute(1, 2, 3, 0)
    for stage in evaluate.stages(network, {}, CPU):
        x = stage(x, None)
    return x.T


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("density", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("model", MODELS)
def test_sparse_and_dense_products_give_the_logits_of_the_plain_module(network, sample, unscaled, model, density):
    net, split = network(model, density), sample(model, 40)
    expected = reference(net, split)
    torch.testing.assert_close(
        unscaled(logits(net, split).double(), expected), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max())
    )


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("model", MODELS)
def test_every_example_is_counted_once_whatever_is_left_for_the_last_batch(network, sample, model):
    net = network(model, 0.2)
    for n in (1, evaluate.CPU_BATCH, 3 * evaluate.CPU_BATCH + 5):
        split = sample(model, n)
        assert count_errors(net, split) == int((reference(net, split).argmax(1) != split.labels).sum())


def test_only_the_chosen_examples_are_counted_as_often_as_they_are_chosen(network, sample):
    net, split = network("odd", 0.5), sample("odd", 200)
    wrong = reference(net, split).argmax(1) != split.labels
    examples = torch.tensor([3, 3, 3, 199, 0, 17] * 20)
    assert count_errors(net, split, examples=examples) == int(wrong[examples].sum())


@pytest.mark.parametrize("model", MODELS)
def test_equal_logits_go_to_the_lowest_label_even_when_nothing_is_left(sample, model):
    empty = CompressedNetwork(
        model,
        tuple(
            CompressedLayer(spec.name, np.zeros((spec.rows, spec.columns), np.uint16), np.zeros(0, np.float32))
            for spec in architecture(model).layers
        ),
    )
    split = sample(model, 100)
    assert count_errors(empty, split) == int((split.labels != 0).sum())


def test_right_answers_within_rounding_of_a_wrong_one_are_borderline_and_ties_are_not():
    logits = torch.tensor([[1.0, 1 + 1e-6, 1 + 1e-4, 1.0, 0.0], [1.0, 1.0, 1.0, 1 + 1e-6, 0.0]])
    result = evaluate._count(logits, torch.tensor([0, 0, 0, 0, 1]))
    assert (result.errors, result.borderline) == (2, 1)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.5, 3.0)])
def test_the_network_sees_pixels_in_the_range_of_its_sample(network, sample, low, high):
    net, split = network("lenet5", 0.3), sample("lenet5", 200)
    ranged = dataclasses.replace(split, low=low, high=high)
    expected = low + (high - low) * split.images.double() / 255
    torch.testing.assert_close(ranged.pixels().double(), expected, rtol=1e-6, atol=1e-6)
    assert count_errors(net, ranged) == int((reference(net, ranged).argmax(1) != split.labels).sum())
    assert ranged.fingerprint == split.fingerprint


def test_sparse_and_dense_products_agree_on_every_real_digit(network, monkeypatch, real_data):
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    net, split = network("lenet5", 0.05), mnist.read("MNIST")[1]
    counts = []
    for threshold in (SPARSE, DENSE):
        monkeypatch.setattr(exact, "SPARSE_CONV", threshold)
        monkeypatch.setattr(exact, "SPARSE_LINEAR", threshold)
        counts.append(count_errors(net, split))
    assert counts[0] == counts[1]


def test_progress_rises_to_one(network, sample):
    heard = []
    exact_risk(network("odd", 0.5), sample("odd", 5 * evaluate.CPU_BATCH - 1), heard.append)
    assert heard == sorted(heard)
    assert len(heard) == 5
    assert heard[-1] == 1.0


def test_an_exception_from_progress_ends_the_work_and_leaves_the_next_run_whole(network, sample):
    class Cancelled(Exception):
        pass

    net, split, heard = network("odd", 0.5), sample("odd", 50 * evaluate.CPU_BATCH), []

    def stop(fraction):
        heard.append(fraction)
        raise Cancelled

    threads, before = torch.get_num_threads(), count_errors(net, split)
    with pytest.raises(Cancelled):
        count_errors(net, split, stop)
    assert len(heard) == 1
    assert torch.get_num_threads() == threads
    assert count_errors(net, split) == before


def test_an_exact_risk_is_the_count_itself(network, sample):
    net, split = network("odd", 0.5), sample("odd", 300)
    risk = exact_risk(net, split)
    assert (risk.method, risk.errors, risk.draws, risk.failure) == ("exact", count_errors(net, split), 300, 0.0)


def test_a_sampled_risk_is_a_valid_statement_about_the_exact_one(network, sample):
    net, split = network("odd", 0.5), sample("odd", 300)
    exactly = exact_risk(net, split).mean
    risks = [sampled_risk(net, split, 400, 0.05, seed) for seed in range(200)]
    missed = sum(risk.upper < exactly for risk in risks)
    assert missed <= 0.05 * 200 + 3 * (200 * 0.05 * 0.95) ** 0.5
    assert all(risk.upper == upper_limit(risk.errors, 400, 0.05) for risk in risks)
    assert len({risk.errors for risk in risks}) > 5


def test_examples_are_drawn_uniformly_with_replacement():
    counts = torch.bincount(evaluate.draw_examples(7, 70_000, 3), minlength=7)
    assert len(counts) == 7
    assert float(((counts - 10_000) ** 2 / 10_000).sum()) < 22.5  # the chi-square quantile 0.999 with 6 degrees


def test_a_preview_of_nothing_is_refused(network, sample):
    with pytest.raises(PacvizError):
        sampled_risk(network("odd", 0.5), sample("odd", 10), 0, 0.01, 0)
