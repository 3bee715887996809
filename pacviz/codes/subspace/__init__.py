"""The code of networks that lie in a random subspace."""
