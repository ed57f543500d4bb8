"""The company's identity provider (OpenID Connect), from the environment. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["OidcSettings", "is_protected"]

NAME_MAX_CHARS = 40
"""Of what stands on a button."""


@dataclass(frozen=True)
class OidcSettings:
    """``issuer`` is written as the provider writes it: tokens are compared with it letter by letter."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "OpenID Connect"

    @classmethod
    def from_environment(cls, env: Mapping[str, str], problems: list[str]) -> OidcSettings | None:
        """Read ``SILTA_OIDC_…``; None where no issuer is named. What is wrong goes onto ``problems``."""
        issuer = env.get("SILTA_OIDC_ISSUER", "").strip()
        if not issuer:
            return None
        before = len(problems)
        if not is_protected(issuer) or any(sign in issuer for sign in "?#@"):
            problems.append("SILTA_OIDC_ISSUER: an address such as https://id.example is expected, with https")
        client, secret = env.get("SILTA_OIDC_CLIENT_ID", "").strip(), env.get("SILTA_OIDC_CLIENT_SECRET", "").strip()
        if not client:
            problems.append("SILTA_OIDC_CLIENT_ID: the provider knows us by a name; it is not set")
        if not secret:
            problems.append("SILTA_OIDC_CLIENT_SECRET: not set")
        name = env.get("SILTA_OIDC_NAME", "").strip() or cls.name
        if len(name) > NAME_MAX_CHARS or not name.isprintable():
            problems.append(f"SILTA_OIDC_NAME: at most {NAME_MAX_CHARS} visible characters fit on the button")
        return cls(issuer, client, secret, name) if len(problems) == before else None


def is_protected(url: str) -> bool:
    """Whether nobody on the way reads or changes what an address gives: https, or http on this very machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
