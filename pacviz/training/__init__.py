"""Where weights come from."""

from pacviz.training.fit import Step, Training, error_rate, fit, train

__all__ = ["Step", "Training", "error_rate", "fit", "train"]
