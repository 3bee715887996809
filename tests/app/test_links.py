"""One reader for the links of all pages: whatever stands in a link, a page opens, with a sentence in plain text."""

import importlib
import importlib.util
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import data
from pacviz.app.links import PRESENT, _checked, flag
from pacviz.app.plain import plain
from pacviz.errors import MOST_SHOWN, quoted
from pacviz.experiments.experiment import EXPERIMENTS

APP = str(Path(__file__).parents[2] / "app.py")
PAGES = {one.page: one.name for one in EXPERIMENTS}
"""By page, the experiment that it belongs to."""


def parameters_of(name):
    """Those of an experiment's page, which lie beside its controls where it has a file of them."""
    page = f"pacviz.experiments.{name}.page"
    controls = f"{page}_controls" if importlib.util.find_spec(f"{page}_controls") else page
    return importlib.import_module(controls).PARAMETERS


PARAMETERS = {page: (*parameters_of(name), PRESENT) for page, name in PAGES.items()}
EVERY = [pytest.param(one, id=f"{page}-{one.name}") for page, each in PARAMETERS.items() for one in each]
MARKDOWN = "2\n\n# Moved\n\n**Sign in** [here](http://127.0.0.1:1/x)\n\n![x](http://127.0.0.1:1/x.svg)"
CORNERS = (
    *("", " ", "inf", "-inf", "nan", "NaN", "1e400", "-1", "0", "0.5", "1e-300", "9" * 5000, "1_0", "٣"),
    *("true", "None", "[]", "nope", "A", "a,b;c:d", ";", ",", ":", "checkpoint:nope", "x" * 2000, MARKDOWN),
    *(":material/home: :smile: $x^2$ `c`", "<img src=http://127.0.0.1:1/x>", "\u202eabc", "\ud83d", "🙂" * 50),
    *("../../etc/passwd", "\x00\x1b[2J"),
)


@pytest.mark.parametrize("parameter", EVERY)
def test_each_parameter_takes_a_text_or_says_in_a_short_line_why_not(parameter):
    for corner in CORNERS:
        values, problems = _checked((parameter,), {parameter.name: [corner]})
        assert len(values) + len(problems) == 1
        for problem in problems:
            assert "\n" not in problem
            assert len(corner) <= MOST_SHOWN or corner[: MOST_SHOWN + 1] not in problem
        for value in values.values():
            assert parameter.read(parameter.write(value)) == value


@pytest.mark.parametrize("parameter", EVERY)
def test_what_a_page_writes_into_its_link_is_read_again(parameter):
    if parameter.default is not None:
        assert parameter.read(parameter.write(parameter.default)) == parameter.default


def test_the_names_of_a_page_are_unique():
    for result in PARAMETERS.values():
        assert len({one.name for one in result}) == len(result)


def test_unknown_repeated_and_outdated_parts_of_a_link_are_said_and_left_out():
    query = {"x": ["true", "false"], "nope": ["1"], "v": ["7"], "y": ["true"]}
    values, problems = _checked((flag("x", False), flag("y", False)), query)
    assert values == {"y": True}
    assert [problem.split(",")[0] for problem in problems] == [
        "x must be given once",
        "This page has no setting 'nope'; it is left out.",
        "This link was made by another version of pacviz (v is '7'",
    ]


def test_a_value_from_outside_is_quoted_and_cut():
    assert quoted("a'b") == '"a\'b"'
    assert len(quoted("x" * 5000)) == MOST_SHOWN
    assert "\n" not in quoted(MARKDOWN)
    assert quoted(10**5000) == "a number of very many digits"


@pytest.mark.parametrize("text", ["# a", "1. a", "12) a", "- a", "> a", "a  \n b", "\x1b[2J"])
def test_plain_text_is_one_line_that_starts_nothing(text):
    shown = plain(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert shown[0] != text[0] or shown[: len(text)] != text


def test_plain_text_breaks_what_markdown_would_turn_into_something_else():
    assert plain("**a** [b](c)") == r"\*\*a\*\* \[b\](c)"
    for call in ("http://a", ":smile:", ":material/home:", "a@b.c", "www.a.b"):
        assert call not in plain(call)
    assert plain("snake_case, 0.5 to 1: it's (fine)") == "snake_case, 0.5 to 1: it's (fine)"


@pytest.fixture(scope="module")
def app():
    data.load("digits")
    return lambda: AppTest.from_file(APP, default_timeout=300)


def opened(app, page, query):
    test = app()
    if page != "compress":
        test.run().switch_page(f"pages/{page}.py")
    test.query_params.update(query)
    return test.run()


def picture(test):
    return any(test.get(kind) for kind in ("bidi_component", "plotly_chart", "html"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_its_picture_though_all_of_its_link_is_nonsense(app, page):
    test = opened(app, page, {one.name: MARKDOWN for one in PARAMETERS[page]})
    assert not test.exception
    assert not test.error
    assert picture(test)
    assert test.warning
    for warning in test.warning:
        assert "\n" not in warning.value
        assert "http://" not in warning.value
    assert len(test.warning) <= 4


@pytest.mark.long
@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: quoted(corner)[:20])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_its_picture_at_every_corner_of_its_link(app, page, corner):
    test = opened(app, page, {one.name: corner for one in PARAMETERS[page]})
    assert not test.exception
    assert picture(test)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"checkpoint": "nope"}, "checkpoint must be one of"),
        ({"data": "cifar10"}, "data must be one of digits, mnist"),
        ({"pins": "checkpoint:nope"}, "There is no network here for the pin"),
        ({"pins": "data:fashion-mnist;bits:4"}, "There is no network here for the pin"),
        ({"spread": "1-2", "noise": "0.02"}, "spread must be"),
        ({"input_low": "1", "input_high": "0"}, "input_low must be below"),
    ],
    ids=str,
)
def test_what_is_not_there_or_does_not_go_together_is_said_in_one_sentence(app, query, words):
    test = opened(app, "compress", query)
    assert not test.exception
    assert not test.error
    assert picture(test)
    assert [warning.value.startswith(words) for warning in test.warning] == [True]
