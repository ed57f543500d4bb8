"""Every Redis key of the hub and its lifetime, with the reason. Keys shared with the bot are in :mod:`handoff.events`.

All names carry the tenant's hash tag, so that Redis Cluster keeps one tenant in one slot and a script may touch them
together.
"""

from __future__ import annotations

from handoff.events import Keys

__all__ = [
    "AGENT_SEEN_GRACE_S",
    "ANSWER_TTL_S",
    "DRAFT_TTL_S",
    "ERASED_TTL_S",
    "EXPORT_TTL_S",
    "LOGIN_OIDC_TTL_S",
    "SESSION_ABSOLUTE_S",
    "SESSION_IDLE_S",
    "SOCKET_TOKEN_TTL_S",
    "HubKeys",
]

ANSWER_TTL_S = 24 * 3600
"""How long a request's id and answer are remembered. A client that was away for longer starts with a fresh ``hello``
and asks for the log anyway; a day covers a laptop closed overnight."""

SOCKET_TOKEN_TTL_S = 60
"""An agent's socket token: long enough for a slow page, too short to be worth stealing (protocol §4)."""

SESSION_IDLE_S = 30 * 60
"""An agent's sign-in without any request and without anything done in a window; a ping is nothing done."""

SESSION_ABSOLUTE_S = 12 * 3600
"""An agent's sign-in at the longest: a working day."""

AGENT_SEEN_GRACE_S = 60
"""How long an agent without a socket keeps conversations: lifts, tunnels and reloads are shorter than this."""


ERASED_TTL_S = 31 * 86_400
"""How long an erased conversation cannot come back: a day longer than a visitor's token is good for, so that no late
message, retry or answer of the bot brings anything of it to life."""

EXPORT_TTL_S = 60
"""An address from which a visitor fetches their own data, once: the page follows it at once."""

LOGIN_OIDC_TTL_S = 600
"""From leaving for the identity provider to coming back: a password, and a phone that lies in the next room."""

DRAFT_TTL_S = 7 * 86_400
"""An agent's unsent reply: a week covers a holiday's eve, and what was not sent by then is no answer any more."""


