"""What if?  The bounds as curves of n, of the size and of delta."""
