"""What is certified: a network, or a distribution over networks around it."""
