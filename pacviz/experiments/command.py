"""What the commands of all experiments share: their type, options made of settings, paths, JSON and the bar of progress."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pacviz.progress import Progress
from pacviz.settings import defaults, settings

if TYPE_CHECKING:
    from pacviz.jobs.units import Plan


@dataclass(frozen=True)
class Command:
    """A command of `python -m pacviz`.

    run: does the work; it is called with the options by their names and returns the exit code, None for 0.  Its name, with
    dashes, is the command's, its docstring the help.  options: adds the options to a parser.  json: whether it can print JSON.
    """

    run: Callable[..., int | None]
    options: Callable[[ArgumentParser], None] = lambda parser: None
    json: bool = True

    @property
    def name(self) -> str:
        return self.run.__name__.replace("_", "-")


def add_settings(parser: ArgumentParser, of: type, names: Iterable[str] | None = None) -> None:
    """An option for each setting of a dataclass, or for those of these names; one that is not given is None."""
    for name in settings(of) if names is None else names:
        setting, default = settings(of)[name], defaults(of)[name]
        several = isinstance(default, tuple)
        usual = " ".join(f"{number:g}" for number in default) if several else default
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            nargs="+" if several else None,
            metavar=name.upper(),
            help=escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {usual}."),
        )


def add_units(parser: ArgumentParser) -> None:
    """The options of a command that consists of units of work."""
    from pacviz.jobs.executors import CHOICES, LOCAL

    parser.add_argument("--on", default=LOCAL, metavar="WHERE", help=f"who does the work: {CHOICES}; default {LOCAL}")
    parser.add_argument("--dry-run", action="store_true", help="list the units, what is done and what the rest costs")


def escape(text: str) -> str:
    """A help text, in which argparse fills in what follows a percent sign."""
    return text.replace("%", "%%")


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Those options that somebody gave."""
    return {name: value for name, value in options.items() if value is not None}


def tell_plan(plan: Plan) -> None:
    """Says that a command goes on, or that its settings were changed; a new one has nothing to say."""
    if plan.missing and (plan.done or plan.changed):
        print(f"pacviz: {plan.sentence}", file=sys.stderr)


def print_plan(plan: Plan, json: bool) -> None:
    """What `--dry-run` says: the units, which of them are done, and what the rest costs."""
    from pacviz.jobs.units import table

    print(as_json(plan.to_dict()) if json else f"{table(plan.units)}\n{plan.sentence}".lstrip())


def path_of(text: str | None) -> Path | None:
    """The path that somebody wrote, None where nobody did."""
    from pacviz.store import given_path

    return None if text is None else given_path(text)


def as_json(value: Any) -> str:
    """JSON for machines and people."""
    return json.dumps(value, indent=2)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error where that is a terminal; it is told the fraction done and what is being done."""
    with ExitStack() as shown:

        @cache
        def bar() -> Any:
            from tqdm import tqdm

            form = "{desc:35.35}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
            return shown.enter_context(tqdm(total=1.0, disable=None, leave=False, bar_format=form))

        def advance(fraction: float, what: str) -> None:
            bar().set_description_str(what, refresh=False)
            bar().update(fraction - bar().n)

        yield advance
