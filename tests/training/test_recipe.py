"""A training is one value: checked when it is made, and able to say the command that repeats it."""

import math
import shlex

import pytest

from pacviz.errors import PacvizError
from pacviz.training.recipe import METHODS, Training


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("epochs", 0, "from 1 to 1000"),
        ("batch_size", 0, "from 1 to 10000"),
        ("learning_rate", 0.0, "from 1e-06 to 1"),
        ("learning_rate", math.nan, "from 1e-06 to 1"),
        ("weight_decay", -0.1, "from 0 to 10"),
        ("density", 0.0, "from 0.0005 to 1"),
        ("bits", 9, "from 1 to 8"),
        ("seed", -1, "from 0"),
        ("method", "magic", "one of dense, gradual, surgery, codebook, straight-through"),
        ("model", "vgg", "one of lenet5"),
        ("data", "imagenet", "one of digits"),
        ("name", "No Name", "a name of lower-case letters"),
    ],
)
def test_a_field_out_of_range_is_named_with_its_value_and_what_is_allowed(field, value, allowed):
    with pytest.raises(PacvizError) as refusal:
        Training(**{field: value})
    assert str(refusal.value).startswith(f"{field} must be")
    assert allowed in str(refusal.value)
    assert f"got {value!r}" in str(refusal.value)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(PacvizError, match=r"density is 0\.1, but method 'dense' prunes nothing"):
        Training(density=0.1)
    with pytest.raises(PacvizError, match="name must differ from start"):
        Training.of("gradual", name="plain")
    for method in ("codebook", "straight-through"):
        with pytest.raises(PacvizError, match="needs trained weights"):
            Training(method=method)


def test_a_method_comes_with_what_suits_it_and_yields_to_what_is_given():
    assert Training.of("surgery").learning_rate == METHODS["surgery"].usual["learning_rate"]
    assert Training.of("surgery", learning_rate=0.5).learning_rate == 0.5
    with pytest.raises(PacvizError, match="method must be one of"):
        Training.of("magic")


@pytest.mark.parametrize("method", METHODS)
def test_the_command_repeats_the_training(method):
    for training in (Training.of(method), Training.of(method, name="other", seed=7, batch_size=32, weight_decay=0.0)):
        words = shlex.split(training.command)[4:]
        given = {
            name.removeprefix("--").replace("-", "_"): value
            for name, value in zip(words[::2], words[1::2], strict=True)
        }
        assert Training.of(**given) == training
