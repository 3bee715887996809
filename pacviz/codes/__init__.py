"""From trained weights to real, decodable bytes: prune, quantize, code."""
