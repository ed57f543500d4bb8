from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from handoff.errors import BadRequest, NotFound, RateLimited, TryLater
from handoff.mail import MAILS_MOST, TranscriptMail
from handoff.mail_settings import MailSettings
from handoff.owner.files import LiveOwner
from tests.handoff.mailbox import Inbox, listening
from tests.handoff.parts import ALWAYS_OPEN, Parts, new_conversation, uid

FROM = "chat@havu.example"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    with listening() as made:
        yield made


@pytest.fixture
async def mail(parts: Parts, inbox: tuple[Inbox, int]) -> AsyncIterator[TranscriptMail]:
    settings = MailSettings("127.0.0.1", inbox[1], FROM, "none")
    yield TranscriptMail(parts.store, LiveOwner(ALWAYS_OPEN), settings)


async def test_the_conversation_is_sent_once_to_the_address_that_the_visitor_named(
    parts: Parts, mail: TranscriptMail, inbox: tuple[Inbox, int]
) -> None:
    new, id = new_conversation("da"), uid()
    await parts.say(new, "Hvor er min ordre æøå?")
    parts.hub.mail = mail
    assert await parts.hub.visitors.email_transcript(new.id, id=id, to=" freja@example.dk ") == {"sent": True}
    assert await parts.hub.visitors.email_transcript(new.id, id=id, to="freja@example.dk") == {"sent": True}
    ((to, sent),) = inbox[0].mails
    assert to == ["freja@example.dk"]
    assert (sent["From"], sent["Auto-Submitted"], sent["Content-Language"]) == (FROM, "auto-generated", "da")
    assert sent["Subject"] == "Din samtale med os"
    assert "Hvor er min ordre æøå?" in sent.get_content()
    stored = b"".join(value or b"" for value in (await parts.everything()).values())
    assert b"freja@example.dk" not in stored


async def test_what_is_no_address_or_has_a_second_line_is_refused(parts: Parts, mail: TranscriptMail) -> None:
    new = new_conversation()
    await parts.say(new)
    state = await parts.state(new.id)
    for wrong in ("freja", "a@b.fi\r\nBcc: c@d.fi", "a@b.fi, c@d.fi", ""):
        with pytest.raises(BadRequest):
            await mail.send(state, "x", to=wrong, id=uid())
    with pytest.raises(NotFound):
        await mail.send(None, "", to="a@b.fi", id=uid())


async def test_a_conversation_goes_out_only_a_few_times_an_hour(
    parts: Parts, mail: TranscriptMail, inbox: tuple[Inbox, int]
) -> None:
    new = new_conversation()
    await parts.say(new)
    state = await parts.state(new.id)
    for _ in range(MAILS_MOST):
        await mail.send(state, "x", to="a@b.fi", id=uid())
    with pytest.raises(RateLimited):
        await mail.send(state, "x", to="a@b.fi", id=uid())
    assert len(inbox[0].mails) == MAILS_MOST


async def test_a_server_that_takes_nothing_is_said_and_the_same_request_may_try_again(
    parts: Parts, mail: TranscriptMail, inbox: tuple[Inbox, int]
) -> None:
    new, id = new_conversation(), uid()
    await parts.say(new)
    state = await parts.state(new.id)
    inbox[0].full = True
    with pytest.raises(TryLater):
        await mail.send(state, "x", to="a@b.fi", id=id)
    inbox[0].full = False
    await mail.send(state, "x", to="a@b.fi", id=id)
    assert len(inbox[0].mails) == 1


@pytest.mark.parametrize(
    ("env", "wrong"),
    [
        ({}, "SILTA_SMTP_FROM"),
        ({"FROM": FROM, "SECURITY": "maybe"}, "SILTA_SMTP_SECURITY"),
        ({"FROM": FROM, "PORT": "x"}, "SILTA_SMTP_PORT"),
        ({"FROM": FROM, "USER": "u"}, "SILTA_SMTP_PASSWORD"),
        ({"FROM": FROM, "USER": "u", "PASSWORD": "p", "SECURITY": "none"}, "SILTA_SMTP_SECURITY"),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], wrong: str) -> None:
    problems: list[str] = []
    given = {f"SILTA_SMTP_{name}": value for name, value in env.items()} | {"SILTA_SMTP_HOST": "mail.example"}
    assert MailSettings.from_environment(given, problems) is None
    assert [problem.partition(":")[0] for problem in problems] == [wrong]


def test_the_usual_port_follows_from_the_protection_and_no_server_means_no_mail() -> None:
    base = {"SILTA_SMTP_HOST": "mail.example", "SILTA_SMTP_FROM": FROM}
    made = MailSettings.from_environment(base, [])
    assert made is not None
    assert (made.port, made.protection) == (587, "starttls")
    assert MailSettings.from_environment({}, []) is None
    assert "secret" not in repr(MailSettings("h", 1, FROM, user="u", password="secret"))
