"""Trained to compress: training error against effective size, by how the networks were made small."""
