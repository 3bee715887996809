"""Who is told how far long work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Told the fraction done in [0, 1] and what is being done; an exception that it raises cancels the work."""
