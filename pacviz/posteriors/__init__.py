"""What is certified: a network, or a distribution over networks around it; every file here registers its own kind."""
