"""The code of networks whose weights are small integers."""
