"""What if?  The bounds as curves of n, of the size and of delta."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("bounds", "Bounds", "bounds", "show_chart", place=7)
