"""What the networks are asked to tell apart."""
