"""Whose a run or a recording is: a browser's, known by a random key that it keeps in a cookie.

The server gives the key with an answer that every page asks for before it opens its session, so that all tabs and pages of
a browser come with the same one, the first of them too.
"""

from __future__ import annotations

import hashlib
import re
import secrets

import streamlit as st

COOKIE = "pacviz_browser"
ASKED = "/_stcore/host-config"
"""Asked by every page itself, so that a cookie goes with it wherever the page was linked from."""
NOBODY = "browsers without a cookie"
_KEY = re.compile(r"[A-Za-z0-9_-]{20,80}")
_OWN = "browser_key"


def visitor() -> str:
    """What this browser is called in lists: a digest of its key, which tells nobody the key itself.

    A browser that keeps no cookies is another one in every tab: what it starts it can change in that tab alone.
    """
    if _OWN not in st.session_state:
        st.session_state[_OWN] = _sent() or secrets.token_urlsafe(24)
    return "browser-" + hashlib.sha256(str(st.session_state[_OWN]).encode()).hexdigest()[:16]


def in_turn() -> str:
    """Whose share of the server this session uses: its browser's; all that keep no cookie have one between them.

    Otherwise whoever refuses the cookie would have a share for every tab.
    """
    return visitor() if _sent() else NOBODY


def new_cookie() -> str:
    """A header's value that gives a browser its key, for a year."""
    return f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly"


def is_known(cookies: str) -> bool:
    """Whether a browser that sends these cookies has a key."""
    return any(
        name.strip() == COOKIE and _is_key(value.strip())
        for name, _, value in (cookie.partition("=") for cookie in cookies.split(";"))
    )


def _sent() -> str | None:
    """The key that this session came with."""
    key = st.context.cookies.get(COOKIE)
    return key if _is_key(key) else None


def _is_key(value: object) -> bool:
    """Whether it may be a key: what a browser sends may be anything."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None
