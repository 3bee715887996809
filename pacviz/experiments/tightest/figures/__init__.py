"""Figures of the smallest certificates and of the networks that they are about."""

from pacviz.experiments.tightest.figures.cells import Picture, network_picture
from pacviz.experiments.tightest.figures.layer_waterfall import layer_waterfall
from pacviz.experiments.tightest.figures.mistakes import wrong_images
from pacviz.experiments.tightest.figures.tightest import FAMILY_LINES, tightest

__all__ = ["FAMILY_LINES", "Picture", "layer_waterfall", "network_picture", "tightest", "wrong_images"]
