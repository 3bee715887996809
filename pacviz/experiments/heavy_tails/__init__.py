"""Heavy tails: how heavy the tails of trained weights are (Barsbey et al. 2021)."""
