"""Messages with files on the website: what they do to a conversation. Pure, like :mod:`handoff.decisions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handoff.conversation import Assignee, Conversation, Responder
from handoff.decisions import Decision, Draft, agent_wrote
from handoff.errors import BadRequest
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE, Pause

__all__ = ["agent_sent", "in_words", "visitor_sent"]

Files = Sequence[Mapping[str, Any]]


def in_words(texts: Texts, language: str, text: str, files: Files) -> str:
    """A message as one line for lists, and for who cannot see files: its text, and what came with it in brackets."""
    kinds = ("image" if str(file["type"]).startswith("image/") else "file" for file in files)
    return " ".join((*([text] if text else []), *(f"[{texts.say(language, f'file_{kind}')}]" for kind in kinds)))


def visitor_sent(
    conversation: Conversation,
    texts: Texts,
    *,
    at: str,
    text: str,
    files: Files,
    client_id: str,
    masked: int = 0,
    pause: Pause = AT_ONCE,
) -> Decision:
    """The visitor sent files, with or without words.

    The bot cannot look at them: where it is the responder, the visitor is told so and offered a person. It answers the
    words all the same.
    """
    draft = Draft(conversation, at)
    draft.visitor_writes(texts)
    shown = in_words(texts, draft.state.language, text, files)
    entry = draft.add_message(text, client_id, shown=shown, data={"attachments": [dict(file) for file in files]})
    answer = draft.explain_masked(texts, masked, entry.seq)
    if draft.state.responder is Responder.BOT:
        draft.offer_person(texts, "files_received", cause="files", of=entry.seq)
        if text:
            draft.ask_bot(entry, None, pause)
    return draft.done(seq=entry.seq, **answer)


def agent_sent(
    conversation: Conversation,
    *,
    at: str,
    agent: Assignee,
    text: str,
    files: Files,
    client_id: str,
    supervisor: bool = False,
    masked: int = 0,
) -> Decision:
    """The assignee sent files to the visitor.

    Raises:
        Forbidden: the agent does not have the conversation.
        BadRequest: its channel takes no files from here.
    """
    if conversation.channel != "web":
        raise BadRequest("attachments: files go to visitors of the website only")
    made = agent_wrote(
        conversation, at=at, agent=agent, text=text, client_id=client_id, supervisor=supervisor, masked=masked
    )
    (entry,) = made.entries
    return replace(made, entries=(replace(entry, data={"attachments": [dict(file) for file in files]}),))
