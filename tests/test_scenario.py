"""A Scenario refuses wrong values by name and survives every form that it travels in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz import PacvizError, Scenario
from pacviz.data import DATASETS
from pacviz.settings import settings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sparsity": 1.0}, ("sparsity", "0.999", "1.0")),
        ({"sparsity": "much"}, ("sparsity", "much")),
        ({"sparsity": float("nan")}, ("sparsity", "nan")),
        ({"bits": 9}, ("bits", "from 1 to 8", "9")),
        ({"bits": 2.5}, ("bits", "whole", "2.5")),
        ({"noise": -0.1}, ("noise", "from 0 to 0.2")),
        ({"delta": 0}, ("delta", "strictly between 0 and 1")),
        ({"delta": 1}, ("delta", "strictly between 0 and 1")),
        ({"model": "vgg"}, ("model", "lenet5", "vgg")),
        ({"data": "svhn"}, ("data", "mnist", "svhn")),
        ({"bound": "hoeffding"}, ("bound", "seeger")),
        ({"bound": "occam", "noise": 0.1}, ("occam", "noise", "seeger")),
        ({"checkpoint": "../../etc/passwd"}, ("checkpoint", "lower-case")),
        ({"seed": -1}, ("seed",)),
        ({"input_low": 1.0}, ("input_low", "below input_high", "1 and 1")),
        ({"input_low": float("nan")}, ("input_low", "nan")),
        ({"bits": 12, "checkpoint": "plain"}, ("bits", "from 1 to 8")),
        ({"bits": 17, "checkpoint": "as-is"}, ("bits", "from 0 to 16")),
    ],
)
def test_a_wrong_value_is_refused_with_field_value_and_range(changes, words):
    with pytest.raises(PacvizError) as refusal:
        Scenario(**changes)
    message = str(refusal.value)
    assert all(word in message for word in words), message
    assert message.endswith(".")
    assert "\n" not in message


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(PacvizError, match="sparsness"):
        Scenario.from_mapping({"sparsness": 0.5})


@given(
    sparsity=st.floats(0, 0.999),
    bits=st.integers(1, 8),
    noise=st.floats(0, 0.2),
    delta=st.floats(1e-9, 1 - 1e-9),
    seed=st.integers(0, 2**31 - 1),
    bound=st.sampled_from(["seeger", "catoni", "mcallester"]),
)
def test_text_and_back_is_the_same_scenario(**values):
    scenario = Scenario(**values)
    assert Scenario.from_mapping({name: str(value) for name, value in scenario.to_dict().items()}) == scenario
    assert eval(repr(scenario)) == scenario
    words = scenario.arguments().split()
    assert Scenario.from_mapping(dict(zip((word[2:] for word in words[::2]), words[1::2], strict=True))) == scenario


def test_a_pixel_range_is_two_words_of_the_command_line_and_only_where_it_is_not_the_usual_one():
    assert Scenario(input_low=-1.0).arguments() == " --input-range -1.0 1.0"
    assert "input" not in Scenario(bits=5).arguments()


def test_every_field_has_a_setting_with_help():
    assert set(settings(Scenario)) == set(Scenario().to_dict())
    assert all(setting.title and setting.help.endswith(".") for setting in settings(Scenario).values())


def test_the_data_sets_offered_are_those_that_can_be_loaded():
    assert tuple(DATASETS) == settings(Scenario)["data"].choices()
