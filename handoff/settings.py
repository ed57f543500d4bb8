"""The hub's settings: built once from the environment at start and passed down, never read again."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handoff import redis_address
from handoff.access.oidc_settings import OidcSettings
from handoff.channels.messenger.settings import MessengerSettings
from handoff.edge.proxy import BadNetwork, Network, networks
from handoff.errors import SettingsError
from handoff.events import Keys
from handoff.mail_settings import MailSettings

__all__ = ["ROOT", "Settings"]

ROOT = Path(__file__).resolve().parent.parent
"""The repository, or wherever the package lies: owner's files and built web parts are found from here."""

BOT_TIMEOUT_S = (0.2, 60.0)
"""What the limit of the bot may be set to: less it never keeps, more and the visitor has left."""

HSTS_MAX_S = 2 * 366 * 86_400
"""Two years: what the browsers' own lists ask for, and more helps nobody."""

REPLICAS_MAX = 5
"""More replicas to wait for than anybody has."""

COUNT_MAX = 1_000_000
"""Above this a limit is none."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
"""As browsers write it: lower case, ASCII (``xn--…`` for other letters), no path. Anything else would never match."""


@dataclass(frozen=True)
class Settings:
    """Everything the hub can be told. Times end in their unit."""

    redis_url: str
    var: Path
    owner_dir: Path
    web_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    origins: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()
    """Keys that sign visitors' tokens; the first signs, all are good. Empty: a key kept in ``var``."""
    actions_url: str | None = None
    """The action server, asked for its health by ``/readyz``."""
    redis_timeout_s: float = 2.0
    """For one operation; a hung Redis must not hang a visitor for longer than the bot's limit."""
    bot_timeout_s: float = 5.0
    """After this the visitor is told that the bot is late: what people wait in a chat before they write again."""
    hello_timeout_s: float = 5.0
    """A socket that says nothing is closed: strangers must not hold sockets for nothing."""
    send_timeout_s: float = 5.0
    """A peer that takes nothing for so long is dropped; it resumes with ``after`` when it is back."""
    visitor_token_days: int = 30
    """How long a visitor can come back to a conversation."""
    drain_s: float = 6.0
    """How long a stopping hub lets sockets finish, spread so that clients do not return all at once."""
    fsync: str = "always"
    """When Redis must have a message on disk, see :data:`handoff.watch.fitness.FSYNC`."""
    redis_replicas: int = 0
    """How many replicas must have a message before it is acknowledged. 0: the primary's disk is enough, as long as it
    is not lost for good. Costs one way to a replica and back for each batch (docs/scaling.md)."""
    limits: bool = True
    """Whether visitors' and addresses' messages and sockets are limited (:mod:`handoff.edge.limits`); off to
    measure."""
    address_sockets: int = 300
    """Sockets of one address on this process at once, and new ones a minute: an office behind one address fits, a
    flood does not."""
    address_messages: int = 600
    """Messages of one address in a minute: sixty people who each write one in six seconds."""
    reuse_port: bool = False
    """Whether other hubs listen on the same address; ``silta up --hubs`` sets it."""
    health_port: int | None = None
    """A loopback port on which this very hub answers for its health and figures: the public one answers for any."""
    trusted_proxies: tuple[Network, ...] = ()
    """From whom ``X-Forwarded-For`` and ``-Proto`` are believed: the proxy that ends TLS, nobody by default."""
    hsts_s: int = 0
    """How long a browser that came by HTTPS shall come by nothing else; 0, because only who runs the proxy knows that
    the name will be served so for good."""
    process: str = "hub-1"
    """This process' name in stream consumers and logs."""
    messenger: MessengerSettings | None = None
    """The Facebook page, where there is one."""
    mail: MailSettings | None = None
    """The server that transcripts go out by, where there is one."""
    oidc: OidcSettings | None = None
    """The company's identity provider, where agents sign in with one."""
    upload_scan: tuple[str, ...] = ()
    """A command that looks through every file that is sent; it gets the path as its last argument."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Settings:
        """Read ``SILTA_…``.

        Raises:
            SettingsError: with a line for each value that is missing or wrong.
        """
        problems: list[str] = []
        redis_url = env.get("SILTA_REDIS_URL", "")
        if not redis_url:
            problems.append("SILTA_REDIS_URL: not set; `silta up` sets it, or give the address of your Redis")
        else:
            try:
                redis_address.parse(redis_url)
            except redis_address.BadAddress as error:
                problems.append(f"SILTA_REDIS_URL: {error}")
        port = _port("SILTA_PORT", env.get("SILTA_PORT", "8080"), problems)
        health = env.get("SILTA_HEALTH_PORT", "").strip()
        host = env.get("SILTA_HOST", "127.0.0.1")
        origins = _origins(env.get("SILTA_ORIGINS", ""), host, port, problems)
        secrets = tuple(part.strip() for part in env.get("SILTA_SECRETS", "").split(",") if part.strip())
        if any(len(secret) < 32 for secret in secrets):
            problems.append("SILTA_SECRETS: a key needs at least 32 characters")
        fsync = env.get("SILTA_FSYNC", "").strip() or "always"
        if fsync not in ("always", "everysec"):
            problems.append(f"SILTA_FSYNC: {fsync!r} is neither always nor everysec")
        try:
            Keys(env.get("SILTA_TENANT", "").strip())
        except ValueError as error:
            problems.append(str(error))
        replicas = env.get("SILTA_REDIS_REPLICAS", "").strip() or "0"
        if not (replicas.isascii() and replicas.isdigit() and int(replicas) <= REPLICAS_MAX):
            problems.append(f"SILTA_REDIS_REPLICAS: {replicas!r} is no number from 0 to {REPLICAS_MAX}")
            replicas = "0"
        health_port = _port("SILTA_HEALTH_PORT", health, problems) if health else None
        bot_timeout_s = _seconds("SILTA_BOT_TIMEOUT_S", env, cls.bot_timeout_s, BOT_TIMEOUT_S, problems)
        proxies = _networks(env, problems)
        hsts_s = round(_seconds("SILTA_HSTS_S", env, 0, (0, HSTS_MAX_S), problems))
        messenger = MessengerSettings.from_environment(env, problems)
        limits = env.get("SILTA_LIMITS", "").strip() or "on"
        if limits not in ("on", "off"):
            problems.append(f"SILTA_LIMITS: {limits!r} is neither on nor off")
        sockets = _whole("SILTA_ADDRESS_SOCKETS", env, cls.address_sockets, problems)
        messages = _whole("SILTA_ADDRESS_MESSAGES", env, cls.address_messages, problems)
        mail = MailSettings.from_environment(env, problems)
        oidc = OidcSettings.from_environment(env, problems)
        upload_scan = _command("SILTA_UPLOAD_SCAN", env, problems)
        if problems:
            raise SettingsError(problems)
        return cls(
            messenger=messenger,
            mail=mail,
            oidc=oidc,
            upload_scan=upload_scan,
            redis_url=redis_url,
            var=Path(env.get("SILTA_VAR", ROOT / "var")).resolve(),
            owner_dir=Path(env.get("SILTA_OWNER_DIR", ROOT / "data" / "owner")).resolve(),
            web_dir=ROOT / "web" / "dist",
            host=host,
            port=port,
            origins=origins,
            secrets=secrets,
            bot_timeout_s=bot_timeout_s,
            actions_url=env.get("SILTA_ACTIONS_URL") or None,
            fsync=fsync,
            redis_replicas=int(replicas),
            reuse_port=env.get("SILTA_REUSE_PORT", "").strip() == "1",
            health_port=health_port,
            limits=limits == "on",
            address_sockets=sockets,
            address_messages=messages,
            trusted_proxies=proxies,
            hsts_s=hsts_s,
            process=env.get("SILTA_PROCESS", "hub-1"),
        )


def _port(name: str, value: str, problems: list[str]) -> int:
    if value.isascii() and value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    problems.append(f"{name}: {value!r} is no port")
    return 8080


def _command(name: str, env: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(env.get(name, "")))
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return ()
    if command and shutil.which(command[0]) is None:
        problems.append(f"{name}: there is no command {command[0]!r}")
    return command


def _networks(env: Mapping[str, str], problems: list[str]) -> tuple[Network, ...]:
    try:
        return networks(env.get("SILTA_TRUSTED_PROXIES", ""))
    except BadNetwork as word:
        problems.append(f"SILTA_TRUSTED_PROXIES: {str(word)!r} is no address and no network such as 10.0.0.0/8")
        return ()


def _whole(name: str, env: Mapping[str, str], default: int, problems: list[str]) -> int:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if raw.isascii() and raw.isdigit() and 1 <= int(raw) <= COUNT_MAX:
        return int(raw)
    problems.append(f"{name}: {raw!r} is no whole number from 1 to {COUNT_MAX}")
    return default


def _seconds(
    name: str, env: Mapping[str, str], default: float, limits: tuple[float, float], problems: list[str]
) -> float:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    try:
        seconds = float(raw)
    except ValueError:
        seconds = -1.0
    if not limits[0] <= seconds <= limits[1]:
        problems.append(f"{name}: {raw!r} is no number of seconds from {limits[0]:g} to {limits[1]:g}")
        return default
    return seconds


def _origins(value: str, host: str, port: int, problems: list[str]) -> frozenset[str]:
    if not value.strip():
        names = {host, "127.0.0.1", "localhost"} if host in ("127.0.0.1", "localhost", "0.0.0.0") else {host}  # noqa: S104 -- compared, not bound
        shown = {f"[{name}]" if ":" in name else name for name in names}
        return frozenset(f"http://{name}" if port == 80 else f"http://{name}:{port}" for name in shown)
    origins = set()
    for part in value.split(","):
        origin = part.strip()
        scheme, _, rest = origin.partition("://")
        if not _ORIGIN.fullmatch(origin):
            problems.append(f"SILTA_ORIGINS: {origin!r} is no origin such as https://shop.example, as browsers send it")
        elif rest.endswith({"http": ":80", "https": ":443"}[scheme]):
            problems.append(f"SILTA_ORIGINS: {origin!r} names the usual port, which browsers leave out")
        else:
            origins.add(origin)
    return frozenset(origins)
