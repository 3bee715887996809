"""What the networks are asked to tell apart."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("data", "Data", "data", "grid_on", place=8)
