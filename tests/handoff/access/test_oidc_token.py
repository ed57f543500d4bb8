"""ID tokens: every one that is bent in any way is refused."""

from __future__ import annotations

import base64
import hmac
import json
import math
import sys
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from handoff.access.oidc_token import LEEWAY_S, BadToken, UnknownKey, checked_email_of, keys_of

ISSUER, CLIENT, NONCE, NOW = "https://id.test", "silta", "the-nonce", 1_800_000_000
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
CLAIMS = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "s",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": NONCE,
    "email": "aino@test.example",
    "email_verified": True,
}


def public(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def made(key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    header = header or {"alg": "ES256", "kid": "k1"}
    registry = jws.JWSRegistry(algorithms=[header["alg"]])
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


def check(token: str, document: dict[str, Any] | None = None) -> str:
    return checked_email_of(
        token, keys_of(document or public(KEY)), issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now_s=NOW
    )


def test_a_token_that_holds_gives_the_email() -> None:
    assert check(made()) == "aino@test.example"
    assert check(made(aud=[CLIENT, "other"], azp=CLIENT)) == "aino@test.example"
    assert check(made(exp=NOW - LEEWAY_S + 1, iat=NOW + LEEWAY_S)) == "aino@test.example", "clocks differ"


def test_no_letter_of_another_alphabet_becomes_one_of_ours_in_an_account_looked_up() -> None:
    """Accounts are looked up without regard to case; to ``lower`` the sign of Kelvin is a k."""
    disguised = [sign for sign in map(chr, range(0x80, sys.maxunicode + 1)) if sign.lower().isascii()]
    assert disguised, "else this proves nothing"
    for sign in disguised:
        with pytest.raises(BadToken, match="^email$"):
            check(made(email=f"ai{sign}no@test.example"))
    assert check(made(email="väinö@test.example")) == "väinö@test.example"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_providers_sign_with_rsa_too(algorithm: str) -> None:
    key = RSAKey.generate_key(2048, {"kid": "r"})
    assert check(made(key, {"alg": algorithm, "kid": "r"}), public(KEY, key)) == "aino@test.example"
    assert check(made(key, {"alg": algorithm}), public(KEY, key)) == "aino@test.example", "without the key's name"


@pytest.mark.parametrize(
    ("failed", "changes"),
    [
        ("iss", {"iss": "https://id.test/"}),
        ("iss", {"iss": None}),
        ("aud", {"aud": "other"}),
        ("aud", {"aud": ["other"]}),
        ("aud", {"aud": {CLIENT: 1}}),
        ("aud", {"aud": None}),
        ("azp", {"aud": [CLIENT, "other"]}),
        ("azp", {"azp": "other"}),
        ("exp", {"exp": NOW - LEEWAY_S}),
        ("exp", {"exp": None}),
        ("exp", {"exp": math.nan}),
        ("exp", {"exp": math.inf}),
        ("exp", {"exp": True}),
        ("exp", {"exp": str(NOW + 300)}),
        ("iat", {"iat": NOW + LEEWAY_S + 1}),
        ("iat", {"iat": None}),
        ("iat", {"nbf": NOW + LEEWAY_S + 1}),
        ("nonce", {"nonce": "another"}),
        ("nonce", {"nonce": None}),
        ("nonce", {"nonce": "\ud800"}),
        ("email", {"email": None}),
        ("email", {"email": ["aino@test.example"]}),
        ("email", {"email": " aino@test.example"}),
        ("email", {"email": "aino@test.example\n"}),
        ("email", {"email": "aino@test.example\u00a0"}),
        ("email", {"email": "ai\u200bno@test.example"}),
        ("email", {"email": "mi\u212a\u212ael@test.example"}),
        ("email_verified", {"email_verified": False}),
        ("email_verified", {"email_verified": "true"}),
        ("email_verified", {"email_verified": None}),
    ],
)
def test_a_wrong_claim_is_refused(failed: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadToken) as refused:
        check(made(**changes))
    assert refused.value.args == (failed,)


def test_a_token_of_another_key_is_refused() -> None:
    other = ECKey.generate_key("P-256", {"kid": "k1"})
    with pytest.raises(BadToken, match="signature"):
        check(made(other))
    with pytest.raises(UnknownKey):
        check(made(other, {"alg": "ES256", "kid": "k2"}))


def test_none_and_shared_secrets_are_no_signatures() -> None:
    head, body, _ = made(header={"alg": "ES256", "kid": "k1"}).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    shared = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=").decode()
    # The old trick: signed with what everybody knows of the provider's key.
    mac = hmac.digest(KEY.as_pem(private=False), f"{shared}.{body}".encode(), "sha256")
    confused = f"{shared}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    for token in (f"{none}.{body}.", f"{none}.{body}.x", confused):
        with pytest.raises(BadToken, match="alg"):
            check(token)
    with pytest.raises(BadToken, match="signature"):
        check(f"{head}.{body}.")


def test_keys_of_the_header_itself_are_not_taken() -> None:
    other = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "kid": "k1", "jwk": other.as_dict(private=False)}
    with pytest.raises(BadToken, match="signature"):
        check(made(other, header))


def test_a_body_that_was_changed_is_refused() -> None:
    head, _, signature = made().split(".")
    _, body, _ = made(email="owner@test.example").split(".")
    with pytest.raises(BadToken, match="signature"):
        check(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "e30.e30.", "....", "ä.b.c", "\ud800.b.c", "a.b.c.d.e"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        check(token)


def test_a_key_set_with_nonsense_in_it_still_gives_its_keys() -> None:
    good = KEY.as_dict(private=False)
    nonsense = [None, 1, {}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA"}, {"kty": "EC", "crv": "x"}]
    assert [key.kid for key in keys_of({"keys": [*nonsense, {**good, "use": "enc"}, good]})] == ["k1"]
    assert not keys_of({}) and not keys_of({"keys": "k"})
