"""The list of experiments: the navigation, the command line and the tests of every page are made from it."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pacviz.experiments.command import Command
from pacviz.settings import import_extensions


@dataclass(frozen=True)
class Experiment:
    """One folder of pacviz/experiments and the page that shows it.

    name: of the folder.  title: in the navigation.  page: of the file in pages/, which is the page's address, save for
    the first page, which has none.  icon: a Material symbol.  place: in the navigation, from the first on; the first
    experiment is the first screen.
    """

    name: str
    title: str
    page: str
    icon: str
    place: int = 100

    @property
    def folder(self) -> Path:
        (folder,) = import_module(f"{__package__}.{self.name}").__path__
        return Path(folder)

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


@cache
def experiments() -> tuple[Experiment, ...]:
    """Every folder of this package that says that it is an experiment, in the order of the navigation."""
    import_extensions()
    package = import_module(str(__package__))
    modules = [
        import_module(entry.name) for entry in pkgutil.iter_modules(package.__path__, f"{__package__}.") if entry.ispkg
    ]
    listed = [module.EXPERIMENT for module in modules if hasattr(module, "EXPERIMENT")]
    return tuple(sorted(listed, key=lambda experiment: (experiment.place, experiment.name)))


if TYPE_CHECKING:
    EXPERIMENTS: tuple[Experiment, ...]


def __getattr__(name: str) -> Any:
    """EXPERIMENTS is `experiments()`: the folders are looked at when it is first asked for."""
    if name == "EXPERIMENTS":
        return experiments()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
