"""How heavy the tails of a network's weights are (Barsbey et al. 2021)."""
