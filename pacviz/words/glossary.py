"""Words of the field and of this app, each in a line, wherever they stand on a screen."""

from __future__ import annotations

import re

GLOSSARY = {
    "edges": "networks whose first layer is fixed: it measures oriented edges and was designed, not trained",
    "glances": "networks that look at several shifted copies of an image and add up what they see",
    "surgery": "pruning while training, where a weight that was cut may grow back",
    "one-shot": "pruning once, without training afterwards",
    "gradual": "pruning a little after every few steps of training",
    "straight-through": "training through a rounding as if it were not there, so that rounded weights can learn",
    "tuned codebook": "the shared values of the weights are trained, and which weight uses which stays",
    "subspace": "only steps along random directions are learned; the directions come from a fixed seed, which is free",
    "polished": "integers that were changed one by one wherever the bound fell",
    "effective size": "K in bytes: what the bound charges for the network, after a refund for noise",
    "nats": "a unit of information: 1 nat = 1.44 bits",
}
"""By word, what it means."""


def explained(*texts: str) -> str:
    """The lines of the words that stand in these texts, in one; "" where none does."""
    whole = " ".join(texts).lower()
    words = [word for word in GLOSSARY if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", whole)]
    return " ".join(f"**{word}**: {GLOSSARY[word]}." for word in words)
