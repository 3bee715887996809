"""Heavy tails: the ratio of step size to batch size decides how small a network gets (Barsbey et al. 2021)."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("heavy_tails", "Heavy tails", "tails", "ssid_chart", place=7)
