"""Tightest: the smallest certificates on MNIST, and the whole networks that they are about."""

from pacviz.experiments.tightest.page import page

page()
