"""One list of experiments: each has its folder, its page and its commands, and nothing lies beside them."""

import json

import pytest

from pacviz import store
from pacviz.cli import _parser, main
from pacviz.experiments.experiment import EXPERIMENTS

ROOT = store.ASSETS.parent


def test_every_page_and_folder_belongs_to_an_experiment():
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == {one.page for one in EXPERIMENTS}
    folders = {path.parent.name for path in (ROOT / "pacviz" / "experiments").glob("*/__init__.py")}
    assert folders == {one.name for one in EXPERIMENTS}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.name)
def test_an_experiment_has_a_page_and_commands_that_are_there(experiment):
    text = (ROOT / "pages" / f"{experiment.page}.py").read_text(encoding="utf-8")
    assert f"from pacviz.experiments.{experiment.name}.page import page" in text
    for command in experiment.commands:
        with pytest.raises(SystemExit) as end:
            _parser().parse_args([command.name, "--help"])
        assert end.value.code == 0


def test_the_command_line_lists_them(capsys):
    assert main(["experiments", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [one.name for one in EXPERIMENTS]
    assert all((ROOT / row["page"]).is_file() and (ROOT / row["folder"]).is_dir() for row in rows)
