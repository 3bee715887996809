"""A word that the screens use has a line that explains it."""

from pacviz.app.controls import with_words
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.experiments.bounds.figures import bounds_against_n
from pacviz.experiments.frontier.figures import METHOD_LINES
from pacviz.figures.style import LAYERS, LINES, lit
from pacviz.words import GLOSSARY, explained


def test_words_are_explained_where_they_stand_and_only_there():
    assert explained("glances-8") == f"**glances**: {GLOSSARY['glances']}."
    assert explained("edges-10 polished", "surgery").count("**") == 6
    assert explained("knowledges") == ""


def test_methods_that_are_no_plain_words_are_explained():
    assert explained(METHOD_LINES["surgery"].title)
    assert explained(METHOD_LINES["straight-through"].title)
    assert explained(METHOD_LINES["codebook"].title)
    assert explained(METHOD_LINES["polish"].title)


def test_every_colour_is_bright_enough_on_a_dark_page():
    for colour in (*LAYERS, *(line.colour for line in (*LINES.values(), *METHOD_LINES.values()))):
        shown = [int(lit(colour)[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in shown]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (luminance + 0.05) / (0.0056 + 0.05) >= 4.95, colour
    assert lit("#56B4E9") == "#56B4E9"
    assert lit("#0072B2") != "#0072B2"


def test_a_figure_on_a_dark_page_is_drawn_in_bright_colours():
    light, dark = (bounds_against_n(OperatingPoint(), dark=dark) for dark in (False, True))
    for pale, bright in zip(light.data, dark.data, strict=True):
        if pale.line.color == "#0072B2":
            assert bright.line.color == lit("#0072B2")
        assert list(pale.y) == list(bright.y)


def test_words_in_a_menu_are_explained_in_its_help():
    """On the first screen surgery is a name in the menu of checkpoints; on Train networks are called edges and glances."""
    for options in (("plain", "surgery-straight-through"), ("lenet5", "edges-8", "glances-8")):
        told = with_words("Which one.", options)
        words = [word for word in GLOSSARY if any(word in option for option in options)]
        assert len(words) == 2
        assert told == "Which one. " + " ".join(f"**{word}**: {GLOSSARY[word]}." for word in words)
    assert with_words("dense: all. surgery: some.", ("dense", "surgery")) == "dense: all. surgery: some."
