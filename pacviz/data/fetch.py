"""Files from the network: whole, with the right checksum, or not at all."""

from __future__ import annotations

import hashlib
import queue
import threading
import urllib.request
from collections.abc import Callable, Iterator

from pacviz.errors import PacvizError

_STALLED_SECONDS = 8


def fetch(name: str, checksum: str, mirrors: list[str], report: Callable[[float], None]) -> bytes:
    """The file from the first mirror (an address that the name is added to) that gives it with the right MD5 checksum.

    report gets the fraction done in [0, 1].  Raises PacvizError where no mirror does.
    """
    for mirror in mirrors:
        content = bytearray()
        try:
            for chunk, length in _stream(mirror + name):
                content += chunk
                report(min(1.0, len(content) / length))
        except OSError as error:
            reason = f"{mirror}: {getattr(error, 'reason', error)}"
            continue
        if hashlib.md5(content, usedforsecurity=False).hexdigest() == checksum:
            return bytes(content)
        reason = f"{mirror}: wrong checksum"
    raise PacvizError(
        f"{name} could not be downloaded ({reason}); check the network connection and try again, "
        "or copy the files by hand and set PACVIZ_DATA to the folder that holds them."
    )


def _stream(url: str) -> Iterator[tuple[bytes, int]]:
    """Chunks of a file and its whole length in bytes; raises OSError as soon as none has come for a while.

    A thread of its own does the reading, because no timeout of a socket covers the look-up of a host's name.
    """
    arrived: queue.SimpleQueue[tuple[bytes, int] | OSError] = queue.SimpleQueue()

    def pump() -> None:
        try:
            with urllib.request.urlopen(url, timeout=_STALLED_SECONDS) as response:
                length = response.length or 1
                while chunk := response.read(1 << 16):
                    arrived.put((chunk, length))
            arrived.put((b"", length))
        except OSError as error:
            arrived.put(error)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            item = arrived.get(timeout=_STALLED_SECONDS)
        except queue.Empty:
            raise TimeoutError(f"no answer in {_STALLED_SECONDS} seconds") from None
        if isinstance(item, OSError):
            raise item
        if not item[0]:
            return
        yield item
