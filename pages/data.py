"""What the networks are asked to tell apart: a sheet of examples."""

from pacviz.experiments.data.page import page

page()
