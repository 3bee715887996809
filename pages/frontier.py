"""Trained to compress: training error against effective size, by how the networks were made small."""

from pacviz.experiments.frontier.page import page

page()
