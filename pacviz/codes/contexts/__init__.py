"""The second version of the code of pruned networks: the odds of a weight are learned from what stands around it."""
