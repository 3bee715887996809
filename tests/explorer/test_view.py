"""Everything that a visitor sees can be said by a link, and a link that is not understood says so."""

import pytest

from pacviz import PacvizError, Scenario
from pacviz.explorer import MOST_PINS, PRESETS, TOUR, Pin, View, hidden, pinned, released


def test_pins_and_what_is_hidden_come_back_from_their_texts():
    pins = (Pin(Scenario()), Pin(Scenario(sparsity=0.9, data="mnist", bound="catoni", noise=0.05), n=1000))
    assert pinned(";".join(pin.to_text() for pin in pins)) == pins
    assert hidden("delta,sizes") == ("delta", "sizes")
    assert pinned("") == hidden("") == ()


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (hidden, "delta,everything", "hide must name controls or panels"),
        (pinned, "sparsity:2", "sparsity must be from 0 to 0.999"),
        (pinned, "size:2", "There is no setting 'size'"),
        (pinned, ";".join(["default"] * (MOST_PINS + 1)), f"at most {MOST_PINS}"),
    ],
)
def test_a_text_that_is_not_understood_is_named(read, text, words):
    with pytest.raises(PacvizError, match=words):
        read(text)


def test_a_contradicting_pin_is_refused():
    with pytest.raises(PacvizError, match="holds for one deterministic network only"):
        Pin.from_text("bound:occam,noise:0.1")


@pytest.mark.parametrize("preset", [*PRESETS, *TOUR], ids=lambda preset: preset.title)
def test_every_preset_is_a_setting_that_can_be_asked_for(preset):
    Pin.from_mapping({**Scenario().to_dict(), **preset.changes})
    assert preset.changes or preset.sweet_spot
    assert preset.sentence.endswith(".")


def test_a_tour_has_steps_that_ask_before_they_show():
    assert 6 <= len(TOUR) <= 8
    asking = [step for step in TOUR if step.question]
    assert len(asking) >= 2
    assert all(len(step.answers) >= 2 for step in asking)


def test_what_is_let_go_is_a_setting_and_a_view_that_keeps_what_it_does_not_move():
    pin = {**Scenario(bits=5).to_dict(), "n": 0}
    moved = {**Scenario(sparsity=0.9).to_dict(), "n": 1000, "along": "bits", "tour": 3, "pins": [pin], "seq": 7}
    scenario, view = released(moved, View(hide=("delta",), present=1))
    assert scenario == Scenario(sparsity=0.9)
    assert view == View(n=1000, along="bits", tour=3, present=1, hide=("delta",), pins=(Pin(Scenario(bits=5)),))
    with pytest.raises(PacvizError, match="tour must be from 0 to"):
        released({**moved, "tour": 99}, View())
