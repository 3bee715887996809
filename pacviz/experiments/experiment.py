"""The list of experiments: the navigation, the command line and the tests of every page are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Experiment:
    """One folder of pacviz/experiments and the page that shows it.

    name: of the folder.  title: in the navigation.  page: of the file in pages/, which is the page's address, save for
    the first page, which has none.  icon: a Material symbol.  commands: of `python -m pacviz` that do its work from a shell.
    """

    name: str
    title: str
    page: str
    icon: str
    commands: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.name

    def to_dict(self) -> dict[str, object]:
        """Plain values, as `python -m pacviz experiments --json` prints them."""
        return {
            "name": self.name,
            "title": self.title,
            "page": f"pages/{self.page}.py",
            "command": self.commands[0] if self.commands else None,
            "commands": list(self.commands),
            "folder": f"pacviz/experiments/{self.name}",
        }


EXPERIMENTS = (
    Experiment("compress", "Compress", "compress", "compress", ("certify", "sweep")),
    Experiment("frontier", "Trained to compress", "frontier", "trending_down", ("choose",)),
    Experiment("tightest", "Tightest", "tightest", "trophy", ("reproduce", "verify")),
    Experiment("train", "Train", "train", "model_training", ("train", "runs")),
    Experiment("random_labels", "Random labels", "labels", "shuffle", ("randomize",)),
    Experiment("does_it_hold", "Does it hold?", "holds", "rule"),
    Experiment("bounds", "Bounds", "bounds", "show_chart", ("bound",)),
    Experiment("data", "Data", "data", "grid_on", ("data",)),
)
"""In the order of the navigation; the first one is the first screen."""
