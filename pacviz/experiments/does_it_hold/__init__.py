"""Does it hold?  Many samples from a known distribution, and each network's true error beside its bound."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("does_it_hold", "Does it hold?", "holds", "rule", place=6)
