"""Assignments as bytes: which codebook entry each surviving weight takes."""

from __future__ import annotations

import numpy as np

from pacviz.codes.codebook.columns import Columns
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError


def code_assignments(
    coder: Coder,
    symbols: np.ndarray | None,
    mask: np.ndarray,
    codebook: np.ndarray,
    frequencies: np.ndarray,
    columns: Columns,
) -> np.ndarray:
    """Codes symbols, uint16 (rows, columns): the signs of the weights, then the entries among those of each sign.

    frequencies: the static table of the codebook's entries, int (r,).  Signs have the odds that the table gives, times a
    factor learned on the way where the weights to the left and above in the same kernel are mostly of one sign.
    """
    decoded = np.zeros(mask.shape, np.uint16)
    positive = codebook > 0
    signs = _code_signs(
        coder,
        None if symbols is None else np.append(False, positive)[symbols],
        mask,
        positive @ frequencies,
        ~positive @ frequencies,
        columns,
    )
    for sign, entries in ((-1, np.flatnonzero(~positive)), (1, np.flatnonzero(positive))):
        cells = signs == sign
        count = int(np.count_nonzero(cells))
        if count:
            chosen = None if symbols is None else symbols[cells].astype(np.int32) - 1 - entries[0]
            decoded[cells] = entries[0] + 1 + coder.categorical(chosen, frequencies[entries], count)
    if np.count_nonzero(np.bincount(decoded[mask])) != len(codebook):
        raise PacvizError(CORRUPT)
    return decoded


def _code_signs(
    coder: Coder, positive: np.ndarray | None, mask: np.ndarray, plus: int, minus: int, columns: Columns
) -> np.ndarray:
    """Codes the sign of each weight, int8 (rows, columns), 0 where there is none; plus : minus are the odds of the table."""
    # One column more, always empty, stands for neighbours that do not exist.
    signs = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int8)
    signs[:, :-1] = mask[:, columns.order]
    if not plus:
        signs *= -1
    elif minus:
        ordered = None if positive is None else positive[:, columns.order]
        agreeing, disagreeing = 2, 1
        for first, last, beside in columns.chunks:
            rows, places = np.nonzero(signs[:, first:last])
            if not len(rows):
                continue
            votes = np.zeros(len(rows), np.int8)
            if beside is not None:
                votes = np.sign(signs[rows, beside[0, places]] + signs[rows, beside[1, places]])
            odds = np.array([plus * disagreeing / agreeing, plus, plus * agreeing / disagreeing])
            positives = coder.bernoulli(
                None if ordered is None else ordered[rows, first + places], (odds / (odds + minus))[votes + 1]
            )
            signs[rows, first + places] = np.where(positives, 1, -1)
            agreement = votes * signs[rows, first + places]
            agreeing += int(np.count_nonzero(agreement > 0))
            disagreeing += int(np.count_nonzero(agreement < 0))
    return columns.restored(signs[:, :-1])
