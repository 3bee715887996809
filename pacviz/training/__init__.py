"""Training: one loop, and the ways in which trained tensors become a network's weights."""
