"""What is promised is rounded to the safe side, in every sentence, table and label."""

import ast
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz import Scenario, store
from pacviz.certificates.archive import read
from pacviz.certificates.certificate import Certificate
from pacviz.words import above, at_least, at_most, probability, size, surely

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(store.ASSETS.rglob("*.pacviz"))
STATEMENT = re.compile(r"With probability (?:1 − )?([\d.e-]+) over the training data the true error is below ([\d.]+)%")


def share(text: str) -> Fraction:
    return Fraction(text.rstrip(" %")) / 100


@given(st.floats(0, 1), st.integers(0, 4))
def test_a_bound_is_rounded_up_and_by_less_than_a_unit(bound, digits):
    shown = share(at_most(bound, digits))
    assert 0 <= shown - Fraction(bound) < Fraction(1, 10 ** (digits + 2))
    assert share(at_least(bound, digits)) <= Fraction(bound)


def test_rounding_starts_from_the_exact_value_of_the_float():
    assert at_most(0.1510489) == "15.11%"
    assert at_most(0.064203) == "6.43%"
    # 0.151 lies a little below 151/1000 as a float, 0.1 a little above 1/10.
    assert at_most(0.151) == "15.10%"
    assert at_most(0.1) == "10.01%"
    assert at_least(0.151) == "15.09%"
    assert at_most(1.0) == "100.00%"
    assert at_most(5e-324) == "0.01%"
    assert at_most(-1e-9) == "0.00%"
    assert str(above(0.0702, 6)) in ("0.070200", "0.070201")


@given(st.one_of(st.floats(5e-324, 1, exclude_max=True), st.floats(-323, -1e-12).map(lambda power: 10.0**power)))
def test_a_probability_is_rounded_down_and_never_certain(delta):
    if not 0 < delta < 1:
        return
    exact = Fraction(repr(delta))
    for shown, unit in ((probability(delta), 1), (surely(delta), 100)):
        if shown.startswith("1 − "):
            assert exact <= Fraction(shown[4:]) < Fraction("1e-15")
        else:
            assert 0 < Fraction(shown.removesuffix(" %")) <= unit * (1 - exact) < unit


def test_a_probability_is_as_plain_as_its_delta():
    assert [probability(delta) for delta in (0.05, 0.00004, 1e-6, 0.5, 0.999, 2e-20)] == [
        *("0.95", "0.99996", "0.999999", "0.5", "0.001", "1 − 2e-20")
    ]
    assert surely(0.05) == "95 %"
    assert surely(4e-5) == "99.996 %"
    with pytest.raises(ValueError, match="between 0 and 1"):
        probability(1.0)


def test_sizes():
    assert [size(count) for count in (999, 1000, 12_345, 2_500_000)] == ["999 B", "1.00 kB", "12.3 kB", "2.50 MB"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_statement_promises_no_more_than_its_bound(path):
    claimed = read(path).header["certificate"]
    result = STATEMENT.match(claimed["statement"])
    assert result
    assert float(result[1]) <= 1 - claimed["delta"]
    assert 0 <= share(result[2]) - Fraction(claimed["bound"]) < Fraction("0.0001")
    assert Certificate.from_dict(claimed).statement == claimed["statement"]


@pytest.mark.parametrize("delta", [0.05, 4e-5, 1e-6, 1e-300, 0.999])
def test_no_statement_is_certain(delta):
    claimed = read(SHIPPED[0]).header["certificate"]
    scenario = {**claimed["scenario"], "delta": delta}
    certificate = Certificate(Scenario.from_mapping(scenario), Certificate.from_dict(claimed).measurement)
    text = certificate.statement.removeprefix("With probability ")
    assert not re.match(r"(1|0)(\.0*)? over", text)
    assert at_most(certificate.bound) in text
    assert at_most(certificate.bound) in certificate._repr_html_()
    assert at_most(certificate.bound).rstrip("%") in certificate.formula


# What stands in a sentence as a share of a bound, a limit or a probability is written by words.py.
PROMISED = re.compile(r"\b(bounds?|upper|naive_upper|height|value)\b")


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


@pytest.mark.parametrize("path", sources("pacviz/**/*.py", "pages/*.py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_python_formats_no_bound_to_the_nearest(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    earlier = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "earlier_statement"
    ]
    for node in set(ast.walk(tree)) - {part for function in earlier for part in ast.walk(function)}:
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec, told = ast.unparse(node.format_spec), ast.unparse(node.value)
            if "%" in spec:
                assert not PROMISED.search(told) or path.parent.name == "words", f"line {node.lineno}: {told} as {spec}"
            assert not re.match(r"1 - .*delta", told), f"line {node.lineno}: {told}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            hovered = re.search(r"bound[^%<]*%\{[xy]:[^}]*%\}", node.value)
            assert not hovered, f"line {node.lineno}: {node.value}"


@pytest.mark.parametrize("path", sources("pacviz/**/*.js"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_browser_formats_no_bound_to_the_nearest(path):
    text = path.read_text(encoding="utf-8")
    if path.name != "words.js":
        assert not re.search(r"(percent|round)\([^()]*\b(bounds?|upper|surer)\b", text)
        assert not re.search(r"\b(bounds?|upper)\b[^;`\n]{0,30}\)*\.(toFixed|toPrecision)", text)
        assert not re.search(r"1 - (state|result|values)\.delta", text)
