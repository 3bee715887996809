"""The code of pruned networks whose weights share the values of a codebook."""
