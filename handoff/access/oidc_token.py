"""ID tokens: what a provider says about who has signed in, believed only if every check holds. Pure."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

__all__ = ["ALGORITHMS", "BadToken", "Key", "UnknownKey", "checked_email_of", "keys_of"]

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures with the provider's own key. ``none`` and those with a shared secret (HS…) are not among them."""

LEEWAY_S = 60
"""How far the provider's clock may be from ours."""

Key = RSAKey | ECKey


class BadToken(Exception):
    """An ID token that is not believed. ``args[0]`` says which check failed and nothing of what the token says."""


class UnknownKey(BadToken):
    """It names a key that the provider did not have when its keys were read: it may have changed them."""


def keys_of(document: Mapping[str, Any]) -> Sequence[Key]:
    """The keys of a provider's key set that can sign; others, and what is no key, are left out."""
    found: list[Key] = []
    listed = document.get("keys")
    for raw in listed if isinstance(listed, list) else ():
        if not isinstance(raw, dict) or raw.get("kty") not in ("RSA", "EC") or raw.get("use", "sig") != "sig":
            continue
        try:
            key = import_key(raw)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey):
            found.append(key)
    return found


def checked_email_of(token: str, keys: Sequence[Key], *, issuer: str, client_id: str, nonce: str, now_s: float) -> str:
    """The verified e-mail of an ID token.

    Args:
        nonce: what was sent along when the sign-in began.
        now_s: seconds since 1970.

    Raises:
        UnknownKey: no such key; read the provider's keys again.
        BadToken: anything else that does not hold.
    """
    claims = _claims(token, keys)
    if claims.get("iss") != issuer:
        raise BadToken("iss")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if client_id not in named:
        raise BadToken("aud")
    # For several readers: it must say that it was made for us.
    if (len(named) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise BadToken("azp")
    if _seconds(claims, "exp") <= now_s - LEEWAY_S:
        raise BadToken("exp")
    if _seconds(claims, "iat") > now_s + LEEWAY_S or ("nbf" in claims and _seconds(claims, "nbf") > now_s + LEEWAY_S):
        raise BadToken("iat")
    said = claims.get("nonce")
    if not isinstance(said, str) or not secrets.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
        raise BadToken("nonce")
    email = claims.get("email")
    if not isinstance(email, str) or not _is_plain(email):
        raise BadToken("email")
    if claims.get("email_verified") is not True:
        raise BadToken("email_verified")
    return email


def _claims(token: str, keys: Sequence[Key]) -> Mapping[str, Any]:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError):
        raise BadToken("form") from None
    algorithm, name = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise BadToken("alg")
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    fitting = [key for key in keys if key.key_type == kind and (name is None or key.kid in (None, name))]
    if not fitting:
        raise UnknownKey("kid")
    for key in fitting:
        try:
            payload = jws.deserialize_compact(token, key, algorithms=ALGORITHMS).payload
            break
        except (JoseError, ValueError):
            continue
    else:
        raise BadToken("signature")
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadToken("form") from None
    if not isinstance(claims, dict):
        raise BadToken("form")
    return claims


def _is_plain(email: str) -> bool:
    """Whether an address can be no other one's in disguise: who looks an account up ignores case and what stands
    around it, and then the sign of Kelvin is a k."""
    return bool(email) and email.isprintable() and " " not in email and unicodedata.is_normalized("NFKC", email)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # NaN and the infinities are numbers to Python's JSON, and would pass or stall comparisons.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise BadToken(name)
    return value
