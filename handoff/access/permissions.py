"""Who may what: one table of actions, denied by default, and who sees which conversation. Pure.

An action is a frame (``agent:claim``, ``visitor:message``) or a route (``GET /api/search``), as they are registered.
What has no line is nobody's: whoever adds a frame or a route adds its line here, and a test fails until then.

A conversation that an agent may not see does not exist for that agent: the answer is that of a conversation that is
not there (S5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handoff.access.account import Account
from handoff.conversation import Conversation
from handoff.owner.rules import GENERAL

__all__ = [
    "ACTIONS",
    "ANYONE",
    "KEY",
    "ROLES",
    "SCOPES",
    "Facts",
    "allowed",
    "frame_action",
    "may",
    "route_action",
    "sees",
]

ANYONE = "anyone"
"""Who has not signed in."""

VISITOR = "visitor"
"""Who has a visitor's token, which names one conversation."""

ROLES = (ANYONE, VISITOR, "agent", "supervisor", "owner")

SCOPES = ("conversations:read", "conversations:export", "conversations:erase")
"""What an API key can be good for: to read and search transcripts; a person's data out; a person's data gone."""

KEY = "key:"
"""Before a scope, the role of an API key that has it."""

_ALL = frozenset((*ROLES, *(KEY + scope for scope in SCOPES)))
_PEOPLE = frozenset({"agent", "supervisor", "owner"})
_LEADS = frozenset({"supervisor", "owner"})
_VISITOR = frozenset({VISITOR})
_READ = _PEOPLE | {KEY + "conversations:read"}

ACTIONS: Mapping[str, frozenset[str]] = {
    # The visitor's socket: a frame acts on the one conversation of the token.
    "visitor:hello": frozenset({ANYONE, VISITOR}),
    "visitor:message": _VISITOR,
    "visitor:typing": _VISITOR,
    "visitor:request_handoff": _VISITOR,
    "visitor:cancel_handoff": _VISITOR,
    "visitor:language": _VISITOR,
    "visitor:rating": _VISITOR,
    "visitor:callback": _VISITOR,
    "visitor:consent": _VISITOR,
    "visitor:transcript": _VISITOR,
    "visitor:export": _VISITOR,
    "visitor:erase": _VISITOR,
    "visitor:email_transcript": _VISITOR,
    "visitor:callback_cancel": _VISITOR,
    "visitor:agree": _VISITOR,
    "visitor:end": _VISITOR,
    "visitor:ping": _VISITOR,
    # The agent's socket: on conversations that the agent sees.
    "agent:hello": _PEOPLE,
    "agent:presence": _PEOPLE,
    "agent:claim": _PEOPLE,
    "agent:accept": _PEOPLE,
    "agent:decline": _PEOPLE,
    "agent:open": _PEOPLE,
    "agent:message": _PEOPLE,
    "agent:note": _PEOPLE,
    "agent:typing": _PEOPLE,
    "agent:viewing": _PEOPLE,
    "agent:read": _PEOPLE,
    "agent:suggest": _PEOPLE,
    "agent:transfer": _PEOPLE,
    "agent:return_to_bot": _PEOPLE,
    "agent:resolve": _PEOPLE,
    "agent:snooze": _PEOPLE,
    "agent:snooze_end": _PEOPLE,
    "agent:ask_help": _PEOPLE,
    "agent:leave": _PEOPLE,
    "agent:request_approval": _PEOPLE,
    "agent:callback_take": _PEOPLE,
    "agent:callback_release": _PEOPLE,
    "agent:callback_done": _PEOPLE,
    "agent:callback_move": _PEOPLE,
    "agent:clear": _PEOPLE,
    "agent:ping": _PEOPLE,
    "agent:join": _LEADS,
    "agent:decide": _LEADS,
    "agent:announce": _LEADS,
    "agent:announce_end": _LEADS,
    # Pages and what monitors ask.
    "GET /": _ALL,
    "GET /console": _ALL,
    "GET /privacy": _ALL,
    "GET /widget.js": _ALL,
    "GET /assets/{name:path}": _ALL,
    "GET /favicon.ico": _ALL,
    "GET /favicon.svg": _ALL,
    "GET /healthz": _ALL,
    "GET /readyz": _ALL,
    "GET /metrics": _ALL,
    "GET /api/openapi.json": _ALL,
    # Messenger: the platform's calls carry its signature, which their handler checks.
    "GET /webhooks/messenger": _ALL,
    "POST /webhooks/messenger": _ALL,
    # Signing in.
    "GET /api/login/methods": _ALL,
    "POST /api/login": _ALL,
    "GET /api/login/oidc": _ALL,
    "GET /api/login/oidc/callback": _ALL,
    "POST /api/login/second": _ALL,
    "POST /api/logout": _ALL,
    "POST /api/socket-token": _PEOPLE,
    # One's own.
    "GET /api/me": _PEOPLE,
    "POST /api/me/password": _PEOPLE,
    "POST /api/me/stay": _PEOPLE,
    "POST /api/me/second-factor": _PEOPLE,
    "PUT /api/me/second-factor": _PEOPLE,
    "DELETE /api/me/second-factor": _PEOPLE,
    "GET /api/me/settings": _PEOPLE,
    "PUT /api/me/settings": _PEOPLE,
    "GET /api/drafts/{id}": _PEOPLE,
    "PUT /api/drafts/{id}": _PEOPLE,
    "GET /api/canned": _PEOPLE,
    # Conversations.
    "GET /api/search": _READ,
    "GET /api/conversations/{id}": _READ,
    "GET /api/messenger/files/{conversation}/{name}": _READ,
    "GET /api/files/{conversation}/{id}": _PEOPLE,
    "POST /api/conversations/{id}/upload": _PEOPLE,
    "POST /api/conversations/{id}/export": _LEADS | {KEY + "conversations:export"},
    "POST /api/conversations/{id}/erase": _LEADS | {KEY + "conversations:erase"},
    # A visitor's token or single-use address, which their handlers check.
    "GET /api/visitor/export": _ALL,
    "POST /api/visitor/upload": _ALL,
    "OPTIONS /api/visitor/upload": _ALL,
    "GET /api/visitor/files/{conversation}/{id}": _ALL,
}
"""Which roles may do what. What visitors and Messenger ask for has credentials of its own: its handlers check them."""


