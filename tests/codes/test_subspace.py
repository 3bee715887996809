"""A network at an integer point of a random subspace: the same on every machine, and found again from its weights."""

import tracemalloc

import numpy as np
import pytest
import torch

from pacviz.codes.subspace.network import (
    DIMENSIONS,
    EXPONENTS,
    SubspaceNetwork,
    exponent_of,
    matrices_of,
    origin,
    parameters_of,
    recover,
    step_of,
)
from pacviz.codes.subspace.projection import KINDS, Dense, Kronecker, projection_of
from pacviz.errors import PacvizError
from pacviz.models import architecture

NET = architecture("subspace-conv")
DENSE = [-12.0, 2.0, -16.0, 16.0, 0.0, -20.0, 14.0, 0.0, 0.0, 4.0, -16.0, -2.0]
KRONECKER = [-22.0, 0.0, 0.0, 8.0, -14.0, 14.0, 8.0, 10.0, -10.0, -8.0, -10.0, 10.0]
ORIGIN = [0.33912964221449104, -0.45586313776900195, 0.2234875330810201, -0.47858789612490055]
"""What numpy's Philox says under the keys of pacviz, as every code that was ever written needs it."""


def integers(dimension, seed=0):
    result = np.rint(np.random.default_rng(seed).laplace(0, 3, dimension)).astype(np.int64)
    result[-1] = result[-1] or 1
    return result


def columns(kind, parameters, dimension):
    """P as a matrix, (parameters, dimension)."""
    project = KINDS[kind](parameters, dimension)
    return torch.stack([project(unit) for unit in torch.eye(dimension, dtype=torch.float64)], dim=1).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_a_projection_is_signs_of_which_half_are_positive(kind):
    result = columns(kind, 4346, 40)
    assert set(np.unique(result)) == {-1.0, 1.0}
    assert abs(result.mean()) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_nearly_orthogonal(kind):
    result = columns(kind, 4346, 40)
    cosines = result.T @ result / 4346 - np.eye(40)
    assert np.abs(cosines).max() < (0.1 if kind == "dense" else 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_smaller_subspace_lies_in_a_larger_one(kind):
    assert np.array_equal(columns(kind, 500, 30), columns(kind, 500, 77)[:, :30])


def test_projections_are_the_same_on_every_machine():
    w = torch.tensor([1.0, -2.0, 3.0, 4.0, -5.0, 6.0, -7.0])
    assert Dense(12, 7)(w).tolist() == DENSE
    assert Kronecker(12, 7)(w).tolist() == KRONECKER


def test_the_origin_is_the_same_on_every_machine_and_has_the_scale_of_he():
    start, scale = origin(NET)
    assert start[:4].tolist() == ORIGIN
    first = start[: 8 * 25]
    assert first.std() == pytest.approx(np.sqrt(2 / 25), rel=0.05)
    assert scale[0] == np.sqrt(2 / 25)
    assert not start[200:208].any()  # biases


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_the_transposed_product(kind):
    project = projection_of(kind, 500, 30)
    w = torch.randn(30, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(project, w)
    assert np.allclose(project(w).detach().numpy(), columns(kind, 500, 30) @ w.detach().numpy())


def test_signs_are_made_numbers_a_few_at_a_time(monkeypatch):
    w = torch.tensor(integers(50), dtype=torch.float64)
    whole = Dense(1000, 50)(w)
    monkeypatch.setattr("pacviz.codes.subspace.projection._CHUNK", 3000)
    parts = Dense(1000, 50)
    assert parts.signs.dtype is torch.int8
    assert torch.equal(parts(w), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_subspace_of_lenet5_takes_less_than_a_gibibyte(kind):
    assert KINDS[kind].memory(431_080, 1000) < 2**30


def test_memory_is_what_is_promised():
    parameters, dimension = 431_080, 60
    tracemalloc.start()
    project = Dense(parameters, dimension)
    _, made = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert project.signs.nbytes == parameters * dimension
    assert made <= Dense.memory(parameters, dimension)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dimension", [1, 37, 500])
def test_a_network_is_found_again_from_its_weights(kind, dimension):
    network = SubspaceNetwork("subspace-conv", kind, 27, integers(dimension))
    recovered = recover("subspace-conv", network.matrices)
    assert all(np.array_equal(recovered.matrices[name], matrix) for name, matrix in network.matrices.items())
    if dimension > 1:  # one direction is both kinds'
        assert recovered.projection == kind
        assert recovered.exponent == 27
        assert np.array_equal(recovered.integers, network.integers)


def test_the_origin_itself_is_found():
    network = SubspaceNetwork("subspace-conv", "dense", 40, np.zeros(9, np.int64))
    assert recover("subspace-conv", network.matrices).dimension == 1


def test_any_other_weights_are_refused():
    matrices = SubspaceNetwork("subspace-conv", "dense", 27, integers(50)).matrices
    matrices["conv1"][0, 0] += np.float32(1e-3)
    with pytest.raises(PacvizError, match="none of the random subspaces"):
        recover("subspace-conv", matrices)


def test_every_step_of_the_grid_is_its_own_nearest():
    steps = [step_of(exponent) for exponent in range(EXPONENTS)]
    assert [exponent_of(step) for step in steps] == list(range(EXPONENTS))
    assert np.allclose(steps, 2.0 ** ((np.arange(EXPONENTS) - 48) / 4), rtol=1e-15)
    assert exponent_of(1e9) == EXPONENTS - 1
    assert exponent_of(1e-9) == 0


def test_parameters_come_tensor_by_tensor():
    parameters = np.arange(NET.parameters, dtype=np.float64)
    state = NET.state_dict(matrices_of(NET, parameters))
    assert torch.cat([tensor.flatten() for tensor in state.values()]).tolist() == parameters.tolist()
    assert np.array_equal(parameters_of(NET, matrices_of(NET, parameters)), parameters)


def test_dimensions_without_a_subspace_are_refused():
    for dimension in (0, DIMENSIONS + 1):
        with pytest.raises(PacvizError, match="dimension must lie in 1 to 1,024"):
            projection_of("dense", 4346, dimension)
