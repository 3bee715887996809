"""How numbers are said: what is promised is rounded to the safe side."""

from pacviz.words.numbers import above, as_printed, at_least, at_most, probability, size, surely, worst_error

__all__ = ["above", "as_printed", "at_least", "at_most", "probability", "size", "surely", "worst_error"]
