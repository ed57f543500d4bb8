"""The mail server that transcripts go out by, from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from handoff.callbacks import checked_email
from handoff.errors import BadRequest

__all__ = ["PROTECTIONS", "MailSettings"]

PROTECTIONS = {"starttls": 587, "tls": 465, "none": 25}
"""How the line to the server is protected, with the usual port of each."""


@dataclass(frozen=True)
class MailSettings:
    """``sender`` is what stands in From; ``user`` is empty where the server asks for none."""

    host: str
    port: int
    sender: str
    protection: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 20.0
    """For the whole conversation with the server; the visitor waits for it."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str], problems: list[str]) -> MailSettings | None:
        """Read ``SILTA_SMTP_…``; None where no server is named. What is wrong goes onto ``problems``."""
        host = env.get("SILTA_SMTP_HOST", "").strip()
        if not host:
            return None
        before = len(problems)
        protection = env.get("SILTA_SMTP_SECURITY", "").strip() or "starttls"
        if protection not in PROTECTIONS:
            problems.append(f"SILTA_SMTP_SECURITY: {protection!r} is none of {', '.join(PROTECTIONS)}")
        port = env.get("SILTA_SMTP_PORT", "").strip() or str(PROTECTIONS.get(protection, 587))
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            problems.append(f"SILTA_SMTP_PORT: {port!r} is no port")
        try:
            sender = checked_email(env.get("SILTA_SMTP_FROM", ""))
        except BadRequest:
            sender = ""
            problems.append("SILTA_SMTP_FROM: the address that transcripts come from is expected")
        user, password = env.get("SILTA_SMTP_USER", "").strip(), env.get("SILTA_SMTP_PASSWORD", "")
        if bool(user) != bool(password):
            problems.append("SILTA_SMTP_PASSWORD: a user and a password belong together")
        if user and protection == "none" and host not in ("127.0.0.1", "::1", "localhost"):
            problems.append("SILTA_SMTP_SECURITY: a password does not go over an open line")
        return cls(host, int(port), sender, protection, user, password) if len(problems) == before else None
