"""What if?  The bounds as curves of n, of the size and of delta: no network, no data, under the finger."""

from pacviz.experiments.bounds.page import page

page()
