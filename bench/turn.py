"""``python -m bench turn``: what a plain turn costs, in Rasa and from a visitor's socket to the same visitor's socket.

In Rasa: our model beside the stock pipeline (:mod:`bench.stock`), each in a process of its own with one thread and
trackers in memory. Over the sockets: a real Redis, hub and bot process, without the bot's pauses; one visitor after the
other for what a turn costs at the 5th and at the 500th turn of a conversation, then many at once for what one bot
process can do. Wants a trained model (``silta train``).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from handoff.settings import ROOT
from handoff.supervisor import redis_server
from handoff.supervisor.ports import free_ports

__all__ = ["main"]

BOT = ROOT / ".venv" / "bot" / "bin" / "python"
STOCK = ROOT / "var" / "bench" / "stock"
TEXTS = (
    ("milloin olette auki", "mitä maksutapoja teillä on", "Paljonko toimitus maksaa?"),
    ("miten palautan tuotteen", "Kuinka pitkä takuu on?", "Voiko teiltä ostaa lahjakortin?"),
    ("hvornår har I åbent", "hvordan betaler jeg", "Hvad koster fragten?"),
    ("hvordan returnerer jeg en vare", "Hvor lang er garantien?", "Kan jeg købe et gavekort?"),
    ("when are you open", "how can I pay", "How much is delivery?"),
    ("how do I return an item", "How long is the warranty?", "Can I buy a gift card?"),
)
"""Plain questions that are answered without the action server, six topics in each of three languages. No topic comes
back within five messages: asked again, an answer has the offer of a person after it, and is no plain turn any more."""
TOPICS = 6
LANGUAGES = 3
EARLY, LATE = 5, 500
AROUND = TOPICS // 2
"""Turns before and after that are taken together: all topics, so that the same is compared."""
CONVERSATIONS = 7 * LANGUAGES
"""Conversations whose early turns are taken together; of those with late turns there is one in each language."""
AT_ONCE = 16
EACH = 40
PAUSES = ("pause_s", "question_pause_s")
"""How long the bot waits whether more is said: not at all here, or it would be most of a turn, and hide its growth."""
ANSWER_S = 60.0
"""Nothing at all is heard for so long: something is wrong. That the bot is late, the hub says after five seconds."""


def _texts(language: int) -> list[str]:
    return [text for row in TEXTS[2 * language : 2 * language + 2] for text in row]


@dataclass(frozen=True)
class House:
    """What is running: the hub's address and the bot's process id."""

    port: int
    bot_pid: int

    def cpu_s(self) -> float:
        """Processor time that the bot has used."""
        fields = Path(f"/proc/{self.bot_pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.bot_pid}/status").read_text("ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def _environ(**more: str) -> dict[str, str]:
    quiet = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, "SILTA_LIMITS": "off", "PYTHONPATH": str(ROOT), **quiet, **more}


@contextmanager
def _house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="silta-b-"))
    url = f"unix://{folder / 'redis.sock'}"
    port, actions_port = free_ports(2)
    environ = _environ(
        SILTA_REDIS_URL=url,
        SILTA_PORT=str(port),
        SILTA_VAR=str(folder / "var"),
        SILTA_ACTIONS_URL=f"http://127.0.0.1:{actions_port}/webhook",
        SILTA_PROCESS="bot-1",
        SILTA_OWNER_DIR=str(_without_pauses(folder / "owner")),
    )
    running: list[subprocess.Popen[bytes]] = []

    def run(*command: str) -> subprocess.Popen[bytes]:
        log = (folder / f"{len(running)}.log").open("wb")
        running.append(subprocess.Popen(command, env=environ, cwd=ROOT, stdout=log, stderr=log))
        return running[-1]

    try:
        run(*redis_server.command(redis_server.binary(), folder, folder / "redis.sock"))
        with Redis.from_url(url) as redis:
            _until(redis.ping)
            bot = run(str(BOT), "-m", "bot.serve", "--model", "models")
            run(sys.executable, "-m", "handoff")
            _until(lambda: b"the bot is ready" in (folder / "1.log").read_bytes() or bot.poll() is not None)
            if bot.poll() is not None:
                raise SystemExit(f"bench: {(folder / '1.log').read_text()[-500:]}")
        yield House(port, bot.pid)
    finally:
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _without_pauses(folder: Path) -> Path:
    """The owner's files as they come along, but for the pauses."""
    shutil.copytree(ROOT / "data" / "owner", folder)
    file = folder / "manners.yml"
    text, changed = re.subn(rf"(?m)^({'|'.join(PAUSES)}): .*$", r"\1: 0", file.read_text("utf-8"))
    if changed != len(PAUSES):
        raise SystemExit(f"bench: {file.name} has no {' and '.join(PAUSES)}")
    file.write_text(text, "utf-8")
    return folder


def _until(look: Any) -> None:
    for _ in range(1800):
        try:
            if look():
                return
        except (OSError, RedisError):
            pass
        time.sleep(0.1)
    raise SystemExit("bench: a process did not come up")


