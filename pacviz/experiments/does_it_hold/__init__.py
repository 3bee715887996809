"""Does it hold?  Many samples from a known distribution, and each network's true error beside its bound."""
