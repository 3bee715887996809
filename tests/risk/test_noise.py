"""The error under noise: fresh weights for every draw, and the law that sampling the weights one by one has."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pacviz.data.dataset import Split
from pacviz.errors import PacvizError
from pacviz.models import Conv, architecture
from pacviz.risk import count_errors, count_stochastic_errors, evaluate, stochastic, stochastic_risk, upper_limit
from pacviz.risk.scaling import Layer
from pacviz.risk.stochastic import noisy_affine, noisy_convolution

CPU = torch.device("cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_matrix(rows, columns, density):
    random = np.random.default_rng(3)
    return (random.normal(size=(rows, columns)) * (random.random((rows, columns)) < density)).astype(np.float32)


def assert_moments(samples, mean, covariance):
    """samples: (features, n).  Every mean and covariance within six standard errors of what it should be."""
    n, variances = samples.shape[1], covariance.diagonal()
    assert ((samples.mean(1) - mean).abs() <= 6 * (variances / n).sqrt() + 1e-5).all()
    standard_errors = ((variances[:, None] * variances + covariance**2) / n).sqrt()
    assert ((torch.cov(samples) - covariance).abs() <= 6 * standard_errors + 1e-6).all()


@pytest.mark.parametrize("density", [0.2, 1.0])
def test_noise_of_a_linear_layer_has_the_moments_of_sampled_weights(density):
    matrix, std, n = random_matrix(7, 12, density), 0.3, 40_000
    x = torch.rand(11, generator=generator())
    samples = noisy_affine(Layer("l", matrix, std, std), CPU)(x[:, None].expand(-1, n), generator(1)).double()
    inputs = torch.cat([x, torch.ones(1)]).double()
    weights = torch.from_numpy(matrix).double()
    covariance = torch.diag(std**2 * (weights != 0).double() @ inputs**2)
    assert_moments(samples, weights @ inputs, covariance)


@pytest.mark.parametrize("density", [0.2, 1.0])
@pytest.mark.parametrize("operation", [Conv("c", 2, 3, 3), Conv("c", 2, 3, 2, stride=2, padding=1)])
def test_noise_of_a_convolution_has_the_covariances_of_one_kernel_shared_by_all_positions(operation, density):
    matrix, std, n = random_matrix(3, 2 * operation.kernel**2 + 1, density), 0.3, 40_000
    x = torch.rand(2, 5, 4, generator=generator())
    stage = noisy_convolution(operation, Layer("c", matrix, std, std), (2, 5, 4), CPU)
    copies = x[..., None].expand(-1, -1, -1, 2_000)
    samples = torch.cat([stage(copies, generator(batch)).flatten(0, 2) for batch in range(n // 2_000)], dim=1).double()
    patches = F.unfold(x[None].double(), operation.kernel, padding=operation.padding, stride=operation.stride)[0]
    patches = torch.cat([patches, torch.ones(1, patches.shape[1])])
    weights = torch.from_numpy(matrix).double()
    shared = [std**2 * patches.T @ torch.diag((row != 0).double()) @ patches for row in weights]
    assert_moments(samples, (weights @ patches).flatten(), torch.block_diag(*shared))


@pytest.mark.parametrize("model", ["lenet5", "odd"])
def test_both_ways_of_convolving_with_sampled_kernels_agree(network, sample, model, monkeypatch):
    net, split = network(model, 0.3), sample(model, 50)
    stds = dict.fromkeys(net.matrices, 0.1)
    results = []
    for threshold in (2.0, 0.0):
        monkeypatch.setattr(stochastic, "SPARSE_KERNELS", threshold)
        results.append(logits(net, stds, split, 5))
    torch.testing.assert_close(*results, rtol=1e-3, atol=1e-3)


def logits(network, stds, split, seed):
    x, random = split.pixels().permute(1, 2, 3, 0), generator(seed)
    for stage in evaluate.stages(network, stds, CPU):
        x = stage(x, random)
    return x


@pytest.mark.parametrize("noisy", ["first", "second", "last"])
def test_equal_examples_of_one_batch_get_weights_of_their_own(network, sample, noisy):
    one = sample("odd", 1)
    twins = Split(one.images.repeat(8, 1, 1, 1), one.labels.repeat(8))
    answers = logits(network("odd", 0.6), {noisy: 0.3}, twins, 0)
    assert len(torch.unique(answers, dim=1).T) == 8


@pytest.mark.parametrize("density", [0.2, 1.0])
def test_the_error_is_that_of_networks_sampled_one_by_one(network, sample, density):
    net, split = network("odd", density), sample("odd", 30)
    stds = {"first": 0.8, "second": 0.6, "last": 0.5}
    clean = logits(net, {}, split, 0).argmax(0)
    split = Split(split.images, clean)
    draws, random = 20_000, generator(1)
    examples = torch.randint(len(split), (draws,), generator=random)
    model, sampled = architecture("odd"), {}
    module = model.build(folded=True)
    for name, weights in model.state_dict(net.matrices).items():
        noise = torch.randn(draws, *weights.shape, generator=random)
        sampled[name] = weights + stds[name.split(".")[0]] * noise * (weights != 0)
    one_network_each = torch.vmap(lambda state, x: torch.func.functional_call(module, state, (x[None],))[0])
    answers = one_network_each(sampled, split.pixels()[examples]).argmax(1)
    expected = float((answers != clean[examples]).float().mean())
    ours = count_stochastic_errors(net, stds, split, draws, 0) / draws
    assert 0.1 < expected < 0.7
    assert abs(expected - ours) < 4 * math.sqrt(2 * expected * (1 - expected) / draws)


def test_without_noise_the_draws_are_those_of_the_plain_network(network, sample):
    net, split = network("odd", 0.5), sample("odd", 100)
    expected = count_errors(net, split, examples=evaluate.draw_examples(100, 777, 4))
    assert count_stochastic_errors(net, dict.fromkeys(net.matrices, 0.0), split, 777, 4) == expected
    assert count_stochastic_errors(net, {}, split, 777, 4) == expected


def test_a_seed_gives_the_same_count_on_any_number_of_threads_and_another_seed_another(network, sample):
    net, split, threads = network("odd", 0.5), sample("odd", 100), torch.get_num_threads()
    stds = dict.fromkeys(net.matrices, 0.4)
    counts = []
    for number in (1, 3):
        torch.set_num_threads(number)
        counts.append([count_stochastic_errors(net, stds, split, 3_000, seed) for seed in range(4)])
    torch.set_num_threads(threads)
    assert counts[0] == counts[1]
    assert len(set(counts[0])) > 1


def test_batches_have_noise_of_their_own():
    streams = [evaluate.noise_generator(seed, batch) for seed in (0, 1) for batch in (0, 1)]
    assert len({float(torch.randn((), generator=stream)) for stream in streams}) == 4


def test_a_cancelled_measurement_raises_what_progress_raised(network, sample):
    class Cancelled(Exception):
        pass

    def stop(fraction):
        raise Cancelled

    net = network("odd", 0.5)
    with pytest.raises(Cancelled):
        stochastic_risk(net, {"last": 0.1}, sample("odd", 10), 10_000, 0.01, 0, stop)


def test_a_stochastic_risk_keeps_what_makes_it_checkable(network, sample):
    net, split, stds = network("odd", 0.5), sample("odd", 100), {"second": 0.2}
    risk = stochastic_risk(net, stds, split, 500, 0.01, 9)
    assert (risk.method, risk.draws, risk.failure, risk.seed) == ("clopper-pearson", 500, 0.01, 9)
    assert risk.errors == count_stochastic_errors(net, stds, split, 500, 9)
    assert risk.upper == upper_limit(risk.errors, 500, 0.01)


@pytest.mark.parametrize(
    ("stds", "draws", "failure"),
    [
        ({"last": 0.1}, 0, 0.01),
        ({"last": 0.1}, 10, 0.0),
        ({"last": 0.1}, 10, 1.0),
        ({"last": -0.1}, 10, 0.01),
        ({"last": math.inf}, 10, 0.01),
        ({"last": math.nan}, 10, 0.01),
        ({"conv9": 0.1}, 10, 0.01),
    ],
)
def test_wrong_arguments_are_refused_before_any_work(network, sample, stds, draws, failure):
    heard = []
    with pytest.raises(PacvizError):
        stochastic_risk(network("odd", 0.5), stds, sample("odd", 10), draws, failure, 0, heard.append)
    assert heard == []