class Talker:
    """One visitor who waits for every answer."""

    late = 0
    """Turns in which the hub has told a visitor that the bot is late: they count with the time until then."""
    arrived = 0

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._texts = _texts(Talker.arrived % LANGUAGES)
        Talker.arrived += 1
        self._said = 0

    @classmethod
    async def arrive(cls, port: int) -> Talker:
        for _ in range(100):
            try:
                origin = Origin(f"http://127.0.0.1:{port}")
                address = f"ws://127.0.0.1:{port}/ws/visitor"
                socket = await connect(address, origin=origin, compression=None, proxy=None)
                break
            except OSError:
                await asyncio.sleep(0.1)  # the hub starts
        else:
            raise SystemExit("bench: the hub did not come up")
        await socket.send(json.dumps({"type": "hello"}))
        talker = cls(socket)
        await talker._next("welcome")
        return talker

    async def _next(self, kind: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(await asyncio.wait_for(self._socket.recv(), ANSWER_S))
            if frame["type"] == kind:
                return frame

    async def say(self) -> float:
        """Say the next message; milliseconds until the bot's answer to it is here."""
        id, text = uuid.uuid4().hex, self._texts[self._said % len(self._texts)]
        self._said += 1
        began = time.perf_counter()
        await self._socket.send(json.dumps({"type": "message", "id": id, "text": text}))
        seq, answered = None, set()
        while seq is None or seq not in answered:
            frame: dict[str, Any] = json.loads(await asyncio.wait_for(self._socket.recv(), ANSWER_S))
            if frame["type"] == "error":
                raise SystemExit(f"bench: the hub refused a message: {frame}")
            if frame["type"] == "ack" and frame["id"] == id:
                seq = frame["seq"]
            elif frame["type"] == "event" and frame["kind"] == "message":
                if frame["author"]["role"] == "bot":
                    answered.add(frame.get("of"))
                elif frame["author"]["role"] == "system":
                    Talker.late += 1
                    break
        return 1000 * (time.perf_counter() - began)

    async def leave(self) -> None:
        await self._socket.close()


async def _around(house: House, turn: int, conversations: int) -> tuple[list[float], float]:
    """Milliseconds of the turns around ``turn`` in so many conversations, one after the other, and the bot's processor
    time for each."""
    took, busy = [], 0.0
    for _ in range(conversations):
        talker = await Talker.arrive(house.port)
        for _ in range(turn - AROUND):
            await talker.say()
        before = house.cpu_s()
        took += [await talker.say() for _ in range(2 * AROUND)]
        busy += house.cpu_s() - before
        await talker.leave()
    return took, 1000 * busy / len(took)


async def _sockets(house: House) -> None:
    for _ in range(LANGUAGES):
        warming = await Talker.arrive(house.port)
        for _ in range(2 * TOPICS):
            await warming.say()
        await warming.leave()
    Talker.late = 0
    early, early_cpu = await _around(house, EARLY, CONVERSATIONS)
    late, late_cpu = await _around(house, LATE, LANGUAGES)
    _line(f"turn {EARLY}, socket to socket", early, early_cpu)
    _line(f"turn {LATE}, socket to socket", late, late_cpu)
    print(f"turn {LATE} / turn {EARLY}: {statistics.median(late) / statistics.median(early):.2f}")
    talkers = [await Talker.arrive(house.port) for _ in range(AT_ONCE)]
    before = house.cpu_s()
    began = time.perf_counter()

    async def talk(talker: Talker) -> None:
        for _ in range(EACH):
            await talker.say()

    await asyncio.gather(*map(talk, talkers))
    rate = AT_ONCE * EACH / (time.perf_counter() - began)
    busy = 1000 * (house.cpu_s() - before) / (AT_ONCE * EACH)
    print(
        f"{AT_ONCE} visitors at once, one bot process: {rate:.0f} messages/s, {busy:.1f} ms of processor time each, "
        f"{house.rss_mb():.0f} MB"
    )
    print(f"turns in which the bot was late: {Talker.late}; load now: {os.getloadavg()[0]:.1f}")


def _line(name: str, ms: Sequence[float], cpu_ms: float) -> None:
    ordered = sorted(ms)
    print(
        f"{name:<28} p50 {statistics.median(ms):6.1f}  p95 {ordered[int(0.95 * (len(ms) - 1))]:6.1f} ms"
        f"  bot {cpu_ms:.1f} ms of processor time a turn",
        flush=True,
    )


def _in_rasa(model: Path, texts: Path, *more: str) -> dict[str, float]:
    done = subprocess.run(
        [str(BOT), "-m", "bench.rasa_turn", str(model), str(texts), *more],
        env=_environ(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"bench: {done.stderr[-800:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _stock() -> Path:
    model = STOCK / "stock.tar.gz"
    if not model.exists():
        print("training the stock pipeline beside, once", flush=True)
        command = [str(BOT), "-m", "bench.stock", str(STOCK)]
        subprocess.run(command, env=_environ(), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return model


def _rasa() -> None:
    with tempfile.TemporaryDirectory(prefix="silta-b-") as work:
        texts = Path(work) / "texts"
        texts.write_text("\n".join([text for row in TEXTS for text in row] * 7), "utf-8")
        ours, stock = _in_rasa(ROOT / "models", texts, "--ours"), _in_rasa(_stock(), texts)
    print(f"{'in Rasa, one thread':<28}{'ours':>10}{'stock':>10}{'ratio':>8}")
    for name in ours:
        print(f"{name:<28}{ours[name]:>10}{stock[name]:>10}{ours[name] / stock[name]:>8.2f}", flush=True)


def main() -> None:
    """Print both tables."""
    _rasa()
    with _house() as house:
        asyncio.run(_sockets(house))
