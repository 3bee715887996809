"""A whole network as a picture: every weight a coloured cell with its number, every tensor's bits beside it.

The picture is SVG, so that it stays sharp on any projector and goes into slides as it is.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pacviz.experiments.tightest.blocks import Block
from pacviz.figures.style import ink
from pacviz.words import size

WIDTH, HEIGHT = 920, 470
"""Pixels at which the lettering has its size: the main column at 1280 x 720; shown wider, everything grows."""
_TITLE, _LABEL = 34, 36
"""Pixels above the picture and above each block."""
_MARGIN, _FONT = 4, 13
_CHARACTER = 0.56
"""Width of a character as a share of its size."""
_CELLS = np.arange(30.0, 3.0, -0.25)
"""Sizes of a cell in pixels, of which the largest that fits is taken."""
_BIAS_GAP, _TILE_GAP, _BLOCK_GAP = 0.25, 0.5, 1.5
"""In cells."""
_SMALLEST_TEXT = 5.5
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Picture:
    """An SVG drawing, and what it shows in words."""

    svg: str
    alt: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True)
class _Placed:
    """A block at its place: left and top in pixels, and how many of its tiles stand side by side."""

    block: Block
    left: float
    top: float
    across: int


def network_picture(blocks: Sequence[Block], bits: float, dark: bool = False) -> Picture:
    """The picture of a network's blocks.  bits: of the whole code."""
    cell, placed, height = _layout(blocks)
    count = sum(block.count for block in blocks)
    title = f"The whole network: {count:,} numbers in {size(bits / 8)}"
    parts = [
        f'<text x="{_MARGIN}" y="18" font-size="17" font-weight="600">{title}</text>',
        *_legend(dark),
        *(text for place in placed for text in _drawn(place, cell, dark)),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
        f'font-family="Source Sans Pro, DejaVu Sans, Arial, sans-serif" fill="{ink(dark)}">{"".join(parts)}</svg>'
    )
    each = "; ".join(f"{block.name}, {block.shape}, {block.bits:,.0f} bits" for block in blocks)
    return Picture(svg, f"{title}. {each}.")


def _layout(blocks: Sequence[Block]) -> tuple[float, list[_Placed], float]:
    """The largest cell at which all blocks, in order and in lines, fit; where they then stand; the height in pixels."""
    rows = sorted({_rows(block, across) for block in blocks for across in range(1, len(block.tiles) + 1)})
    for cell in _CELLS:
        for tallest in rows:
            placed, height = _lines(blocks, cell, tallest)
            if placed and height <= HEIGHT:
                return float(cell), placed, height
    placed, height = _lines(blocks, float(_CELLS[-1]), rows[-1])
    return float(_CELLS[-1]), placed, height


def _lines(blocks: Sequence[Block], cell: float, tallest: float) -> tuple[list[_Placed], float]:
    """Blocks of at most `tallest` cells side by side, a new line where one does not fit; nothing where one never does."""
    placed: list[_Placed] = []
    left, top, bottom = float(_MARGIN), float(_TITLE), float(_TITLE)
    for block in blocks:
        options = [across for across in range(1, len(block.tiles) + 1) if _rows(block, across) <= tallest]
        if not options:
            return [], math.inf
        across = options[0]
        width = max(cell * _columns(block, across), max(map(_length, _labels(block))))
        if left + width > WIDTH - _MARGIN:
            left, top = float(_MARGIN), bottom + 0.5 * cell
        if left + width > WIDTH - _MARGIN:
            return [], math.inf
        placed.append(_Placed(block, left, top, across))
        left += width + cell * _BLOCK_GAP
        bottom = max(bottom, top + _LABEL + cell * _rows(block, across))
    return placed, bottom + _MARGIN


def _rows(block: Block, across: int) -> float:
    """Height in cells with so many tiles side by side; the biases of kernels stand below them."""
    lines = math.ceil(len(block.tiles) / across)
    below = 1 + _BIAS_GAP if _below(block) else 0
    return lines * (block.tiles.shape[1] + below) + (lines - 1) * _TILE_GAP


def _columns(block: Block, across: int) -> float:
    """Width in cells with so many tiles side by side; the biases of a matrix stand at its right."""
    beside = 1 + _BIAS_GAP if len(block.biases) and not _below(block) else 0
    return across * block.tiles.shape[2] + (across - 1) * _TILE_GAP + beside


