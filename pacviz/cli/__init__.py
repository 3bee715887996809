"""The command line: `python -m pacviz …`, its options and its exit codes."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

from pacviz.cli import commands as run
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.jobs.executors import CHOICES, LOCAL
from pacviz.scenario import PIXELS, Scenario
from pacviz.settings import defaults, settings
from pacviz.store import cut, environment, notices
from pacviz.training.recipe import Training, option

WRONG_CERTIFICATE, WRONG_INPUT, UNFORESEEN, STOPPED = 1, 2, 70, 130
"""Exit codes: `verify` found that a certificate does not hold; a sentence says what to do better; pacviz or the machine
failed in a way that nobody foresaw; Ctrl-C."""
_SPELLED = {
    "δ": "delta",
    "Δ": "Delta",
    "ε": "epsilon",
    "σ": "sigma",
    "−": "-",
    "–": "-",
    "…": "...",
    "×": "x",
    "≤": "<=",
}
"""How a console that lacks a character shows it; a question mark stands for all others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command, and returns its exit code: 0 when it succeeded.

    1 is for `verify` alone: the input was right and the certificate was not.  2, and one sentence on standard error, stands
    for a wrong input, or a machine that cannot do what was asked; 70, and one sentence, for what nobody foresaw.
    PACVIZ_DEBUG=1 shows the whole account of that.
    """
    _speak_to_any_console()
    known = notices()
    warnings.showwarning = lambda message, *_: _tell(str(message))
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except PacvizError as error:
        _tell(str(error))
        return WRONG_INPUT
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        _close_output()
        return 0
    except KeyboardInterrupt:
        _tell("stopped; nothing half-written is left behind.")
        return STOPPED
    except Exception as error:
        if environment("PACVIZ_DEBUG"):
            traceback.print_exc()
        _close_output()
        about = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        _tell(
            f"unexpected error ({cut(about, 300)}); run it again with PACVIZ_DEBUG=1 and report what it prints, with the "
            "command and the versions of pacviz and Python."
        )
        return UNFORESEEN
    finally:
        for sentence in notices():
            if sentence not in known:
                _tell(sentence)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = vars(_parser().parse_args(arguments))
    except SystemExit as ended:  # after help, or with a sentence about a wrong option
        return int(ended.code or 0)
    command = options.pop("command")
    return command(**options) or 0


def _tell(sentence: str) -> None:
    """One line on standard error, where there is one."""
    with suppress(OSError):
        print(f"pacviz: {sentence}", file=sys.stderr, flush=True)


def _close_output() -> None:
    """What is still buffered for standard output must not fail once more on the way out."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_to_any_console() -> None:
    """Characters that the encoding of a console or a file lacks are spelled out, instead of an error."""

    def spelled(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError)
        missing = error.object[error.start : error.end]
        return "".join(_SPELLED.get(character, "?") for character in missing), error.end

    codecs.register_error("pacviz.spelled", spelled)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="pacviz.spelled")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pacviz", description="PAC-Bayes compression bounds in which every bit is charged."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., int | None], json: bool = True) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        if json:
            subparser.add_argument("--json", action="store_true", help="print JSON for machines")
        return subparser

    certify = add("certify", run.certify)
    for name, setting in settings(Scenario).items():
        if name in PIXELS:
            continue
        certify.add_argument(
            f"--{name}",
            metavar=name.upper(),
            help=_escape(
                f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {defaults(Scenario)[name]}."
            ),
        )
    certify.add_argument(
        "--input-range",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="What the network sees for a black and for a white pixel; default 0 1.",
    )
    certify.add_argument("--weights", metavar="FILE", help="Weights from a safetensors file instead of a checkpoint.")
    certify.add_argument(
        "--as-is", action="store_true", help="The weights are pruned and quantized already: certify them as they stand."
    )
    certify.add_argument(
        "--out", metavar="FILE", help="Save the certificate with the network as one file for `verify`."
    )
    choose = add("choose", run.choose)
    for name in ("model", "data", "pruning", "delta", "bound", "seed"):
        about = settings(Scenario)[name]
        choose.add_argument(
            f"--{name}",
            metavar=name.upper(),
            help=_escape(f"{about.title}: {about.allowed}; default {defaults(Scenario)[name]}."),
        )
    choose.add_argument("--checkpoints", nargs="+", metavar="NAME", help="which to compare; default: all there are")
    for name in ("sparsity", "bits"):
        allowed = _escape(settings(Scenario)[name].allowed)
        choose.add_argument(
            f"--{name}", nargs="+", metavar=name.upper(), help=f"{allowed}; default: what suits each checkpoint"
        )
    verify = add("verify", run.verify)
    verify.add_argument("file", metavar="FILE", help="what `certify --out` saved")
    verify.add_argument("--data", metavar="NAME", help="the data that it is about; default: the ones that it names")
    bound = add("bound", run.bound)
    bound.add_argument("--risk", type=float, required=True, help="empirical risk in [0, 1]")
    bound.add_argument("--kl", type=float, required=True, help="KL(posterior || prior), or code length, in nats")
    bound.add_argument("--n", type=int, required=True, help="training examples, at least 8")
    bound.add_argument("--delta", type=float, default=0.05, help="failure probability in (0, 1); default 0.05")
    train = add("train", run.train)
    for name, setting in settings(Training).items():
        usual = f"default {defaults(Training)[name]}" + (
            "" if name in ("model", "data", "name") else ", or what suits the method"
        )
        train.add_argument(
            f"--{option(name)}",
            metavar=name.upper(),
            help=_escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; {usual}."),
        )
    train.add_argument("--folder", help="where to write it; default: where the app finds it")
    runs = add("runs", run.runs)
    runs.add_argument("run", metavar="RUN", nargs="?", help="the run to tell about")
    actions = runs.add_mutually_exclusive_group()
    for action, help in (
        ("stop", "keep everything and stop"),
        ("resume", "go on in the background"),
        ("discard", "move the run and its checkpoint to the trash, for a day"),
        ("restore", "bring back a run that was discarded"),
    ):
        actions.add_argument(f"--{action}", dest="action", action="store_const", const=action, help=help)
    sweep = add("sweep", run.sweep)
    for name in ("model", "data", "checkpoint", "pruning"):
        sweep.add_argument(f"--{name}", default=defaults(Scenario)[name], help=f"default {defaults(Scenario)[name]}")
    for name in ("sparsity", "bits", "noise"):
        sweep.add_argument(
            f"--{name}",
            nargs="+",
            metavar=name.upper(),
            help=f"values of the grid, ascending; {settings(Scenario)[name].allowed}",
        )
    sweep.add_argument("--draws", type=int, help="draws of a training example and fresh weights at a noisy point")
    sweep.add_argument("--folder", help="where to write it; default: where the app finds it")
    _add_units(sweep)
    reproduce = add("reproduce", run.reproduce)
    reproduce.add_argument(
        "name",
        metavar="NAME",
        help="zhou2019-lenet5: LeNet-5 on MNIST, 46 %% in the paper; lotfi2022-mnist: random subspaces, 11.6 %%; "
        "tiny-mnist: a few hundred integers, below that record",
    )
    reproduce.add_argument("--quick", action="store_true", help="in minutes, with a weaker result")
    reproduce.add_argument("--folder", help="where everything is kept; default: a folder of the cache")
    data = add("data", run.data)
    data.add_argument("--list", action="store_true", help="list the data sets (the default)")
    data.add_argument("--download", metavar="NAME", help="download this data set")
    randomize = add("randomize", run.randomize)
    for name, setting in settings(Randomization).items():
        default = defaults(Randomization)[name]
        several = isinstance(default, tuple)
        usual = " ".join(f"{number:g}" for number in default) if several else default
        randomize.add_argument(
            f"--{name.replace('_', '-')}",
            nargs="+" if several else None,
            metavar=name.upper(),
            help=_escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {usual}."),
        )
    randomize.add_argument("--name", help="what the app calls the recording; default: model and data")
    randomize.add_argument("--folder", help="where to write it; default: where the app finds it")
    _add_units(randomize)
    add("experiments", run.experiments)
    benchmark = add("benchmark", run.benchmark, json=False)
    benchmark.add_argument("--app", action="store_true", help="the app as a browser on this machine sees it")
    benchmark.add_argument(
        "--sessions", type=int, help="the app under so many sessions that move a slider for 2 minutes"
    )
    record = add("record", run.record, json=False)
    record.add_argument(
        "what",
        nargs="?",
        choices=("screens", "trials"),
        default="screens",
        help="screens: the first screens (the default); trials: those of the page Does it hold?",
    )
    app = add("app", run.app, json=False)
    app.add_argument("--port", type=int, help="the port to open; default: 8501, or the next one that is free")
    return parser


def _add_units(command: argparse.ArgumentParser) -> None:
    """The options of a command that consists of units of work."""
    command.add_argument("--on", default=LOCAL, metavar="WHERE", help=f"who does the work: {CHOICES}; default {LOCAL}")
    command.add_argument("--dry-run", action="store_true", help="list the units, what is done and what the rest costs")


def _escape(text: str) -> str:
    return text.replace("%", "%%")
