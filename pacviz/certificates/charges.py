"""What a certificate charges for: the table in the app and in docs/charges.md."""

from __future__ import annotations

COLUMNS = ("Item", "Charged", "If not, why not")
ROWS: tuple[tuple[str, str, str], ...] = (
    ("Which architecture, and whether there is noise", "9 bits: the header", ""),
    ("Which weights survive", "positions, a line each layer", ""),
    ("The values that weights share", "codebook, a line each layer", ""),
    ("How often each value occurs", "cluster weights, a line each layer", ""),
    ("Which value each weight takes", "assignments, a line each layer; noise refunds a part of them", ""),
    (
        "Networks of whole numbers: each weight, each bias and the power of two that biases count in",
        "weights and biases, a line each tensor, instead of the four above",
        "",
    ),
    ("Biases", "in the lines of their layer: a bias is a weight like any other", ""),
    (
        "Batch normalisation: what it learned and its running statistics",
        "in the lines of the layer before it: they are folded into its weights and biases",
        "",
    ),
    ("Which variant of the code was used", "log2 of the number of variants, in the line of what it codes", ""),
    ("The last, partly filled byte", "rounding", ""),
    ("Width of the prior around each value", "7 bits: prior scale, a line each noisy layer", ""),
    (
        "Strength of the noise, and how it is spread over the layers",
        "no",
        "it belongs to the posterior, which may depend on the data as it likes",
    ),
    (
        "Estimating the error of a noisy network",
        "a fifth of δ, of which each of 10,000 looks gets an equal share, and the upper limit instead of the mean",
        "",
    ),
    ("Answers that rounding may turn on another machine", "they count as errors", ""),
    (
        "Sparsity, codebook bits, pruning, quantizer, checkpoint",
        "no",
        "the bound holds for all networks at once; the bits say which one it is",
    ),
    (
        "Training: optimizer, learning rate, epochs, augmentation, how many runs",
        "no",
        "it only leads to the network, and the bits describe that",
    ),
    (
        "Order of the hidden units",
        "no",
        "it does not change the function; the code sends one order, which costs it least",
    ),
    ("Choice of the bound and of δ", "no", "make it before you look; the best of M bounds would cost δ/M each"),
    (
        "Architecture and pixel range themselves",
        "their description in a grammar, beside K: `architecture_bits`; the other bound takes them as fixed before the data",
        "",
    ),
    (
        "Seed of the draws",
        "seed k gets 6/(π²(k + 1)²) of that share, so that it may be chosen after looking",
        "",
    ),
    ("Test error", "no", "shown for information; the bound does not use it"),
)


def markdown() -> str:
    """The table in Markdown."""
    rule = ("---",) * len(COLUMNS)
    return "\n".join("| " + " | ".join(row) + " |" for row in (COLUMNS, rule, *ROWS))