def _below(block: Block) -> bool:
    return len(block.biases) > 0 and len(block.tiles) > 1


def _labels(block: Block) -> tuple[str, str]:
    power = round(math.log2(block.unit))
    biases = f", biases × 2{str(power).translate(_RAISED)}" if len(block.biases) and power else ""
    return (
        f"{block.name} · {block.shape}{biases}",
        f"{block.bits:,.0f} bits, {block.bits / max(block.count, 1):.1f} each",
    )


def _length(text: str) -> float:
    """Pixels that a label takes."""
    return len(text) * _FONT * _CHARACTER


def _drawn(place: _Placed, cell: float, dark: bool) -> Iterator[str]:
    block = place.block
    for line, (text, weight) in enumerate(zip(_labels(block), (600, 400), strict=True)):
        y = place.top + 13 + 15 * line
        yield (
            f'<text x="{place.left:.1f}" y="{y:.1f}" font-size="{_FONT}" font-weight="{weight}">{html.escape(text)}</text>'
        )
    top = place.top + _LABEL
    tiles, rows, columns = block.tiles.shape
    most = float(np.nanmax(np.abs(block.tiles), initial=0.0))
    heaviest = float(np.max(np.abs(block.biases), initial=0.0))
    for tile in range(tiles):
        down, right = divmod(tile, place.across)
        x = place.left + cell * right * (columns + _TILE_GAP)
        y = top + cell * down * (rows + _TILE_GAP + (1 + _BIAS_GAP if _below(block) else 0))
        for row, column in np.argwhere(np.isfinite(block.tiles[tile])):
            yield _cell(x + cell * column, y + cell * row, cell, block.tiles[tile, row, column], most, dark)
        if _below(block):
            yield _cell(x, y + cell * (rows + _BIAS_GAP), cell, block.biases[tile], heaviest, dark)
    if len(block.biases) and not _below(block):
        x = place.left + cell * (columns + _BIAS_GAP)
        for row, bias in enumerate(block.biases):
            yield _cell(x, top + cell * row, cell, bias, heaviest, dark)


def _cell(x: float, y: float, side: float, value: float, most: float, dark: bool) -> str:
    """A square in the colour of its number, with the number in it where that fits; zeros are left blank."""
    red, green, blue = _colour(value, most, dark)
    edge = side - max(0.5, 0.05 * side)
    square = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{edge:.1f}" height="{edge:.1f}" fill="#{red:02x}{green:02x}{blue:02x}"/>'
    )
    text = f"{value:.3g}".replace("-", "−")
    font = min(0.62 * side, 0.94 * side / (_CHARACTER * len(text)))
    if value == 0 or font < _SMALLEST_TEXT:
        return square
    contrast = "#1A1C22" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"
    return square + (
        f'<text x="{x + edge / 2:.1f}" y="{y + edge / 2:.1f}" font-size="{font:.1f}" text-anchor="middle" '
        f'dominant-baseline="central" fill="{contrast}">{text}</text>'
    )


def _colour(value: float, most: float, dark: bool) -> tuple[int, int, int]:
    """Blue for positive, orange for negative numbers, the stronger the larger, on a logarithmic scale; grey for 0."""
    grey = (58, 62, 71) if dark else (228, 231, 236)
    if value == 0:
        return grey
    strongest = (0, 92, 158) if value > 0 else (190, 75, 0)
    brightest = (110, 195, 245) if value > 0 else (255, 160, 70)
    share = 0.3 + 0.7 * math.log1p(abs(value)) / math.log1p(most)
    end = brightest if dark else strongest
    red, green, blue = (round(start + share * (stop - start)) for start, stop in zip(grey, end, strict=True))
    return red, green, blue


def _legend(dark: bool) -> Iterator[str]:
    """What the colours mean, in the upper right corner."""
    left = WIDTH - 300
    for index, (value, what) in enumerate(((1.0, "positive"), (-1.0, "negative"), (0.0, "zero"))):
        red, green, blue = _colour(value, 1.0, dark)
        x = left + 100 * index
        yield f'<rect x="{x}" y="6" width="13" height="13" fill="#{red:02x}{green:02x}{blue:02x}"/>'
        yield f'<text x="{x + 19}" y="17" font-size="{_FONT}">{what}</text>'
