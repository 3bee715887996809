"""Where labelled images come from."""

from pacviz.data.dataset import Dataset, Split

__all__ = ["Dataset", "Split"]
