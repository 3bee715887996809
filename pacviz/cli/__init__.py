"""The command line: `python -m pacviz …`, its options and its exit codes."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pacviz.cli.commands import commands_named, every_command
from pacviz.errors import PacvizError
from pacviz.experiments.command import Command
from pacviz.store import cut, environment, notices

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
        given = list(sys.argv[1:] if arguments is None else arguments)
        options = vars(_parser(commands_named(given[0]) if given else every_command()).parse_args(given))
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


class _Parser(argparse.ArgumentParser):
    """A parser whose help is lost as loudly as any other output; argparse itself is silent about a full disk."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def _parser(known: Sequence[Command] | None = None) -> argparse.ArgumentParser:
    """Of these commands; of all where None."""
    parser = _Parser(prog="python -m pacviz", description="PAC-Bayes compression bounds in which every bit is charged.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in every_command() if known is None else known:
        subparser = commands.add_parser(command.name, help=command.run.__doc__, description=command.run.__doc__)
        subparser.set_defaults(command=command.run)
        command.options(subparser)
        if command.json:
            subparser.add_argument("--json", action="store_true", help="print JSON for machines")
    return parser
