"""Heavy tails: how a network was trained decides how small it gets."""

from pacviz.experiments.heavy_tails.page import page

page()
