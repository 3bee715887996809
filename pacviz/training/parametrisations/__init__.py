"""How trained tensors become a network's weights."""
