"""Transcripts by e-mail: to the address that the visitor names, once for each request, a few for each conversation.

The address is used and not kept. Sending happens in a thread; the server's answer is waited for: "sent" is true.
"""

from __future__ import annotations

import asyncio
import json
import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from handoff.callbacks import checked_email
from handoff.conversation import Conversation
from handoff.errors import NotFound, RateLimited, TryLater
from handoff.keys import ANSWER_TTL_S
from handoff.mail_settings import MailSettings
from handoff.owner.files import LiveOwner
from handoff.store import Store

__all__ = ["MAILS_MOST", "TranscriptMail"]

log = logging.getLogger("silta.mail")

MAILS_MOST = 3
"""E-mails of one conversation within :data:`MAILS_WITHIN_S`: a wrong address and another try, but no way to pester."""

MAILS_WITHIN_S = 3600


class TranscriptMail:
    """Sends transcripts on this process."""

    def __init__(self, store: Store, owner: LiveOwner, settings: MailSettings) -> None:
        self._store = store
        self._owner = owner
        self._settings = settings

    async def send(self, state: Conversation | None, transcript: str, *, to: str, id: str) -> None:
        """Send one; the same ``id`` again sends nothing.

        Raises:
            BadRequest: this is no address (field ``email``).
            NotFound: nothing has been said yet.
            RateLimited: the conversation was sent often enough for now.
            TryLater: the mail server does not take it now.
        """
        address = checked_email(to)
        if state is None or not transcript:
            raise NotFound("Nothing has been said yet.")
        redis, key = self._store.redis, self._store.keys.answer(state.id, id)
        told = json.dumps({"sent": True})
        if not await self._store.call(redis.set(key, told, nx=True, ex=ANSWER_TTL_S)):
            return
        try:
            await self._count(state.id)
            await asyncio.to_thread(self._deliver, self._written(state, transcript, address))
        except BaseException:
            await self._store.call(redis.delete(key))
            raise

    async def _count(self, conversation: str) -> None:
        redis, key = self._store.redis, self._store.keys.mails(conversation)
        pipe = redis.pipeline(transaction=True)
        pipe.incr(key)
        pipe.expire(key, MAILS_WITHIN_S, nx=True)
        if (await self._store.call(pipe.execute()))[0] > MAILS_MOST:
            raise RateLimited("This conversation was sent by e-mail a moment ago.", retry_after=MAILS_WITHIN_S)

    def _written(self, state: Conversation, transcript: str, address: str) -> EmailMessage:
        texts, language = self._owner.now.texts, state.language
        mail = EmailMessage()
        mail["From"] = self._settings.sender
        mail["To"] = address
        mail["Subject"] = texts.say(language, "mail.subject")
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._settings.sender.rpartition("@")[2])
        # Out-of-office answers to it help nobody.
        mail["Auto-Submitted"] = "auto-generated"
        before, after = (texts.say(language, key) for key in ("mail.before", "mail.after"))
        mail.set_content(f"{before}\n\n{transcript}\n\n{after}\n")
        mail["Content-Language"] = language
        return mail

    def _deliver(self, mail: EmailMessage) -> None:
        settings = self._settings
        context = ssl.create_default_context()
        try:
            if settings.protection == "tls":
                line: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=settings.timeout_s, context=context
                )
            else:
                line = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
            with line:
                if settings.protection == "starttls":
                    line.starttls(context=context)
                if settings.user:
                    line.login(settings.user, settings.password)
                line.send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            # Never the text of the error: servers put addresses into it.
            log.error("the mail server does not take a transcript: %s", type(error).__name__)
            raise TryLater("The e-mail could not be sent; try again later.") from error
