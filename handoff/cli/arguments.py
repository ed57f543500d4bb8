"""The grammar of ``silta``: subcommands, their arguments, and who does each."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any, NoReturn

from handoff.events import LANGUAGES

__all__ = ["parser"]

BOT_COMMANDS = {
    "train": "train the Rasa model, with progress",
    "parse": "messages in, what the bot understands out (JSON lines)",
    "evaluate": "accuracy on labelled messages",
    "faq": "answers and examples: check, import, export",
    "encode": "texts in, sentence embeddings out",
    "encoder": "build the sentence encoder, if it is missing or damaged",
}
"""Done in the bot's environment: ``./silta`` sends them there, so here they only appear in the help."""


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and where to read more."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} ('{self.prog} --help' tells more)\n")


def parser() -> argparse.ArgumentParser:
    """The parser; the namespace it makes has ``run``, which takes it and returns the exit status."""
    top = _Parser(
        prog="silta", description="Customer-service chat in Finnish, Danish and English: a bot, and people behind it."
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _up(commands)
    check = _command(commands, "check", help="what is wrong with the owner's files; nothing is started")
    check.set_defaults(run=_lazily("check", "check"))
    for name, text in BOT_COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False).set_defaults(run=_elsewhere)
    _agent(commands)
    _key(commands)
    _conversation(commands)
    _audit(commands)
    _chat(commands)
    _messenger(commands)
    _redis_acl(commands)
    return top


def _lazily(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """A function of a module of this package that is imported only when it is called: help stays quick."""

    def run(given: argparse.Namespace) -> int:
        found: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(f"handoff.cli.{module}"), function)
        return found(given)

    return run


