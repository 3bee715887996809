"""Trained to compress: training error against effective size, by how the networks were made small."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("frontier", "Trained to compress", "frontier", "trending_down", place=2)
