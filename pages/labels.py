"""Random labels: networks that memorise, pruned until they forget, and the bytes that memory takes."""

from pacviz.experiments.random_labels.page import page

page()
