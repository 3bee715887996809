"""Curves of equal certificates: the background on which every point of error and size can be read as a bound."""

from __future__ import annotations

import math

import numpy as np

from pacviz.bounds import largest_kl

POINTS = 200


def iso_bound(target: float, lowest: float, n: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """(training errors, ascending; bytes) of all points whose Maurer-Seeger bound is `target`.

    lowest: the smallest error, below the target.  The points lie close where the curve falls.
    """
    knee = (lowest + target) / 2
    falling = target - np.geomspace(target - knee, target * 1e-3, POINTS)
    errors = np.concatenate([np.geomspace(lowest, knee, POINTS, endpoint=False), falling])
    nats = np.array([largest_kl(float(error), target, n, delta) or 0.0 for error in errors])
    there = nats > 0
    return errors[there], nats[there] / (8 * math.log(2))
