"""Plotly figures drawn from certificates and data: the same in the app and in a notebook."""

from pacviz.figures.bound_curves import bounds_against_delta, bounds_against_n, bounds_against_size
from pacviz.figures.cells import Picture, network_picture
from pacviz.figures.coverage import errors_and_bounds, violation_share
from pacviz.figures.curves import error_curves, size_curves
from pacviz.figures.frontier import METHOD_LINES, frontier, layer_shares
from pacviz.figures.layer_waterfall import layer_waterfall
from pacviz.figures.mistakes import wrong_images
from pacviz.figures.randomization import accuracy_curves, code_over_floor, fits, labelled_images
from pacviz.figures.sheet import sheet
from pacviz.figures.style import LINES, described, size
from pacviz.figures.tightest import FAMILY_LINES, tightest
from pacviz.figures.training import accuracy_curve, bound_curve, density_curve, loss_curve
from pacviz.figures.waterfall import waterfall

__all__ = [
    "FAMILY_LINES",
    "LINES",
    "METHOD_LINES",
    "Picture",
    "accuracy_curve",
    "accuracy_curves",
    "bound_curve",
    "bounds_against_delta",
    "bounds_against_n",
    "bounds_against_size",
    "code_over_floor",
    "density_curve",
    "described",
    "error_curves",
    "errors_and_bounds",
    "fits",
    "frontier",
    "labelled_images",
    "layer_shares",
    "layer_waterfall",
    "loss_curve",
    "network_picture",
    "sheet",
    "size",
    "size_curves",
    "tightest",
    "violation_share",
    "waterfall",
    "wrong_images",
]
