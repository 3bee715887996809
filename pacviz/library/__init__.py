"""What is on disk: checkpoints and weights, those that ship and the user's own."""