def _command(commands: Any, name: str, *, help: str) -> argparse.ArgumentParser:
    """A subcommand: ``help`` is its line in the list, and the head of its own help."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    return made


def _elsewhere(_: argparse.Namespace) -> int:
    raise SystemExit("silta: this command runs in the bot's environment: start it as ./silta")


def _up(commands: Any) -> None:
    up = _command(commands, "up", help="start everything on this machine; Ctrl-C stops it")
    up.add_argument("--hubs", type=int, default=1, metavar="N", help="hub processes on the public port (default 1)")
    up.add_argument("--bots", type=int, default=1, metavar="N", help="Rasa processes (default 1)")
    up.add_argument(
        "--demo-messenger", action="store_true", help="also a Messenger on this machine to play with, without Meta"
    )
    up.set_defaults(run=_lazily("up", "up"))


def _agent(commands: Any) -> None:
    agent = _command(commands, "agent", help="accounts of agents, supervisors and owners")
    actions = agent.add_subparsers(metavar="ACTION", required=True)
    add = _command(actions, "add", help="a new account; its password is read or made and printed once")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", help="as visitors see it (default: the first part of the e-mail)")
    add.add_argument("--role", choices=("agent", "supervisor", "owner"), default="agent")
    add.add_argument("--languages", type=_words, default=LANGUAGES, help="such as fi,da,en (default: all)")
    add.add_argument("--skills", type=_words, default=("general",), help="such as general,orders (default: general)")
    add.add_argument("--capacity", type=int, default=5, metavar="N", help="conversations at once (default 5)")
    add.set_defaults(run=_lazily("agent", "add"))
    password = _command(actions, "password", help="a new password for an account")
    password.add_argument("email", metavar="EMAIL")
    password.set_defaults(run=_lazily("agent", "password"))
    for one in (add, password):
        one.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    listing = _command(actions, "list", help="all accounts")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=_lazily("agent", "list_all"))
    role = _command(actions, "role", help="another role for an account")
    role.add_argument("email", metavar="EMAIL")
    role.add_argument("role", choices=("agent", "supervisor", "owner"))
    role.set_defaults(run=_lazily("agent", "role"))
    lost = _command(actions, "second-factor-off", help="sign in without the second factor: the phone is lost")
    lost.add_argument("email", metavar="EMAIL")
    lost.set_defaults(run=_lazily("agent", "second_factor_off"))
    disable = _command(actions, "disable", help="lock an account, and end its sign-ins at once")
    disable.add_argument("email", metavar="EMAIL")
    disable.set_defaults(run=_lazily("agent", "disable"))


def _key(commands: Any) -> None:
    key = _command(commands, "key", help="API keys of programs")
    actions = key.add_subparsers(metavar="ACTION", required=True)
    add = _command(actions, "add", help="a new key, printed once")
    add.add_argument("name", metavar="NAME", help="what it is for")
    add.add_argument(
        "--scopes",
        type=_words,
        required=True,
        help="some of conversations:read, conversations:export, conversations:erase",
    )
    add.set_defaults(run=_lazily("key", "add"))
    listing = _command(actions, "list", help="all keys")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=_lazily("key", "list_all"))
    revoke = _command(actions, "revoke", help="end a key at once")
    revoke.add_argument("id", metavar="ID")
    revoke.set_defaults(run=_lazily("key", "revoke"))


def _conversation(commands: Any) -> None:
    conversation = _command(commands, "conversation", help="transcripts")
    actions = conversation.add_subparsers(metavar="ACTION", required=True)
    listing = _command(actions, "list", help="the latest conversations")
    listing.add_argument("--limit", type=_positive, default=50, metavar="N", help="at most so many (default 50)")
    listing.set_defaults(run=_lazily("conversation", "list_latest"))
    show = _command(actions, "show", help="everything that was said in one conversation")
    show.add_argument("conversation", metavar="CONVERSATION")
    show.set_defaults(run=_lazily("conversation", "show"))
    for one in (listing, show):
        one.add_argument("--json", action="store_true", help="one JSON object a line")
    export = _command(actions, "export", help="everything that is kept of a person's conversation, as JSON")
    export.add_argument("conversation", metavar="CONVERSATION")
    export.set_defaults(run=_lazily("conversation", "export"))
    erase = _command(actions, "erase", help="a person's conversation gone, everywhere and for good")
    erase.add_argument("conversation", metavar="CONVERSATION")
    erase.add_argument("--reason", choices=("asked", "mistake", "other"), default="asked", help="(default asked)")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.set_defaults(run=_lazily("conversation", "erase"))


def _audit(commands: Any) -> None:
    audit = _command(commands, "audit", help="the log of who did what and who read what")
    actions = audit.add_subparsers(metavar="ACTION", required=True)
    verify = _command(actions, "verify", help="look whether every line is as it was written, and none is missing")
    verify.add_argument("--file", metavar="FILE", help="an export, instead of the log itself")
    verify.set_defaults(run=_lazily("audit", "verify_all"))
    export = _command(actions, "export", help="every line, one JSON object each, as it is kept")
    export.set_defaults(run=_lazily("audit", "export"))


def _chat(commands: Any) -> None:
    chat = _command(commands, "chat", help="talk to the bot in the terminal, as a visitor")
    chat.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="to begin with (default fi)")
    chat.set_defaults(run=_lazily("chat", "chat"))


def _messenger(commands: Any) -> None:
    messenger = _command(commands, "messenger", help="the Facebook page")
    actions = messenger.add_subparsers(metavar="ACTION", required=True)
    apply = _command(
        actions, "apply-profile", help="set greeting, get started, ice breakers and menu in every language"
    )
    apply.add_argument("--show", action="store_true", help="print what would be set, and change nothing")
    apply.set_defaults(run=_lazily("messenger", "apply_profile"))
    doctor = _command(actions, "doctor", help="name what is missing: permissions, fields, the token's end, the version")
    doctor.add_argument("--json", action="store_true", help="one JSON object a line")
    doctor.set_defaults(run=_lazily("messenger", "doctor"))


def _redis_acl(commands: Any) -> None:
    acl = _command(commands, "redis-acl", help="users for a Redis of your own: the lines of its ACL file, once")
    acl.add_argument("--host", default="HOST:6379", metavar="HOST:PORT", help="of that Redis, for the addresses shown")
    acl.set_defaults(run=_lazily("redis_acl", "show"))


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _positive(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is no number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return number
