"""Train to compress: runs, and what is measured of them while they train."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("train", "Train", "train", "model_training", place=4)