def frame_action(socket: str, type: str) -> str:
    """The action of a frame on the ``visitor`` or ``agent`` socket."""
    return f"{socket}:{type}"


def route_action(method: str, path: str) -> str:
    """The action of a route; HEAD is asked for by whoever may GET."""
    return f"{'GET' if method == 'HEAD' else method} {path}"


def may(role: str, action: str) -> bool:
    """Whether the role may do it; what the table does not name, nobody may."""
    return role in ACTIONS.get(action, frozenset())


def allowed(account: Account, action: str) -> bool:
    """Whether the account may do it: by its role, or by any scope of an API key."""
    return may(account.role, action) or any(may(KEY + scope, action) for scope in account.scopes)


@dataclass(frozen=True)
class Facts:
    """What of a conversation decides who sees it."""

    language: str
    skill: str = GENERAL
    consents: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    """Agents who have it, had it, help in it, or make its call-back."""

    @classmethod
    def of(cls, state: Conversation) -> Facts:
        """Of a conversation."""
        holder = (state.callback or {}).get("assignee") or {}
        had = [state.assignee.id if state.assignee else None, state.served_by, holder.get("id")]
        return cls(
            state.language,
            state.skill,
            frozenset(state.consents),
            frozenset((*filter(None, had), *state.helpers, *state.had_by)),
        )

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> Facts:
        """Of a line of the queue or of a call-back, as notices carry them."""
        had: Iterable[str | None] = ((line.get("assignee") or {}).get("id"), line.get("served_by"))
        return cls(
            line["language"],
            line["skill"],
            frozenset(line.get("consents") or ()),
            frozenset((*filter(None, had), *(line.get("had_by") or ()))),
        )


def sees(account: Account, conversation: Conversation | Facts) -> bool:
    """Whether the account sees the conversation: of its languages and skills, or given to it; those who lead, all.

    A language that the visitor has agreed to counts as the conversation's.
    """
    if account.leads or account.scopes:
        return True
    facts = conversation if isinstance(conversation, Facts) else Facts.of(conversation)
    if account.id in facts.given:
        return True
    spoken = {facts.language, *facts.consents} & set(account.languages)
    return bool(spoken) and (facts.skill == GENERAL or facts.skill in account.skills)
