"""The security headers of every HTTP answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONTENT_POLICY", "HEADERS", "SecurityHeaders"]

CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere, in nobody's frame. ``data:`` is for pictures that pages draw themselves."""

FEATURES = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics")
"""What no page of ours asks a browser for, and no script in it may."""

HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", ", ".join(f"{feature}=()" for feature in FEATURES).encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Where a route sets one of these itself, that holds: the widget is loaded by other origins on purpose."""


class SecurityHeaders:
    """Adds the security headers to every response, and that it is not kept where the response does not say so.

    ``hsts_s`` above 0 tells browsers that came by HTTPS to come by nothing else for so many seconds.
    """

    def __init__(self, app: ASGIApp, *, hsts_s: int = 0) -> None:
        self._app = app
        self._hsts = (b"strict-transport-security", f"max-age={hsts_s}".encode()) if hsts_s > 0 else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                named = {bytes(name).lower() for name, _ in own}
                own += [header for header in HEADERS if header[0] not in named]
                if b"cache-control" not in named:
                    own.append((b"cache-control", b"no-store"))
                if self._hsts is not None and scope.get("scheme") == "https":
                    own.append(self._hsts)
                message["headers"] = own
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
