"""What is charged is told once: the app and docs/charges.md show the same table, and it names every line of a ledger."""

from pathlib import Path

import pytest

from pacviz import Scenario, certify
from pacviz.certificates.charges import COLUMNS, ROWS, markdown

CHARGES = Path(__file__).parents[2] / "docs" / "charges.md"


def test_the_documentation_holds_the_table():
    assert markdown() in CHARGES.read_text(encoding="utf-8")


def test_every_row_says_where_it_is_charged_or_why_not():
    for row in ROWS:
        assert len(row) == len(COLUMNS)
        _, charged, why = row
        assert (charged == "no") == bool(why)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_every_line_of_a_ledger_is_a_row(noise):
    charged = " ".join(row[1] for row in ROWS)
    for charge in certify(Scenario(sparsity=0.97, noise=noise), preview=True).ledger.charges:
        assert all(word in charged for word in charge.kind.split())
