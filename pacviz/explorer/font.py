"""The font of pictures, for pages that have none of their own."""

from __future__ import annotations

import base64
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PATTERN = "static/static/media/SourceSansVF-Upright*.woff2"


@cache
def source_sans() -> str:
    """Source Sans (SIL Open Font License 1.1, which allows its embedding) as a data address; "" where it is not installed.

    It comes with Streamlit, whose pages are set in it.
    """
    streamlit = find_spec("streamlit")
    for folder in (streamlit.submodule_search_locations or []) if streamlit else []:
        for file in Path(folder).glob(PATTERN):
            return "data:font/woff2;base64," + base64.b64encode(file.read_bytes()).decode()
    return ""
