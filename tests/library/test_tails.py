"""Tail indices against laws whose index is known, and the table of any file."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import levy_stable

import pacviz
from pacviz.cli import main
from pacviz.library.tails.estimators import hill, tail_index
from pacviz.library.tails.layers import vectors


def stable(alpha, shape, seed):
    return levy_stable.rvs(alpha, 0, size=shape, random_state=seed) if alpha < 2 else normal(shape, seed)


def normal(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


def index(vectors, seed=0):
    return tail_index(vectors, np.random.default_rng(seed))


@pytest.mark.parametrize("alpha", [1.2, 1.5, 1.8, 2.0])
@pytest.mark.parametrize("shape", [(20_000, 1), (400, 50)])
def test_of_stable_numbers_and_rows_the_index_is_found_on_average_and_its_interval_holds_it(alpha, shape):
    # Over 20 seeds the estimates scatter by at most 0.1 (rows) and 0.03 (numbers).
    result = [index(stable(alpha, shape, seed)) for seed in range(8)]
    assert np.mean([one.alpha for one in result]) == pytest.approx(alpha, abs=0.1)
    assert sum(one.interval[0] <= alpha <= one.interval[1] for one in result) >= 6
    assert all(one.interval[0] <= one.alpha <= one.interval[1] <= 2 for one in result)


@pytest.mark.parametrize("alpha", [1.7, 1.5, 1.0])
def test_of_rows_that_are_jointly_stable_the_index_is_found(alpha):
    scale = 2 * np.cos(np.pi * alpha / 4) ** (2 / alpha)
    norms = np.sqrt(levy_stable.rvs(alpha / 2, 1, scale=scale, size=4_000, random_state=1))
    assert index(norms[:, None] * normal((4_000, 30), 2)).alpha == pytest.approx(alpha, abs=0.1)


def test_what_every_estimate_does_not_depend_on():
    rows = stable(1.5, (500, 20), 3)
    alpha = index(rows).alpha
    assert index(rows + 7.0).alpha == pytest.approx(alpha, abs=1e-6)
    assert index(1e-3 * rows).alpha == pytest.approx(alpha)
    assert index(np.vstack([rows, np.zeros((60, 20))])).n == 500


def test_rows_of_unequal_norms_are_taken_for_heavy_tails_though_every_moment_is_finite():
    scales = np.exp(normal((2_000, 1), 4))
    assert index(scales * normal((2_000, 30), 5)).alpha < 1.6


def test_too_few_vectors_have_no_index():
    assert index(normal((7, 9), 0)) is None
    assert index(np.zeros((100, 9))) is None
    assert index(np.ones((100, 9))) is None


@pytest.mark.parametrize("exponent", [1.0, 1.5, 3.0])
def test_hills_estimate_finds_the_exponent_of_a_power_law(exponent):
    result = hill(np.random.default_rng(0).pareto(exponent, 50_000) + 1)
    assert result.alpha == pytest.approx(exponent, rel=0.1)
    assert 20 <= result.k <= 5_000


def test_hills_estimate_of_a_gaussian_is_far_above_two_for_it_has_no_power_law():
    assert hill(normal(50_000, 0)).alpha > 4
    assert hill(np.ones(5_000)) is None
    assert hill(normal(100, 0)) is None


def test_rows_are_output_units_kernels_or_the_columns_of_a_last_layer():
    assert vectors(np.zeros((300, 784))).shape == (300, 784)
    assert vectors(np.zeros((10, 300))).shape == (300, 10)
    assert vectors(np.zeros((50, 20, 5, 5))).shape == (1000, 25)
    assert vectors(np.zeros(2_000)).shape == (2_000, 1)


@pytest.fixture
def file(tmp_path):
    rng = torch.Generator().manual_seed(0)
    tensors = {
        "wide": torch.randn(100, 60, generator=rng),
        "heavy": torch.from_numpy(stable(1.3, (400, 50), 0)).float() * 1e-30,
        "half": torch.randn(64, 64, generator=rng).bfloat16(),
        "bias": torch.randn(100, generator=rng),
        "counts": torch.arange(5_000),
        "empty": torch.zeros(40, 40),
    }
    save_file(tensors, tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def test_every_large_tensor_of_a_file_is_in_the_table(file, capsys):
    assert main(["tails", "--weights", str(file), "--json"]) == 0
    layers = {layer["name"]: layer for layer in json.loads(capsys.readouterr().out)["layers"]}
    assert set(layers) == {"wide", "heavy", "half", "empty"}
    assert layers["wide"]["n"] == 6_000
    assert layers["wide"]["alpha"] > 1.8
    assert layers["wide"]["alpha_interval"][0] <= layers["wide"]["alpha"] <= layers["wide"]["alpha_interval"][1]
    assert layers["heavy"]["alpha_entries"] == pytest.approx(1.3, abs=0.1)
    assert layers["heavy"]["hill"] < 2
    assert layers["empty"]["alpha"] is None
    assert layers["empty"]["zeros"] == 1
    assert main(["tails", str(file)]) == 0
    said = capsys.readouterr().out
    assert "heavy" in said
    assert "α of rows" in said


def test_from_python_it_is_the_same_for_a_file_and_for_what_is_in_it(file):
    of_file = pacviz.tails(file)
    assert pacviz.tails(load_file(file)) == of_file
    assert pacviz.tails(str(file), seed=1) != of_file


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\xff" * 100])
def test_a_file_that_holds_no_tensors_is_one_sentence(content, tmp_path, capsys):
    (tmp_path / "bad").write_bytes(content)
    assert main(["tails", str(tmp_path / "bad")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["tails", str(tmp_path / "absent")]) == 2
    assert main(["tails"]) == 2


def test_numbers_that_are_not_finite_are_one_sentence():
    with pytest.raises(pacviz.PacvizError, match="w holds numbers that are not finite"):
        pacviz.tails({"w": np.full((100, 20), np.nan)})
