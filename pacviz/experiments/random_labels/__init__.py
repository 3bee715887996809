"""Memorised labels do not compress: the label-randomization experiment (Zhou et al. 2019, section 6)."""
