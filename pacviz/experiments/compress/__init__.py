"""The first screen: slide sparsity, codebook bits and noise, and see what each bit buys."""

from pacviz.experiments.experiment import Experiment

EXPERIMENT = Experiment("compress", "Compress", "compress", "compress", place=1)
