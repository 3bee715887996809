"""Every command that a sentence advises can be given: it is understood, and refused by nothing that is known beforehand."""

import re
import shlex
from pathlib import Path

import pytest

from pacviz import cli, data
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.models import ARCHITECTURES, architecture
from pacviz.scenario import DATA_NAMES, Scenario
from pacviz.training import processes as runs
from pacviz.training.recipe import Training

COMMAND = re.compile(r"`python -m pacviz ([^`]*)`")
SOURCES = sorted((Path(__file__).parents[2] / "pacviz").rglob("*.py"))


def advised(text):
    return COMMAND.findall(text)


def understood(command):
    """The options of a command; fails where the parser refuses it, or the command would at once."""
    options = vars(cli._parser().parse_args(shlex.split(command)))
    name = options.pop("command").__name__
    if name == "certify" and options["weights"]:
        assert options["model"], command
    return name, options


def possible(command):
    """Fails where what is known beforehand refuses the command."""
    name, options = understood(command)
    if name == "train":
        given = {key: value for key, value in options.items() if value is not None}
        fields = Training.__dataclass_fields__
        runs.check(Training.of(**{key: value for key, value in given.items() if key in fields}), None)
    elif name == "data":
        assert data.source(options["download"]).download is not None
    elif name == "certify" and not options["weights"]:
        Scenario.from_mapping({key: value for key, value in options.items() if value and key in Scenario.__dict__})


@pytest.fixture(autouse=True)
def everything_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "is_available", lambda name: True)


@pytest.mark.parametrize("set_of", DATA_NAMES)
def test_who_lacks_a_checkpoint_is_told_what_can_be_done(set_of):
    commands = 0
    for model in ARCHITECTURES:
        for name in ("gradual", "mine", "gradual-0.15", "scratch", "as-is"):
            if name in checkpoints.choices(model, set_of):
                continue
            with pytest.raises(PacvizError) as refusal:
                checkpoints.find(model, set_of, name)
            sentence = str(refusal.value)
            for command in advised(sentence):
                possible(command)
                commands += 1
            fits = architecture(model).input_shape == data.source(set_of).shape
            assert fits or name == "as-is" or ("choose one of the models" in sentence and not advised(sentence))
    assert commands >= 10


@pytest.mark.parametrize("name", [name for name in DATA_NAMES if name != "digits"])
def test_who_lacks_a_data_set_is_told_what_can_be_done(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    with pytest.raises(PacvizError) as refusal:
        data.load(name)
    commands = advised(str(refusal.value))
    assert len(commands) == (data.source(name).download is not None)
    for command in commands:
        possible(command)


def test_every_command_in_a_sentence_of_the_source_is_understood():
    result = {
        command
        for path in SOURCES
        for command in advised(path.read_text(encoding="utf-8"))
        if not re.search(r"[{…\n]", command)
    }
    assert len(result) >= 3
    for command in sorted(result):
        if command.split() and command.split()[0].isalpha() and not re.search(r"\.\.\.|\"", command):
            understood(command)
