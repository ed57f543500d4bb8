"""Errors of the Graph API, with the codes and the JSON that Meta answers."""

from __future__ import annotations

import secrets
from typing import Any

__all__ = [
    "EXPIRED",
    "GraphError",
    "abusive",
    "invalid",
    "no_permission",
    "no_such_person",
    "not_owner",
    "outside_window",
    "page_restricted",
    "person_unavailable",
    "proof_bad",
    "rate_limited",
    "temporary",
    "token_bad",
    "unknown_path",
    "unsupported_get",
]

SERVER_ERRORS = {1: 500, 2: 503, 1200: 503}
"""Codes that come with an HTTP status of the 500s; all others come with 400."""


class GraphError(Exception):
    """A call that is refused. ``code`` and ``subcode`` are Meta's."""

    def __init__(self, code: int, message: str, *, subcode: int | None = None, kind: str = "OAuthException") -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.message = message
        self.kind = kind
        self.trace = "A" + secrets.token_urlsafe(16)
        """What Meta's support asks for: callers should keep it."""

    @property
    def status(self) -> int:
        return SERVER_ERRORS.get(self.code, 400)

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in SERVER_ERRORS:
            error["is_transient"] = True
        return {"error": {**error, "fbtrace_id": self.trace}}


def invalid(what: str, subcode: int | None = None) -> GraphError:
    """A parameter that is missing, unknown or beyond a limit."""
    return GraphError(100, f"(#100) {what}", subcode=subcode)


def no_such_person() -> GraphError:
    return GraphError(100, "(#100) No matching user found", subcode=2018001)


def unsupported_get(thing: str) -> GraphError:
    """What Meta says of objects that are not there and of those one may not see."""
    text = f"Unsupported get request. Object with ID '{thing}' does not exist, or permissions are missing"
    return GraphError(100, text, subcode=33, kind="GraphMethodException")


def outside_window(subcode: int = 2018278) -> GraphError:
    return GraphError(10, "(#10) This message is sent outside of allowed window.", subcode=subcode)


def not_owner() -> GraphError:
    text = "(#10) Message failed to send because another app is controlling this thread now."
    return GraphError(10, text, subcode=2018300)


def page_restricted() -> GraphError:
    return GraphError(10, "(#10) This page is temporarily restricted from sending messages.", subcode=1893063)


EXPIRED = "Error validating access token: Session has expired"


def token_bad(subcode: int | None = 463) -> GraphError:
    """463: expired; None: was never one."""
    text = EXPIRED if subcode else "Invalid OAuth access token"
    return GraphError(190, text, subcode=subcode)


def no_permission(what: str, code: int = 200) -> GraphError:
    return GraphError(code, f"(#{code}) {what}")


def person_unavailable() -> GraphError:
    return GraphError(551, "(#551) This person isn't available right now.", subcode=1545041)


def rate_limited(code: int = 613) -> GraphError:
    return GraphError(code, f"(#{code}) Calls to this api have exceeded the rate limit.")


def abusive() -> GraphError:
    return GraphError(368, "(#368) The action attempted has been deemed abusive or is otherwise disallowed")


def temporary(code: int = 2) -> GraphError:
    return GraphError(code, "An unexpected error has occurred. Please retry your request later.")


def proof_bad(text: str) -> GraphError:
    """The ``appsecret_proof`` is missing or wrong."""
    return GraphError(100, f"{text} appsecret_proof", kind="GraphMethodException")


def unknown_path(path: str) -> GraphError:
    return GraphError(2500, f"Unknown path components: {path}")
