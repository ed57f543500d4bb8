from __future__ import annotations

import hashlib
import hmac

import pytest

from handoff.channels.messenger.signature import proof, sign, verify

BODY = '{"object":"page","text":"hyvää päivää"}'.encode()


def test_a_signature_is_the_hmac_of_the_raw_body() -> None:
    wanted = "sha256=" + hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, "secret") == wanted
    assert verify(BODY, wanted, ["secret"])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_secret_of_a_rotation_is_good(place: int) -> None:
    secrets = ["newest", "new", "old"]
    assert verify(BODY, sign(BODY, secrets[place]), secrets)


@pytest.mark.parametrize(
    "header",
    [None, "", "sha256=", "sha256=00", sign(BODY, "secret")[:-1], sign(BODY, "secret").upper(), sign(BODY, "other"),
     sign(BODY + b" ", "secret"), sign(BODY, "secret").removeprefix("sha256="), "sha1=" + "0" * 40, "é" * 71],
)  # fmt: skip
def test_anything_else_is_refused(header: str | None) -> None:
    assert not verify(BODY, header, ["secret"])


def test_without_a_secret_nothing_is_good() -> None:
    assert not verify(BODY, sign(BODY, ""), [])


def test_the_proof_of_a_call_binds_the_token_to_the_secret() -> None:
    assert proof("token", "secret") == hmac.new(b"secret", b"token", hashlib.sha256).hexdigest()
