"""Whose a run or a recording is: a browser's, known by a random key that it keeps in a cookie."""

from __future__ import annotations

import hashlib
import re
import secrets

import streamlit as st

COOKIE = "pacviz_browser"
_KEY = re.compile(r"[A-Za-z0-9_-]{20,80}")
_OWN, _ANSWER = "browser_key", "browser_answer"
_SCRIPT = """
export default function ({ data, setStateValue }) {
  const start = `${data.name}=`;
  const kept = document.cookie.split("; ").find((cookie) => cookie.startsWith(start));
  if (!kept) document.cookie = `${start}${data.key}; path=/; max-age=31536000; samesite=strict`;
  else if (kept.slice(start.length) !== data.key) setStateValue("key", kept.slice(start.length));
}
"""
_component = st.components.v2.component("pacviz_owner", js=_SCRIPT)


def visitor() -> str:
    """What this browser is called in lists: a digest of its key, which tells nobody the key itself.

    A browser that keeps no cookies is another one in every tab.
    """
    return "browser-" + hashlib.sha256(_key().encode()).hexdigest()[:16]


def keep_visitor() -> None:
    """Drawn once on every page that asks for the `visitor`: offers the browser a key, or takes the one that it has."""
    # A tab that was opened beside this one may have offered another key first: then the browser answers with that.
    _component(key=_ANSWER, data={"name": COOKIE, "key": _key()}, on_key_change=_changed)


def _changed() -> None:
    answer = (st.session_state.get(_ANSWER) or {}).get("key")
    if _is_key(answer):
        st.session_state[_OWN] = answer


def _key() -> str:
    if _OWN not in st.session_state:
        kept = st.context.cookies.get(COOKIE)
        st.session_state[_OWN] = kept if _is_key(kept) else secrets.token_urlsafe(24)
    return str(st.session_state[_OWN])


def _is_key(value: object) -> bool:
    """Whether it may be a key: what a browser sends may be anything."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None
