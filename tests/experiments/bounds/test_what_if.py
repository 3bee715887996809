"""What the page of the bounds is given: every setting as a control, every published result, and nothing computed."""

import itertools
import json

import pytest

from pacviz.bounds import BOUNDS
from pacviz.bounds.operating_point import NATS_PER, OperatingPoint
from pacviz.experiments.bounds.payload import SYMBOLS, payload, stops
from pacviz.literature import PUBLISHED
from pacviz.settings import defaults, settings

SETTINGS, DEFAULTS = settings(OperatingPoint), defaults(OperatingPoint)


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_slider_goes_from_end_to_end_in_even_steps_of_allowed_values(name):
    setting, kind = SETTINGS[name], type(DEFAULTS[name])
    values = stops(setting, kind)
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (setting.low, setting.high)
    assert DEFAULTS[name] in values
    for value in values:
        assert type(setting.check(name, value, kind)) is kind
    positive = [value for value in values if value >= setting.smallest]
    assert max(after / before for before, after in itertools.pairwise(positive)) <= 1.26


def test_every_setting_is_a_control_with_its_limits_and_help():
    controls = {control["name"]: control for control in payload(OperatingPoint())["controls"]}
    assert list(controls) == list(SETTINGS)
    for name, control in controls.items():
        assert control["title"] == SETTINGS[name].title
        assert control["help"].startswith(SETTINGS[name].help)
        assert ("stops" in control) == (name in SYMBOLS)
    assert [choice for choice, _ in controls["unit"]["choices"]] == list(NATS_PER)
    assert controls["bound"]["choices"] == [[name, bound.title] for name, bound in BOUNDS.items()]
    assert controls["n"]["whole"]
    assert not controls["kl"]["whole"]


def test_the_payload_is_plain_and_holds_the_point_and_what_was_heard():
    point = OperatingPoint(n=1_281_167, risk=0.35, kl=358_400.0, classes=1000, bound="catoni")
    values = json.loads(json.dumps(payload(point, echo=7)))
    assert OperatingPoint(**values["state"]) == point
    assert values["echo"] == 7


def test_every_published_result_is_a_point_of_the_charts_and_a_preset_where_its_numbers_are_known():
    given = {result["name"]: result for result in payload(OperatingPoint())["published"]}
    assert list(given) == [result.name for result in PUBLISHED]
    for result in PUBLISHED:
        one = given[result.name]
        assert (one["n"], one["size"], one["height"]) == (result.n, result.size, result.height)
        assert one["certificate"] == (result.bound is not None)
        assert result.source in one["says"]
        assert "<" not in one["says"]
        assert (one["point"] and OperatingPoint(**one["point"])) == result.point


def test_every_tick_lies_on_its_axis():
    for axis in payload(OperatingPoint())["axes"].values():
        assert len(axis["ticks"]) >= 6
        assert all(axis["low"] <= power <= axis["high"] for power, _ in axis["ticks"])
        assert all(label for _, label in axis["ticks"])
