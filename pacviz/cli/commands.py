"""The commands that belong to no experiment: the app, the list of experiments, benchmarks and recordings."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from pacviz.experiments import experiment as known
from pacviz.experiments.command import Command, as_json, progress_bar
from pacviz.store import environment


def app(port: int | None) -> None:
    """Starts the app and opens it in a browser."""
    from pacviz.app.launch import launch

    launch(port)


def _app_options(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="the port to open; default: 8501, or the next one that is free")


def experiments(json: bool) -> None:
    """Lists the experiments: each with its page, its commands and its folder."""
    rows = [experiment.to_dict() for experiment in known.experiments()]
    if json:
        print(as_json(rows))
        return
    for experiment in known.experiments():
        print(f"{experiment.name:15}{experiment.title:22}{' '.join(command.name for command in experiment.commands)}")


def benchmark(
    app: bool,
    sessions: int | None,
    visitors: list[str] | None,
    codes: bool,
    networks: list[str] | None,
    nncodec: str | None,
    json: bool,
) -> None:
    """Prints the medians that docs/speed.md quotes, as JSON; --codes: the sizes and times of the code, as a table."""
    if codes or networks is not None or nncodec is not None:
        from pacviz.benchmarks.codes import codes_benchmark

        with progress_bar() as progress:
            rows = codes_benchmark(networks, nncodec, progress)
        print(as_json(rows) if json else _table(rows))
        return
    if app:
        from pacviz.benchmarks.app import app_benchmark

        print(as_json(app_benchmark()))
        return
    if visitors is not None or sessions is not None:
        from pacviz.benchmarks.visitors import visitors_benchmark

        print(as_json(visitors_benchmark(sessions, visitors)))
        return
    from pacviz.benchmarks.steps import benchmark

    print(as_json(benchmark()))


def _table(rows: list[dict[str, Any]]) -> str:
    """As Markdown."""

    def told(value: Any) -> str:
        return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

    lines = [list(rows[0]), ["---"] * len(rows[0]), *([told(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _benchmark_options(parser: ArgumentParser) -> None:
    parser.add_argument("--app", action="store_true", help="the app as a browser on this machine sees it")
    parser.add_argument("--sessions", type=int, help="the app under so many sessions that move a slider for 2 minutes")
    parser.add_argument(
        "--visitors",
        nargs="*",
        metavar="WORD",
        help="what one visitor waits while another does the worst he can; with words: what has one of them in its name",
    )
    parser.add_argument(
        "--codes", action="store_true", help="the code on networks that ship, beside entropy, xz and NNCodec"
    )
    parser.add_argument(
        "--networks", nargs="+", metavar="TEXT", help="those with one of these texts in DATA/MODEL/NAME"
    )
    parser.add_argument(
        "--nncodec", metavar="PYTHON", help="NNCodec beside them: the Python of an environment with nncodec"
    )


def record(what: str) -> None:
    """Measures again what the app shows at once, and writes the recordings that ship with pacviz."""
    from pacviz.experiments import recordings
    from pacviz.experiments.does_it_hold import results

    with progress_bar() as progress:
        print(recordings.record_screens(progress) if what == "screens" else results.record_trials(progress))


def _record_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("screens", "trials"),
        default="screens",
        help="screens: the first screens (the default); trials: those of the page Does it hold?",
    )


def every_command() -> tuple[Command, ...]:
    """All that `python -m pacviz` can do."""
    return (
        *(command for experiment in known.experiments() for command in experiment.commands),
        Command(experiments),
        Command(benchmark, _benchmark_options),
        Command(record, _record_options, json=False),
        Command(app, _app_options, json=False),
    )


def commands_named(name: str) -> tuple[Command, ...]:
    """The command of that name alone where its folder can be told without importing the others; else all there are.

    A command is named after its function, so that the file of an experiment which defines it is found by its text.
    """
    function = name.replace("-", "_")
    if environment("PACVIZ_MODULES") or not function.isidentifier():
        return every_command()
    folder = Path(str(known.__file__)).parent
    files = [file for file in folder.glob("*/command.py") if f"\ndef {function}(" in file.read_text("utf-8")]
    if len(files) != 1:
        return every_command()
    commands = import_module(f"pacviz.experiments.{files[0].parent.name}.command").COMMANDS
    return tuple(command for command in commands if command.name == name) or every_command()
