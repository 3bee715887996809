"""What the answers of the server tell the browser: show what comes from here, ask no other machine, and keep this key."""

from __future__ import annotations

import re

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pacviz.app.owner import ASKED, is_known, new_cookie

POLICY = {
    "default-src": "'self'",
    # Streamlit starts by a script within its page and loads components from blobs.
    "script-src": "'self' 'unsafe-inline' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
"""The content security policy: whatever text gets into a page, no picture, script, style or message goes elsewhere."""
_HOST = re.compile(rb"[A-Za-z0-9.:\[\]-]+")


class Headers:
    """Adds the policy to all answers, and to one that every page asks for the key of a browser that has none.

    A WebSocket of the same server is named, for older browsers do not count it as 'self'.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"")
        sockets = f" ws://{host.decode()} wss://{host.decode()}" if _HOST.fullmatch(host) else ""
        policy = POLICY | {"connect-src": POLICY["connect-src"] + sockets}
        added = {
            "content-security-policy": "; ".join(f"{name} {allowed}" for name, allowed in policy.items()),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
        }

        cookies = b";".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        wants_key = scope["path"].endswith(ASKED) and not is_known(cookies)

        async def send_with_them(message: Message) -> None:
            if message["type"] == "http.response.start":
                old = [(name, value) for name, value in message["headers"] if name.decode().lower() not in added]
                new = list(added.items())
                if wants_key and message["status"] == 200:  # a page first looks for its server at the wrong paths
                    new.append(("set-cookie", new_cookie()))
                message["headers"] = [*old, *((name.encode(), value.encode()) for name, value in new)]
            await send(message)

        await self.app(scope, receive, send_with_them)


MIDDLEWARE = (Middleware(Headers),)
