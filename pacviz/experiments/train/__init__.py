"""Train to compress: runs, and what is measured of them while they train."""
