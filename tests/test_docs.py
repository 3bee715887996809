"""The documentation is checked like code: its commands parse, its links lead somewhere, its lists are the code's."""

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from pacviz.certificates.archive import Archive, read
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.verify import pack
from pacviz.cli import _parser
from pacviz.cli.commands import every_command
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.explorer import PANELS
from pacviz.literature import PUBLISHED
from pacviz.scenario import Scenario
from pacviz.settings import settings
from pacviz.words import as_printed, at_most

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
COMMAND = re.compile(r"python -m pacviz ([^`\n#]+)")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.name)
def test_the_readme_shows_every_page(experiment):
    """`PYTHONPATH=.:tests/browser python docs/pictures.py` takes the pictures."""
    path = f"docs/pictures/{experiment.name}.webp"
    row = f"| ![{experiment.title}]({path}) | **{experiment.title}**: "
    assert row in (ROOT / "README.md").read_text(encoding="utf-8")
    assert 5_000 < (ROOT / path).stat().st_size <= 60_000


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_understood(page):
    for result in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = shlex.split(result.replace("…", ""))
        if not words or words == ["--help"]:
            continue
        try:
            _parser().parse_args(words)
        except SystemExit as end:
            pytest.fail(f"python -m pacviz {result} is not understood ({end.code})")


def settings_table() -> str:
    """The settings of a Scenario."""
    rows = []
    for name, setting in settings(Scenario).items():
        default = Scenario.__dataclass_fields__[name].default
        rows.append((f"`{name}`", f"{setting.title}. {setting.help}", setting.allowed, str(default)))
    return table(("setting", "what it is", "allowed", "default"), rows)


def commands_table() -> str:
    """The commands of `python -m pacviz`, by experiment, with their options."""
    pages = {command.name: one.title for one in EXPERIMENTS for command in one.commands}
    rows = []
    for command in every_command():
        parser = ArgumentParser(add_help=False)
        command.options(parser)
        options = (
            option.option_strings[-1] if option.option_strings else option.metavar or option.dest
            for option in parser._actions
        )
        about = " ".join((command.run.__doc__ or "").split())
        rows.append((f"`{command.name}`", pages.get(command.name, ""), about, " ".join(f"`{one}`" for one in options)))
    return table(("command", "page", "what it does", "options"), rows)


def hidden_table() -> str:
    """What a link can hide beside controls."""
    return table(("parts that `hide=` knows",), [[" ".join(f"`{name}`" for name in PANELS)]])


def keys_table() -> str:
    """The keys of the header of the certificate file that is written of the first screen."""
    header = Archive.from_bytes(pack(certify(Scenario()))).header
    return table(("key of the header", "kind"), list(keys(header)))


def keys(told: Mapping[str, object], within: str = "") -> Iterator[tuple[str, str]]:
    """Rows of `keys_table`; the first entry of a list stands for all of them."""
    for key, value in told.items():
        several = isinstance(value, list)
        first = value[0] if several else value
        yield f"`{within}{key}`", f"list of {KINDS[type(first)]}s" if several else KINDS[type(first)]
        if isinstance(first, dict):
            yield from keys(first, f"{within}{key}{'[]' if several else ''}.")


KINDS = {dict: "object", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def records_table() -> str:
    """What the shipped certificate files of MNIST say, the smallest bound first; `test_points` verifies them."""
    rows = []
    for path in sorted((ROOT / "assets" / "tight").glob("*-mnist-*.pacviz")):
        certificate = Certificate.from_dict(read(path).header["certificate"])
        cells = (
            f"`{path.stem}`",
            f"{certificate.effective_bytes:,.0f}",
            f"{certificate.risk.mean:.2%}",
            f"{certificate.test.mean:.2%}",
            at_most(certificate.bound),
            at_most(certificate.bound_with_architecture),
        )
        rows.append((certificate.bound, cells))
    head = ("file", "bytes", "training error", "test error", "bound", "with the architecture charged")
    return table(head, [cells for _, cells in sorted(rows)])


def published_table() -> str:
    """The published results that the charts show, as far as their papers print them."""
    rows = [
        (
            result.name,
            result.source,
            result.data,
            f"{result.n:,}",
            "" if result.size is None else f"{result.size:,.0f}",
            "" if result.risk is None else f"{result.risk:.2%}",
            "" if result.bound is None else as_printed(result.bound),
            result.note,
        )
        for result in PUBLISHED
    ]
    return table(("result", "source", "data", "n", "bytes", "training error", "certificate", "note"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


TABLES = {
    "settings": ("settings.md", settings_table),
    "commands": ("commands.md", commands_table),
    "what hide= hides": ("pages.md", hidden_table),
    "file keys": ("certificate-file.md", keys_table),
    "records": ("results.md", records_table),
    "published results": ("results.md", published_table),
}
"""What is written by this script: the file in docs/ and its table, which is found again by its first line."""


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_code_and_the_files_say(name):
    page, made = TABLES[name]
    assert made() in (ROOT / "docs" / page).read_text(encoding="utf-8"), (
        "PYTHONPATH=. python tests/test_docs.py writes it"
    )


def write() -> None:
    """Writes every table into its page, in the place of the one with the same first line."""
    for page, made in TABLES.values():
        path = ROOT / "docs" / page
        text, wanted = path.read_text(encoding="utf-8"), made()
        before, head, rest = text.partition(wanted.splitlines()[0] + "\n")
        assert head, f"{page} lacks the line {wanted.splitlines()[0]}"
        after = re.sub(r"\A(\|.*\n)*", "", rest)
        path.write_text(f"{before}{wanted}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
