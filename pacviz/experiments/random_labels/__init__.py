"""Memorised labels do not compress: the label-randomization experiment (Zhou et al. 2019, section 6)."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("random_labels", "Random labels", "labels", "shuffle", place=5)
