"""An experiment is checked at the door, tells its command, and judges its points by the formulas."""

import math
import shlex

import pytest

from pacviz.bounds import entropy_floor, occam
from pacviz.cli import _parser
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.settings import Compression, Fit, Judged, Randomization, floor_bytes


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("levels", (0, 1.2), "levels must be from 0 to 1, got 1.2"),
        ("levels", (), "levels must be one or more numbers, each from 0 to 1"),
        ("levels", "0.5", "levels must be one or more numbers"),
        ("sparsity", (0.999,), "sparsity must be from 0 to 0.995, got 0.999"),
        ("n", 50, "n must be from 100 to 60000, got 50"),
        ("n", 150.5, "n must be a whole number"),
        ("model", "alexnet", "model must be one of .*resnet56"),
        ("data", "cifar", "data must be one of .*cifar10-jpeg"),
        ("recovery", -1, "recovery must be from 0"),
    ],
)
def test_a_wrong_setting_is_named(field, value, sentence):
    with pytest.raises(PacvizError, match=sentence):
        Randomization(**{field: value})


def test_levels_and_sparsities_are_put_in_order_once_each():
    assert Randomization(levels=(1, 0, "0.5", 0.5)).levels == (0.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "experiment",
    [Randomization(), Randomization("resnet56", "cifar10-jpeg", 50_000, (0, 1), (0, 0.5), batch_size=1024, delta=0.1)],
)
def test_the_command_line_repeats_the_experiment(experiment):
    options = vars(_parser().parse_args(shlex.split(experiment.command)[3:]))
    given = {name: value for name, value in options.items() if value is not None and name in experiment.to_dict()}
    assert Randomization(**given) == experiment


def test_all_levels_of_a_seed_come_before_the_next_seed():
    jobs = Randomization(levels=(0, 1), seeds=2, seed=7).jobs
    assert jobs == [(0.0, 7), (1.0, 7), (0.0, 8), (1.0, 8)]


def test_a_run_is_known_by_what_it_depends_on_and_nothing_else():
    base = Randomization()
    assert base.key(0.5, 1) == Randomization(seeds=9, seed=4, levels=(0.5,), delta=0.3).key(0.5, 1)
    others = [base.key(0.5, 2), base.key(0.3, 1), Randomization(n=900).key(0.5, 1), Randomization(bits=4).key(0.5, 1)]
    assert len({base.key(0.5, 1), *others}) == 5


def test_without_recovery_there_is_no_surgery():
    assert {method for method, _ in Randomization(recovery=0).steps} == {"one-shot"}
    assert {method for method, _ in Randomization(recovery=1).steps} == {"one-shot", "surgery"}


def test_a_point_is_judged_by_the_formulas():
    judged = Judged(Randomization(n=10_000), 0.5, 0, Compression("one-shot", 0.9, 100, 8_000, 500, 0.2))
    assert (judged.train_error, judged.bytes) == (0.05, 1000)
    assert judged.test_error == pytest.approx(0.5 * 0.2 + 0.5 * 0.9)
    assert judged.bound == pytest.approx(occam(0.05, 8_000 * math.log(2), 10_000, 0.05))
    assert judged.floor_bytes == pytest.approx(entropy_floor(0.05, 0.55, 10_000) / math.log(2) / 8)


def test_the_floor_of_the_paper_s_setting_in_bytes():
    assert floor_bytes(0, 0.9, 50_000) == pytest.approx(4.63 * 1024, rel=1e-3)
    assert floor_bytes(0.3, 0.2, 1000) == 0


def test_a_run_comes_back_from_its_text():
    run = Fit(0.3, 2, (0.1, 1.0), 0, (Compression("surgery", 0.9, 10, 80, 3, 0.25),))
    assert Fit.from_json(run.to_json()) == run
