"""How numbers are said, rounded to the safe side, and what a picture shows, computed from what is drawn."""

from pacviz.words.glossary import GLOSSARY, explained
from pacviz.words.numbers import above, as_printed, at_least, at_most, probability, size, surely, worst_error
from pacviz.words.takeaways import (
    SENTENCES,
    bound_takeaway,
    charges_takeaway,
    shape,
    size_takeaway,
    surer_takeaway,
    turn_takeaway,
)

__all__ = [
    "GLOSSARY",
    "SENTENCES",
    "above",
    "as_printed",
    "at_least",
    "at_most",
    "bound_takeaway",
    "charges_takeaway",
    "explained",
    "probability",
    "shape",
    "size",
    "size_takeaway",
    "surely",
    "surer_takeaway",
    "turn_takeaway",
    "worst_error",
]
