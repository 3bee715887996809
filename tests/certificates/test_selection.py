"""Choosing by the bound: the best is the best of what was tried, and is certified by draws that nobody looked at."""

import numpy as np
import pytest

from pacviz import Scenario, certify
from pacviz.certificates import choose as selection
from pacviz.certificates.choose import choose, choose_noise, compressions, own_sparsity, table
from pacviz.cli import main
from pacviz.library import checkpoints
from pacviz.words import at_most

START = Scenario(noise=0.05, bits=4)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """And few noises to try."""
    monkeypatch.setattr(selection, "DRAWS", 256)
    monkeypatch.setattr(selection, "SCALES", (0.02, 0.05, 0.1))
    monkeypatch.setattr(selection, "MULTIPLIERS", (0.35, 0.7, 1.0, 1.4, 2.8))
    monkeypatch.setattr(selection, "ROUNDS", 1)


@pytest.fixture
def tried(monkeypatch):
    """What the search finds out, in order."""
    options = []
    original = selection._Noises.option

    def spy(self, scenario):
        options.append(original(self, scenario))
        return options[-1]

    monkeypatch.setattr(selection._Noises, "option", spy)
    return options


def test_the_chosen_noise_is_never_worse_than_even_noise_by_its_own_estimate_and_always_the_same(tried):
    chosen = choose_noise(START)
    first = list(tried)
    even = [option for option in first if option.scenario.spread == "even"]
    assert {option.scenario.noise for option in even} == set(selection.SCALES)
    exact = certify(START.but(noise=0.0))
    assert chosen.bound == min([option.bound for option in first] + [exact.bound])
    assert chosen.bound <= min(option.bound for option in even)
    assert any(option.scenario.spread != "even" for option in first)
    assert choose_noise(START) == chosen
    assert tried[len(first) :] == first


def test_an_estimate_is_a_preview_with_the_charges_of_the_certificate(tried):
    choose_noise(START)
    option = tried[-1]
    certificate = certify(option.scenario, preview=True)
    assert option.preview
    assert option.effective_bytes == pytest.approx(certificate.effective_bytes)
    assert option.nonzeros == certificate.measurement.nonzeros


def test_the_draws_that_choose_are_not_those_of_the_certificate(monkeypatch):
    seeds = []
    original = selection.stochastic_risk

    def spy(network, stds, split, draws, failure, seed, progress=None):
        seeds.append(seed)
        return original(network, stds, split, draws, failure, seed, progress)

    monkeypatch.setattr(selection, "stochastic_risk", spy)
    for seed in (0, 2**30):
        seeds.clear()
        choose_noise(START.but(seed=seed))
        assert len(set(seeds)) == 1
        assert seeds[0] != seed


def test_a_bound_for_networks_without_noise_chooses_none(tried):
    chosen = choose_noise(Scenario(bound="occam"))
    assert chosen.scenario.noise == 0
    assert not chosen.preview
    assert tried == []


@pytest.mark.parametrize("best", [(0, 0, 0), (3, 7, 2), (9, 9, 9)])
def test_the_descent_finds_the_lowest_point_of_a_bowl_and_never_ends_above_its_start(best):
    def bowl(place):
        return sum((index - target) ** 2 for index, target in zip(place, best, strict=True))

    assert selection._descend((5, 5, 5), (10, 10, 10), bowl) == best
    rough = np.random.default_rng(1).random((10, 10, 10))
    assert rough[selection._descend((5, 5, 5), (10, 10, 10), lambda place: rough[place])] <= rough[5, 5, 5]


def test_the_best_option_is_the_smallest_bound_and_exact_rows_are_certificates():
    plain = checkpoints.find("lenet5", "digits", "plain")
    points = [(plain, scenario) for scenario in compressions(plain, Scenario(), (0.97, 0.98), (3,))]
    fractions = []
    rows = [option for _, option in choose(points, lambda fraction, what: fractions.append(fraction))]
    assert [option.bound for option in rows] == sorted(option.bound for option in rows)
    assert {scenario for _, scenario in points} <= {option.scenario for option in rows}
    for option in rows:
        if not option.preview:
            assert option.bound == certify(option.scenario).bound
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1
    assert list(table(rows)["bound"]) == [at_most(option.bound) for option in rows]


def sparse(share, **training):
    """A checkpoint with that share of nonzero weights."""
    random = np.random.default_rng(0)
    plain = checkpoints.find("mlp", "digits", "plain")
    matrices = {
        name: np.where(random.random(matrix.shape) < share, 1 + np.abs(matrix), 0).astype(np.float32)
        for name, matrix in plain.matrices.items()
    }
    return checkpoints.Checkpoint("sparse", "mlp", "digits", matrices, 0.0, 0.0, training, "")


def test_a_sparse_checkpoint_is_tried_at_its_own_sparsity_where_all_its_weights_stay():
    from pacviz.codes.prune import prune

    for share in (0.1, 0.0371, 0.0052):
        checkpoint = sparse(share, method="gradual")
        own = own_sparsity(checkpoint)
        kept = prune(checkpoint.matrices, own, "global")
        lost = sum(int((~kept[name] & (matrix != 0)).sum()) for name, matrix in checkpoint.matrices.items())
        assert lost <= 6
        assert own in {scenario.sparsity for scenario in compressions(checkpoint, Scenario())}
        assert 1 - own - checkpoint.density < 0.001


def test_a_tuned_codebook_is_kept():
    tuned = sparse(0.05, method="codebook", bits=2)
    assert {(scenario.bits, scenario.sparsity) for scenario in compressions(tuned, Scenario())} == {
        (2, own_sparsity(tuned))
    }


def test_the_command_prints_the_table_and_what_certifies_its_best_row(capsys):
    assert main(["choose", "--checkpoints", "plain", "--sparsity", "0.97", "0.98", "--bits", "3"]) == 0
    out = capsys.readouterr().out
    assert "python -m pacviz certify" in out.splitlines()[-1]
    assert out.index("bound") < out.index("%")
    assert main(["choose", "--sparsity", "2"]) == 2
    assert "sparsity must be from 0 to 0.999, got '2'" in capsys.readouterr().err