class HubKeys(Keys):
    """Names of the hub's keys."""

    def state(self, conversation: str) -> str:
        """Hash: ``version``, ``last`` and ``state`` (JSON of :class:`handoff.conversation.Conversation`)."""
        return f"{self.prefix}c:{conversation}"

    def log(self, conversation: str) -> str:
        """Stream: the conversation's events, ids ``<seq>-0``, one field ``e`` with the event's JSON."""
        return f"{self.prefix}c:{conversation}:log"

    def buttons(self, conversation: str) -> str:
        """Hash: JSON (title, topic) by the id of a button that was offered."""
        return f"{self.prefix}c:{conversation}:buttons"

    def drafts(self, conversation: str) -> str:
        """Hash with :data:`DRAFT_TTL_S`: unsent replies by agent id."""
        return f"{self.prefix}c:{conversation}:drafts"

    def mails(self, conversation: str) -> str:
        """String with an hour to live: how often the conversation was sent by e-mail."""
        return f"{self.prefix}c:{conversation}:mails"

    def clear(self, conversation: str) -> str:
        """Hash: sealed numbers that were covered in a message, by its number; only where the owner keeps them."""
        return f"{self.prefix}c:{conversation}:clear"

    def erased(self, conversation: str) -> str:
        """String with :data:`ERASED_TTL_S`: the conversation was erased, and nothing of it may be written."""
        return f"{self.prefix}erased:{conversation}"

    @property
    def erasures(self) -> str:
        """Hash: JSON of what is left to do, by a conversation that was erased."""
        return self.prefix + "erasures"

    @property
    def sweeping(self) -> str:
        """String with a lease: the hub that finishes erasures and lets go of what is old."""
        return self.prefix + "privacy:lease"

    @property
    def swept(self) -> str:
        """String with a time to live: what is old has been let go of lately."""
        return self.prefix + "privacy:swept"

    def export_ticket(self, digest: str) -> str:
        """String with :data:`EXPORT_TTL_S`: the conversation that may be fetched once, by the ticket's hash."""
        return f"{self.prefix}export:{digest}"

    def answer(self, scope: str, client_id: str) -> str:
        """String with :data:`ANSWER_TTL_S`: the answer that a request's id got; scope is a conversation or an agent."""
        return f"{self.prefix}ack:{scope}:{client_id}"

    @property
    def queue(self) -> str:
        """Sorted set: queued conversations in the order of dispatch, see :func:`handoff.queue.order.score`."""
        return self.prefix + "queue"

    @property
    def due(self) -> str:
        """Sorted set: conversations that wait for the bot, by deadline in milliseconds of Redis' clock."""
        return self.prefix + "bot:due"

    @property
    def index(self) -> str:
        """Sorted set: all conversations by the time of the last write, milliseconds."""
        return self.prefix + "conversations"

    @property
    def assigned(self) -> str:
        """Hash: the agent's id by conversation, for all that are assigned."""
        return self.prefix + "assigned"

    @property
    def torn(self) -> str:
        """String with a time to live: Redis has cut a torn end off its file, and a person should know."""
        return self.prefix + "torn"

    @property
    def assigned_channels(self) -> str:
        """Hash: the channel by conversation, for all that are assigned."""
        return self.prefix + "assigned:channels"

    @property
    def offers(self) -> str:
        """Hash: JSON of the offer that stands, by conversation: id, agent, until (ms of Redis' clock), why."""
        return self.prefix + "offers"

    @property
    def handled(self) -> str:
        """List: how long the latest conversations were handled, newest first, each ``{seconds} {skill}``: what a hub
        that starts tells waits from."""
        return self.prefix + "handled"

    @property
    def passed(self) -> str:
        """Hash: ``{conversation} {agent}`` to the time (ms of Redis' clock) until which the agent is asked last."""
        return self.prefix + "offers:passed"

    @property
    def callbacks(self) -> str:
        """Sorted set: conversations with a call-back to make, by the begin of its window, milliseconds."""
        return self.prefix + "callbacks"

    @property
    def replies(self) -> str:
        """Sorted set: conversations with an e-mail to answer, by when it is due, milliseconds."""
        return self.prefix + "replies"

    @property
    def promises(self) -> str:
        """Sorted set: snoozed conversations, by when their agent comes back to them, milliseconds."""
        return self.prefix + "promises"

    @property
    def visitors_seen(self) -> str:
        """Sorted set: waiting conversations whose visitor has a socket, by the time of Redis' clock it was seen."""
        return self.prefix + "visitors:seen"

    @property
    def active(self) -> str:
        """Sorted set: agents by the time of Redis' clock at which they last did something."""
        return self.prefix + "agents:active"

    @property
    def idle(self) -> str:
        """Set: agents who are away because they did nothing, and come back with the first thing they do."""
        return self.prefix + "agents:idle"

    @property
    def announcements(self) -> str:
        """Hash: JSON of an announcement by its id."""
        return self.prefix + "announcements"

    @property
    def alerts(self) -> str:
        """Hash: JSON of an alert that stands, by its id."""
        return self.prefix + "alerts"

    @property
    def watch(self) -> str:
        """String with a lease: the hub that raises and ends alerts."""
        return self.prefix + "alerts:watch"

    @property
    def probe(self) -> str:
        """String with a time to live: written to see whether Redis takes writes."""
        return self.prefix + "probe"

    @property
    def orphans(self) -> str:
        """String with a time to live: the hub whose turn it is to look for orphans."""
        return self.prefix + "orphans:lease"

    @property
    def notices(self) -> str:
        """Channel: what has just been written, for every hub."""
        return self.prefix + "notices"

    @property
    def dead(self) -> str:
        """Stream: what could not be read, kept for a person to look at."""
        return self.prefix + "dead"

    @property
    def barrier(self) -> str:
        """Text without a meaning: written so that a WAIT covers all that was written before it."""
        return self.prefix + "barrier"

    @property
    def audit(self) -> str:
        """Stream: who did what, ids ``<number>-0``, fields ``l`` (the line) and ``h`` (its hash)."""
        return self.prefix + "audit"

    @property
    def messenger_out(self) -> str:
        """Sorted set: Messenger conversations with entries that are not sent yet, by when they are due."""
        return self.prefix + "messenger:out"

    @property
    def agents(self) -> str:
        """Hash: JSON of an account by its id."""
        return self.prefix + "agents"

    @property
    def agents_by_email(self) -> str:
        """Hash: account id by e-mail in lower case."""
        return self.prefix + "agents:email"

    @property
    def presence(self) -> str:
        """Hash: ``online``, ``away`` or ``offline`` by agent id, as the agent set it."""
        return self.prefix + "agents:presence"

    @property
    def seen(self) -> str:
        """Sorted set: agents with a socket by the time they were last seen, milliseconds of Redis' clock."""
        return self.prefix + "agents:seen"

    @property
    def agents_settings(self) -> str:
        """Hash: JSON of what an agent chose for the console, by agent id."""
        return self.prefix + "agents:settings"

    def session(self, digest: str) -> str:
        """String: JSON of a sign-in (account, at, mark), by the hash of the cookie; :data:`SESSION_IDLE_S`."""
        return f"{self.prefix}session:{digest}"

    @property
    def second_factors(self) -> str:
        """Hash: the sealed second factor of an agent, by agent id."""
        return self.prefix + "agents:second"

    @property
    def api_keys(self) -> str:
        """Hash: JSON of an API key (its token as a hash), by its id."""
        return self.prefix + "api-keys"

    def second_factor_used(self, account: str, what: str) -> str:
        """String: a code that was used, for as long as it would be good."""
        return f"{self.prefix}second-used:{account}:{what}"

    def login_ticket(self, digest: str) -> str:
        """String: JSON (account, tries) of a sign-in that waits for its second factor, by its ticket's hash."""
        return f"{self.prefix}login-ticket:{digest}"

    def login_oidc(self, digest: str) -> str:
        """String: that the state of a sign-in with the identity provider was used, by its hash;
        :data:`LOGIN_OIDC_TTL_S`."""
        return f"{self.prefix}login-oidc:{digest}"

    def rate(self, kind: str, name: str) -> str:
        """Hash: a token bucket, gone when it is full again: ``s`` and ``h`` of a conversation, ``a`` of an address,
        each as a keyed hash."""
        return f"{self.prefix}rate:{kind}:{name}"

    def guesses(self, kind: str, name: str) -> str:
        """String: wrong passwords by account and address, by account and device, by account, or by address, all as
        keyed hashes; for :data:`handoff.access.guesses.WINDOW_S`."""
        return f"{self.prefix}guesses:{kind}:{name}"

    def sessions_of(self, account: str) -> str:
        """Set: digests of an account's sign-ins, to end them all; :data:`SESSION_ABSOLUTE_S`."""
        return f"{self.prefix}sessions:{account}"

    def socket_token(self, digest: str) -> str:
        """String: account id that a socket token is good for and its sign-in's digest, by its hash;
        :data:`SOCKET_TOKEN_TTL_S`, single use."""
        return f"{self.prefix}socket-token:{digest}"
