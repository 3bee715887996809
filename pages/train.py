"""Train to compress: start a run, and watch loss, density, error and the bound while it trains."""

from pacviz.experiments.train.page import page

page()
