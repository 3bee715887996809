"""Everything that is registered is crossed with its contract, and a contract that is broken is told in one sentence."""

import dataclasses

import numpy as np
import pytest

from pacviz import Scenario
from pacviz.bounds import BOUNDS
from pacviz.checks import (
    BrokenContract,
    check_bound,
    check_code,
    check_experiment,
    check_method,
    check_operation,
    check_posterior,
    check_pruning,
    check_quantizer,
)
from pacviz.codes.code import CODES
from pacviz.codes.codebook.code import CodebookCode
from pacviz.codes.prune import PRUNINGS, Pruning
from pacviz.codes.quantizer import QUANTIZERS
from pacviz.experiments.experiment import Experiment, experiments
from pacviz.models import (
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Glances,
    Linear,
    MaxPool,
    OrientedEdges,
    ReLU,
    Residual,
)
from pacviz.models.operations import OPERATIONS
from pacviz.posteriors.gaussian import Gaussian
from pacviz.posteriors.posterior import POSTERIORS
from pacviz.training.methods.method import METHODS

EXAMPLES = (
    (Conv("a", 2, 3, 3, 2, 1), (2, 9, 9)),
    (DepthwiseConv("a", 3, 3, 1, 1), (3, 7, 7)),
    (Linear("a", 12, 5), (12,)),
    (MaxPool(2), (2, 7, 7)),
    (ReLU(), (2, 6, 6)),
    (ReLU(), (12,)),
    (Flatten(), (2, 6, 6)),
    (AveragePool(3, 2), (2, 7, 7)),
    (AveragePool(), (2, 7, 7)),
    (Deskew(), (1, 8, 8)),
    (OrientedEdges(4, 5, 2, 2), (1, 9, 9)),
    (Glances(), (1, 8, 8)),
    (Residual((ReLU(), MaxPool(1))), (2, 6, 6)),
)
SCENARIOS = {"deterministic": Scenario(noise=0.0), "gaussian": Scenario(noise=0.05)}


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=lambda bound: bound.name)
def test_a_bound_keeps_its_contract(bound):
    check_bound(bound)


@pytest.mark.parametrize("name", CODES)
def test_a_code_keeps_its_contract(name):
    check_code(name)


@pytest.mark.parametrize("quantizer", QUANTIZERS.values(), ids=lambda quantizer: quantizer.name)
def test_a_quantizer_keeps_its_contract(quantizer):
    check_quantizer(quantizer)


@pytest.mark.parametrize("pruning", PRUNINGS.values(), ids=lambda pruning: pruning.name)
def test_a_pruning_keeps_its_contract(pruning):
    check_pruning(pruning)


def test_every_kind_of_operation_has_an_example():
    assert {type(operation).__name__ for operation, _ in EXAMPLES} == OPERATIONS.keys()


@pytest.mark.parametrize(("operation", "shape"), EXAMPLES, ids=repr)
def test_an_operation_keeps_its_contract(operation, shape):
    check_operation(operation, shape)


@pytest.mark.parametrize("name", POSTERIORS)
def test_a_posterior_keeps_its_contract(name):
    check_posterior(POSTERIORS[name], SCENARIOS[name])


@pytest.mark.parametrize("name", METHODS)
def test_a_method_keeps_its_contract(name):
    check_method(METHODS[name])


@pytest.mark.parametrize("experiment", experiments(), ids=lambda experiment: experiment.name)
def test_an_experiment_keeps_its_contract(experiment):
    check_experiment(experiment)


def test_a_bound_that_forgets_delta_is_found():
    hopeful = dataclasses.replace(
        BOUNDS["occam"], function=lambda risk, kl, n, delta: BOUNDS["occam"].function(risk, kl, n, 0.9)
    )
    with pytest.raises(BrokenContract, match=r"takes|violated"):
        check_bound(hopeful)


def test_a_code_that_forgets_where_weights_are_is_found(monkeypatch):
    class Forgetful(CodebookCode):
        def code(self, coder, architecture, network, charge):
            result = super().code(coder, architecture, network, charge)
            return (
                result
                if network is not None
                else dataclasses.replace(result, layers=tuple(map(_mirrored, result.layers)))
            )

    monkeypatch.setitem(CODES, "codebook", {1: Forgetful()})
    with pytest.raises(BrokenContract, match="other weights"):
        check_code("codebook")


def _mirrored(layer):
    return dataclasses.replace(layer, symbols=np.ascontiguousarray(layer.symbols[:, ::-1]))


def test_a_pruning_that_keeps_too_much_is_found():
    class Lazy(Pruning):
        name = "lazy"
        help = "nothing goes"

        def masks(self, matrices, sparsity):
            return {name: np.ones(matrix.shape, bool) for name, matrix in matrices.items()}

    with pytest.raises(BrokenContract, match="keeps 635 of 635"):
        check_pruning(Lazy())


def test_a_posterior_whose_draws_are_wider_than_its_charge_is_found(monkeypatch):
    original = Gaussian.sample
    monkeypatch.setattr(
        Gaussian, "sample", lambda self, random: {name: 0 * matrix for name, matrix in original(self, random).items()}
    )
    with pytest.raises(BrokenContract, match="networks drawn from it err"):
        check_posterior(Gaussian, SCENARIOS["gaussian"])


def test_an_experiment_without_a_folder_is_found():
    with pytest.raises(BrokenContract, match="no folder"):
        check_experiment(Experiment("nowhere", "Nowhere", "nowhere", "rule"))
