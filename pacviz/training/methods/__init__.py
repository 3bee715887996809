"""The ways to train: every file here registers its own, with its usual settings."""
