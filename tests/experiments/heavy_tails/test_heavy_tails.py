"""What a network of the experiment tells is what was measured, and its certificates are of bytes that decode."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from pacviz import data
from pacviz.bounds import occam
from pacviz.cli import main
from pacviz.codes.coder import decode, encode
from pacviz.data.labels import subset
from pacviz.errors import PacvizError
from pacviz.experiments.heavy_tails import results, run
from pacviz.experiments.heavy_tails.networks import CONVOLUTIONAL, FULLY_CONNECTED, factored, network, rank
from pacviz.experiments.heavy_tails.settings import CODED, KEPT, WAYS, Cell, HeavyTails, Trained
from pacviz.models import architecture
from pacviz.training.sgd import Stopping, descend


@pytest.fixture(scope="module")
def trained():
    """An architecture and the matrices of a network that learned a little."""
    small = network(FULLY_CONNECTED, 24, (1, 28, 28), 10)
    sample = subset(data.load("digits").train, 200, 0)
    *_, last = descend(small, sample, 0.3, 20, 0, Stopping(0.05, 300, 1, 1))
    return small, small.matrices(last.state())


def logits(architecture, matrices, pixels):
    module = architecture.build(folded=True).eval()
    module.load_state_dict(architecture.state_dict(matrices))
    with torch.inference_mode():
        return module(pixels)


@pytest.mark.parametrize("family", [FULLY_CONNECTED, CONVOLUTIONAL])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_both_families_read_the_images_and_grow_with_the_width(family, shape):
    sizes = [network(family, width, shape, 10).parameters for width in (16, 32, 64)]
    assert sizes == sorted(sizes)
    module = network(family, 16, shape, 10).build()
    assert module(torch.zeros(2, *shape)).shape == (2, 10)


def test_images_that_are_too_small_and_families_that_are_unknown_are_refused_in_a_sentence():
    with pytest.raises(PacvizError, match="16 × 16 or more"):
        network(CONVOLUTIONAL, 16, (1, 12, 12), 10)
    with pytest.raises(PacvizError, match="model must be one of"):
        network("recurrent", 16, (1, 28, 28), 10)


@pytest.mark.parametrize("family", [FULLY_CONNECTED, CONVOLUTIONAL])
@pytest.mark.parametrize("kept", [0.1, 0.5])
def test_the_network_of_factors_computes_what_the_best_matrices_of_that_rank_compute(family, kept):
    large = network(family, 32, (1, 28, 28), 10)
    torch.manual_seed(0)
    matrices = large.matrices(large.build().state_dict())
    smaller, factors = factored(large, matrices, kept)
    pixels = torch.rand(5, 1, 28, 28)
    low = {}
    for name, matrix in matrices.items():
        size = rank(len(matrix), matrix.shape[1] - 1, kept)
        left, values, right = np.linalg.svd(matrix[:, :-1].astype(np.float64), full_matrices=False)
        best = matrix[:, :-1] if size is None else (left[:, :size] * values[:size]) @ right[:size]
        low[name] = np.concatenate([best, matrix[:, -1:]], axis=1).astype(np.float32)
    torch.testing.assert_close(logits(smaller, factors, pixels), logits(large, low, pixels), atol=1e-4, rtol=1e-3)
    assert smaller.parameters < large.parameters


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kept", [0.05, 0.2])
def test_each_way_keeps_the_share_that_it_says_and_its_code_decodes_to_what_is_measured(trained, way, kept):
    small, matrices = trained
    coded = run.coded_network(small, matrices, way, kept, 3)
    decoded, _ = decode(encode(coded).data, declared=coded.model)
    for name, weights in coded.matrices.items():
        np.testing.assert_array_equal(weights, decoded.matrices[name])
    weights = sum(layer.rows * (layer.columns - 1) for layer in small.layers)
    slack = sum(layer.rows + layer.columns for layer in small.layers)
    assert coded.nonzeros <= kept * weights + slack


@pytest.mark.parametrize("way", WAYS)
def test_accuracy_is_that_of_the_pruned_network_and_nothing_is_pruned_where_all_is_kept(trained, way):
    small, matrices = trained
    pixels = torch.rand(4, 1, 28, 28)
    whole = logits(small, run.pruned(small, matrices, way, 1.0), pixels)
    torch.testing.assert_close(whole, logits(small, matrices, pixels))
    less = run.pruned(small, matrices, way, 0.2)
    assert all(np.linalg.norm(less[name]) <= np.linalg.norm(matrices[name]) * (1 + 1e-6) for name in matrices)


def test_a_network_tells_everything_that_was_asked_and_its_bound_is_occams_with_the_architecture_charged(recording):
    network = recording.networks[0]
    assert network.how in ("converged", "unfinished")
    assert [layer.name for layer in network.layers] == ["fc1", "fc2", "fc3", "fc4"]
    for layer in network.layers:
        assert all(len(errors) == len(KEPT) and errors[0] < 1e-9 for errors in layer.errors.values())
        assert all(np.diff(errors).min() >= 0 for errors in layer.errors.values())
        assert list(layer.magnitudes) == sorted(layer.magnitudes)
    assert {(one.way, one.kept) for one in network.certified} == {(way, kept) for way in WAYS for kept in CODED}
    best = recording.certificate(network)
    n, nats = recording.experiment.n, (best.coded.bits + best.coded.architecture_bits) * math.log(2)
    assert best.bound == occam(best.coded.errors / n, nats, n, 0.05)
    assert best.coded.architecture_bits > 50
    assert all(best.bound <= recording.certificate(network, (way,)).bound for way in WAYS)


def test_what_is_certified_is_counted_on_the_examples_that_were_learned(recording):
    network = recording.networks[0]
    cell, experiment = network.cell, recording.experiment
    dataset = data.load("digits")
    small = run.network(experiment.model, cell.width, (1, 28, 28), 10)
    sample = subset(dataset.train, experiment.n, cell.seed)
    stopping = Stopping(experiment.loss, experiment.steps, experiment.further, experiment.averaged)
    *_, last = descend(small, sample, cell.step_size, cell.batch_size, cell.seed, stopping)
    one = next(one for one in network.certified if (one.way, one.kept) == ("global", 0.2))
    coded = run.coded_network(small, small.matrices(last.state()), "global", 0.2, experiment.bits)
    answers = logits(architecture(coded.model), coded.matrices, sample.pixels()).argmax(1)
    # Answers that another order of sums could change are counted as errors.
    assert int((answers != sample.labels).sum()) <= one.errors <= int((answers != sample.labels).sum()) + 2


def test_a_recording_comes_back_from_its_file_and_a_broken_one_is_set_aside(recording, tmp_path):
    path = results.save(recording, "mine", tmp_path)
    assert results.read(path) == recording
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(PacvizError, match=r"mine\.json\.gz"):
        results.read(path)


def test_rank_correlation_is_spearmans_and_is_taken_within_groups():
    rng = np.random.default_rng(1)
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    one = results.rank_correlation([(0, *pair) for pair in zip(x, y, strict=True)])
    assert one.value == pytest.approx(spearmanr(x, y).statistic)
    assert one.interval[0] < one.value < one.interval[1]
    # Two groups apart, each falling: together they would seem to rise.
    apart = [(0, a, -a) for a in range(8)] + [(1, a + 100, 100 - a) for a in range(8)]
    assert results.rank_correlation(apart).value == pytest.approx(-1)
    assert results.rank_correlation(apart[:4]) is None


def test_a_network_that_diverged_is_a_result(experiment):
    *_, last = run.steps(experiment, Cell(1e6, 20, 16, 0), data.load("digits"))
    network = last.trained
    assert (network.how, network.layers, network.alpha) == ("diverged", (), None)
    assert Trained.from_json(network.to_json()) == network
    recording = results.Recording(experiment, (network,))
    assert recording.rows[0]["bound"] is None
    assert recording.certificate(network) is None


@pytest.mark.parametrize(
    "wrong", [{"batch_sizes": (20.5,)}, {"step_sizes": ()}, {"averaged": 5, "further": 2}, {"model": "rnn"}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(PacvizError, match=next(iter(wrong)).split("_")[0]):
        HeavyTails(**wrong)


def test_the_key_of_a_network_depends_on_what_it_is_and_not_on_the_others(experiment):
    cell = experiment.cells[0]
    more = HeavyTails(**{**experiment.to_dict(), "seeds": 3, "widths": (16, 24, 40)})
    assert more.key(cell) == experiment.key(cell)
    assert HeavyTails(**{**experiment.to_dict(), "loss": 0.01}).key(cell) != experiment.key(cell)


def test_the_command_runs_goes_on_and_tells_its_rows(capsys, tmp_path):
    words = ["heavy-tails", "--data", "digits", "--n", "100", "--step-sizes", "0.31", "--batch-sizes", "20"]
    words += ["--widths", "16", "--seeds", "1", "--steps", "50", "--further", "5", "--averaged", "5", "--tests", "100"]
    words += ["--on", "here", "--folder", str(tmp_path), "--name", "mine"]
    assert main([*words, "--dry-run"]) == 0
    assert "0 of 1 units are done" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    wanted = "step_size batch_size width seed alpha train_error test_error magnitude singular_values nodes bound"
    assert set(wanted.split()) <= set(row)
    assert main([*words, "--dry-run"]) == 0
    assert "1 of 1 units are done" in capsys.readouterr().out
    assert results.read(tmp_path / "mine.json.gz").rows == [row]


def test_a_name_of_a_recording_that_ships_is_refused_before_anything_is_trained(capsys):
    assert main(["heavy-tails", "--quick", "--name", "digits"]) == 2
    assert "comes with pacviz" in capsys.readouterr().err
