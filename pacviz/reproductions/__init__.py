"""Published results made again, from random weights to a certificate."""
