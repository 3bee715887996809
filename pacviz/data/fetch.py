"""Files from the network: whole, with the right checksum, or not at all."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator

from pacviz.errors import PacvizError

_STALLED_SECONDS = 8
_LONGEST_SECONDS = 1800
"""A mirror that has not sent a whole file by then is left."""
_CHUNK, _AHEAD = 1 << 16, 16
"""Bytes that are read at once, and how many such chunks may wait for whoever wants them."""
_Chunk = tuple[bytes, int] | BaseException


def fetch(
    name: str, checksum: str, mirrors: list[str], report: Callable[[float], None], largest: int = 200_000_000
) -> bytes:
    """The file from the first mirror (an address that the name is added to) that gives it with the right MD5 checksum.

    report gets the fraction done in [0, 1].  largest: more bytes than that are the file of nobody.
    Raises PacvizError where no mirror does; nothing goes on in the background then.
    """
    reasons = []
    for mirror in mirrors:
        content = bytearray()
        over = threading.Event()
        deadline = time.monotonic() + _LONGEST_SECONDS
        try:
            for chunk, length in _stream(mirror + name, over):
                content += chunk
                if len(content) > largest:
                    raise OSError(f"more than {largest:,} bytes came")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not done after {_LONGEST_SECONDS:,} seconds")
                report(min(1.0, len(content) / length) if length else 0.0)
        except OSError as error:
            reasons.append(f"{mirror}: {' '.join(str(getattr(error, 'reason', error)).split())[:160]}")
            continue
        finally:
            over.set()
        if hashlib.md5(content, usedforsecurity=False).hexdigest() == checksum:
            report(1.0)
            return bytes(content)
        reasons.append(f"{mirror}: wrong checksum")
    raise PacvizError(
        f"{name} could not be downloaded ({'; '.join(reasons)}); check the network connection and try again, "
        "or copy the files by hand and set PACVIZ_DATA to the folder that holds them."
    )


def _stream(url: str, over: threading.Event) -> Iterator[tuple[bytes, int]]:
    """Chunks of a file and its whole length in bytes, 0 where that is not told; raises OSError as soon as none has come
    for a while, or the server does not keep to what it began.

    A thread of its own does the reading, because no timeout of a socket covers the look-up of a host's name.  It ends
    once `over` is set, and never runs far ahead.
    """
    import urllib.request

    arrived: queue.Queue[_Chunk] = queue.Queue(_AHEAD)

    def hand_over(item: _Chunk) -> bool:
        while not over.is_set():
            try:
                arrived.put(item, timeout=1.0)
            except queue.Full:
                continue
            return True
        return False

    def pump() -> None:
        try:
            with urllib.request.urlopen(url, timeout=_STALLED_SECONDS) as response:
                length = response.length or 0
                while hand_over((chunk := response.read(_CHUNK), length)) and chunk:
                    pass
        except Exception as error:  # whatever a server sends: it is this mirror's end, and no traceback of a thread
            hand_over(error)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            item = arrived.get(timeout=_STALLED_SECONDS)
        except queue.Empty:
            raise TimeoutError(f"no answer in {_STALLED_SECONDS} seconds") from None
        if isinstance(item, OSError):
            raise item
        if isinstance(item, BaseException):
            raise OSError(f"{type(item).__name__}: {item}") from item
        if not item[0]:
            return
        yield item
