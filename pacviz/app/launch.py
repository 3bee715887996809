"""The app as a program: `pacviz app`, from a clone or wherever pacviz is installed."""

from __future__ import annotations

import errno
import socket
import sys
from pathlib import Path

from pacviz.errors import PacvizError

SCRIPT = Path(__file__).with_name("main.py")
"""A link to app.py in a clone, a copy of it in an installed pacviz; pages and configuration lie beside it likewise."""
PORT = 8501
"""Streamlit's own."""
_OTHERS = 20
"""Ports after the usual one that are tried while it is taken."""


def launch(port: int | None = None) -> None:
    """Runs the app until it is interrupted.  port: the one to open, or the first free one from the usual one on where None.

    Raises PacvizError where that port cannot be opened.
    """
    from streamlit.web.cli import main

    if not SCRIPT.exists():
        raise PacvizError(f"{SCRIPT} is missing (a clone without links?); run `streamlit run app.py` in the clone.")
    print("pacviz: the app starts; the first page takes about ten seconds, Ctrl-C ends it.", file=sys.stderr)
    main(
        ["run", str(SCRIPT), "--server.port", str(_usual() if port is None else _checked(port))], prog_name="pacviz app"
    )


def _checked(port: int) -> int:
    if (trouble := _trouble(port)) is not None:
        raise PacvizError(f"Port {port} {trouble}; choose another one, such as `pacviz app --port {_free(PORT + 99)}`.")
    return port


def _usual() -> int:
    """Streamlit's own port, or where that is taken the next one, which is said."""
    port = _free(PORT)
    if port != PORT:
        print(f"pacviz: port {PORT} is taken by another program, so the app opens port {port}.", file=sys.stderr)
    return port


def _free(first: int) -> int:
    ports = range(first, first + _OTHERS)
    free = next((port for port in ports if _trouble(port) is None), None)
    if free is None:
        raise PacvizError(
            f"The ports {ports[0]} to {ports[-1]} are all taken; name a free one: `pacviz app --port 9000`."
        )
    return free


def _trouble(port: int) -> str | None:
    """Why this port of this machine cannot be opened; None where it can."""
    if not 1 <= port <= 65_535:
        return "is none: ports go from 1 to 65535"
    with socket.socket() as place:
        if sys.platform != "win32":  # there the option would take the port from whoever has it
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("", port))
            place.listen()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "is taken by another program" if taken else f"cannot be opened ({error.strerror})"
    return None
