"""What every answer of the server tells the browser: show what comes from here, and ask no other machine for anything."""

from __future__ import annotations

import re

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    """Adds the policy to all answers.  A WebSocket of the same server is named, for older browsers do not count it as 'self'."""

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

        async def send_with_them(message: Message) -> None:
            if message["type"] == "http.response.start":
                old = [(name, value) for name, value in message["headers"] if name.decode().lower() not in added]
                message["headers"] = [*old, *((name.encode(), value.encode()) for name, value in added.items())]
            await send(message)

        await self.app(scope, receive, send_with_them)


MIDDLEWARE = (Middleware(Headers),)
