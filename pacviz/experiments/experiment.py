"""The list of experiments: the navigation, the command line and the tests of every page are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pacviz.experiments.command import Command


@dataclass(frozen=True)
class Experiment:
    """One folder of pacviz/experiments and the page that shows it.

    name: of the folder.  title: in the navigation.  page: of the file in pages/, which is the page's address, save for
    the first page, which has none.  icon: a Material symbol.
    """

    name: str
    title: str
    page: str
    icon: str

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.name

    @property
    def commands(self) -> tuple[Command, ...]:
        """What does its work from a shell: COMMANDS of its command.py, none where it has no such file."""
        module = f"{__package__}.{self.name}.command"
        return import_module(module).COMMANDS if find_spec(module) else ()

    def to_dict(self) -> dict[str, object]:
        """Plain values, as `python -m pacviz experiments --json` prints them."""
        names = [command.name for command in self.commands]
        return {
            "name": self.name,
            "title": self.title,
            "page": f"pages/{self.page}.py",
            "command": names[0] if names else None,
            "commands": names,
            "folder": f"pacviz/experiments/{self.name}",
        }


EXPERIMENTS = (
    Experiment("compress", "Compress", "compress", "compress"),
    Experiment("frontier", "Trained to compress", "frontier", "trending_down"),
    Experiment("tightest", "Tightest", "tightest", "trophy"),
    Experiment("train", "Train", "train", "model_training"),
    Experiment("random_labels", "Random labels", "labels", "shuffle"),
    Experiment("does_it_hold", "Does it hold?", "holds", "rule"),
    Experiment("bounds", "Bounds", "bounds", "show_chart"),
    Experiment("data", "Data", "data", "grid_on"),
)
"""In the order of the navigation; the first one is the first screen."""
