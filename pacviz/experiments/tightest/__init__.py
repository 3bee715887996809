"""Networks made to be described in a few hundred bytes: the recorded certificates, and what can be seen in each."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("tightest", "Tightest", "tightest", "trophy", place=3)
