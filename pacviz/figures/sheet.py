"""A sheet of images with a word below each: shown as a grid, so that it fits every screen."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image


@dataclass(frozen=True, eq=False)
class Tile:
    """An image and what stands below it.

    image: uint8 (channels, height, width), one channel or three.  before: a word before the main one, as "3 →".
    word: in bold where something stands before it.  marked: in a colour of its own.
    """

    image: np.ndarray
    word: str
    before: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Sheet:
    """Tiles under a title.  columns: as many as fit where 0."""

    title: str
    tiles: tuple[Tile, ...]
    columns: int = 0

    def to_html(self) -> str:
        """The grid, without its title: images as data addresses, every word escaped."""
        fixed = f' style="--columns: {self.columns}"' if self.columns else ""
        wide = " wide" if any(len(tile.word) > 3 for tile in self.tiles) else ""
        return f'<div class="pacviz-sheet{wide}"{fixed}>{"".join(map(_figure, self.tiles))}</div>'


def _figure(tile: Tile) -> str:
    word = html.escape(tile.word)
    told = f"{html.escape(tile.before)} <b>{word}</b>" if tile.before else word
    mark = ' class="marked"' if tile.marked else ""
    return f'<figure><img alt="" src="{_address(tile.image)}"><figcaption{mark}>{told}</figcaption></figure>'


def _address(image: np.ndarray) -> str:
    """An image as a data address."""
    file = BytesIO()
    Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
