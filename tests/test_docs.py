"""The documentation is checked like code: its commands parse, its links lead somewhere, its lists are the code's."""

import re
import shlex
from pathlib import Path

import pytest

from pacviz.certificates.archive import read
from pacviz.certificates.certificate import Certificate
from pacviz.cli import _parser
from pacviz.explorer import PANELS
from pacviz.scenario import Scenario
from pacviz.settings import settings
from pacviz.words import at_most

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
COMMAND = re.compile(r"python -m pacviz ([^`\n#]+)")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_understood(page):
    for found in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = shlex.split(found.replace("…", ""))
        if not words or words == ["--help"]:
            continue
        try:
            _parser().parse_args(words)
        except SystemExit as end:
            pytest.fail(f"python -m pacviz {found} is not understood ({end.code})")


def test_what_can_be_hidden_is_what_the_documentation_lists():
    (row,) = [
        line
        for line in (ROOT / "docs" / "pages.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `hide=")
    ]
    assert set(re.findall(r"`([a-z]+)`", row.split("|")[2])) == set(PANELS)


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert settings_table() in text


def settings_table() -> str:
    """The settings of a Scenario as docs/settings.md shows them."""
    lines = ["| setting | what it is | allowed | default |", "| --- | --- | --- | --- |"]
    for name, setting in settings(Scenario).items():
        default = Scenario.__dataclass_fields__[name].default
        cells = (f"`{name}`", f"{setting.title}. {setting.help}", setting.allowed, str(default))
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)


def test_the_table_of_records_is_that_of_the_files():
    assert records_table() in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


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
        rows.append((certificate.bound, "| " + " | ".join(cells) + " |"))
    head = ("file", "bytes", "training error", "test error", "bound", "with the architecture charged")
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *(row for _, row in sorted(rows))])


if __name__ == "__main__":
    (ROOT / "docs" / "settings.md").write_text(
        "# Settings\n\nEverything that can be set for a certificate: the options of `certify`, the fields of a `Scenario` "
        "and the parameters of a link.\n`python tests/test_docs.py` writes this page.\n\n" + settings_table() + "\n",
        encoding="utf-8",
    )
