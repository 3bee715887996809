"""What the figures of several experiments share: style, curves and the waterfall; the same in the app and in a notebook."""

from pacviz.figures.curves import error_curves, size_curves
from pacviz.figures.style import LINES, described
from pacviz.figures.waterfall import waterfall
from pacviz.words import size

__all__ = ["LINES", "described", "error_curves", "size", "size_curves", "waterfall"]
