"""Row S16 with the proxy that we give operators: a real Caddy with ops/Caddyfile before a real hub."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.handoff.hub_process import HubProcess, free_port
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.redis_server import RedisServer
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until_sync

pytestmark = [
    pytest.mark.lasts(30),
    pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed (Debian has it as a package)"),
]

FILE = Path(__file__).resolve().parents[2] / "ops" / "Caddyfile"

TRIAL = "{\n\tadmin off\n\tauto_https off\n"
"""The beginning of the file's first block: no port for its administration, which is a fixed one, no certificates."""


@dataclass
class Public:
    """The address of a Caddy, the hub behind it, and the file with all that Caddy said."""

    address: str
    hub: HubProcess
    said: Path


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Public]:
    """A Caddy before a hub that trusts it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    hub: HubProcess | None = None
    caddy: subprocess.Popen[bytes] | None = None
    with RedisServer() as server, (tmp_path / "said").open("wb") as said:
        try:
            server.start()
            hub = HubProcess(server.url, SILTA_TRUSTED_PROXIES="127.0.0.1", SILTA_ORIGINS=address)
            hub.add_agents()
            hub.start()
            whole = FILE.read_text("utf-8")
            assert whole.count("\n{\n") == 1, "the block of what holds for all"
            (tmp_path / "Caddyfile").write_text(whole.replace("\n{\n", "\n" + TRIAL, 1), "utf-8")
            home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
            caddy = subprocess.Popen(
                ["caddy", "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"],
                env={**os.environ, **home, "SILTA_NAME": address, "SILTA_PORT": str(hub.port)},
                stdout=said,
                stderr=said,
            )
            until_sync(lambda: _answers(address), "Caddy answers", timeout_s=30)
            yield Public(address, hub, tmp_path / "said")
        finally:
            if caddy is not None:
                caddy.kill()
                caddy.wait()
            if hub is not None:
                hub.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address + "/healthz", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


async def test_s16_pages_and_sockets_work_behind_the_proxy_and_figures_stay_inside(public: Public) -> None:
    async with httpx.AsyncClient(base_url=public.address, trust_env=False) as client:
        for path in ("/metrics", "/readyz"):
            assert (await client.get(path)).status_code == 404, path
        page = await client.get("/healthz")
        assert page.headers.get_list("content-security-policy") != []
        assert page.headers.get_list("strict-transport-security") == ["max-age=31536000"]
        assert "server" not in page.headers
        # A stranger says that he came by HTTPS: Caddy says how it was, and is believed.
        reply = await client.post(
            "/api/login",
            json={"email": AGENTS["Mikkel"], "password": PASSWORD},
            headers={"x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1", "x-user-id": "owner"},
        )
        assert reply.status_code == 200
        assert "secure" not in reply.headers["set-cookie"].lower()
    async with await Visitor.arrive(public.address, language="en") as visitor:
        assert (await visitor.ask("request_handoff"))["status"]


async def test_p7_s2_the_proxy_says_nothing_of_who_asked_for_what_while_the_hub_is_away(public: Public) -> None:
    public.hub.kill()
    headers = {"authorization": "Bearer tokencanary", "cookie": "silta_session=cookiecanary"}
    async with httpx.AsyncClient(base_url=public.address, trust_env=False, headers=headers) as client:
        for path in ("/api/visitor/export?ticket=ticketcanary", "/api/visitor/files/c/f?key=keycanary"):
            assert (await client.get(path)).status_code == 502
    said = public.said.read_text("utf-8")
    assert "serving" in said, "Caddy says what it does"
    assert "canary" not in said and "remote_ip" not in said
