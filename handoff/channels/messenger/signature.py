"""Signatures of Meta's webhook and of our own calls. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

__all__ = ["proof", "sign", "verify"]

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """The value of ``X-Hub-Signature-256`` for a raw body."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether ``header`` signs the raw body with one of the secrets. Every secret is tried, in constant time."""
    given = (header or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets]
    return any(matches)


def proof(token: str, secret: str) -> str:
    """``appsecret_proof``: shows that a caller with the page's token also knows the app's secret."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
