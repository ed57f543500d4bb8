from __future__ import annotations

import socket

import pytest

from handoff.supervisor.errors import PortInUse
from handoff.supervisor.ports import INNER_PORTS, check_public, free_ports


def test_free_ports_are_free_different_and_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        assert port in INNER_PORTS
        check_public("127.0.0.1", port)


def test_a_port_that_somebody_shares_is_in_use_too() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortInUse, match="it is in use"):
            check_public("127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(PortInUse, match="SILTA_PORT"):
        check_public(host, free_ports(1)[0])
