"""Answers that are remembered under the id of their request, refusals among them: the same id gets the same answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from handoff.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    TooLarge,
    TryLater,
    Unauthorized,
)

__all__ = ["answered", "refusal"]

_KINDS: Mapping[str, type[Refused]] = {
    kind.code: kind
    for kind in (BadRequest, Unauthorized, Forbidden, NotFound, Conflict, TooLarge, RateLimited, TryLater)
}


def refusal(refused: Refused) -> str:
    """A refusal as it is remembered; :func:`answered` raises it again."""
    return json.dumps({"refused": refused.code, "message": refused.message, "extra": dict(refused.extra)})


def answered(raw: bytes) -> Mapping[str, Any]:
    """What a request was answered.

    Raises:
        Refused: it was refused, with the same code and words as now.
    """
    answer = cast("dict[str, Any]", json.loads(raw))
    if "refused" in answer:
        raise _KINDS.get(answer["refused"], BadRequest)(answer["message"], **answer["extra"])
    return answer
