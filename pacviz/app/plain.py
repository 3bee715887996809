"""Text from outside (a link, a file, a name) shown letter by letter where Streamlit expects Markdown."""

from __future__ import annotations

import re

_JOINER = "\u2060"
_STEPS = (
    # Where a colon calls an icon, an emoji or a colour, and what turns into a link by itself.
    (re.compile(r"(?<=[:@])(?=\S)|(?<=\bwww)(?=\.)", re.IGNORECASE), _JOINER),
    (re.compile(r"([\\`*\[\]<>&~$|{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[#+-]|(?<=^\d)[.)])"), r"\\\1"),
    (re.compile(r"^(\d{2,9})([.)])"), r"\1\\\2"),
)


def plain(text: object) -> str:
    """Markdown that shows the text itself, on one line: no emphasis, link, image, formula, icon, emoji or HTML.

    An invisible word joiner (U+2060) stands where an address or the name of an emoji or icon would start.
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    for pattern, replacement in _STEPS:
        line = pattern.sub(replacement, line)
    return line
