from __future__ import annotations

import pytest

from handoff.wire import agent, codec


@pytest.mark.parametrize(
    ("raw", "frame"),
    [
        ('{"type":"hello","token":"t"}', agent.Hello("t", {}, None, None)),
        ('{"type":"hello","token":"t","cursors":{"c":4},"language":"da"}', agent.Hello("t", {"c": 4}, "da", None)),
        ('{"type":"presence","id":"x","value":"away"}', agent.Presence("x", "away")),
        ('{"type":"claim","id":"x","conversation":"c"}', agent.Claim("x", "c")),
        ('{"type":"open","id":"x","conversation":"c","after":2}', agent.Open("x", "c", 2)),
        ('{"type":"message","id":"x","conversation":"c","text":"hei"}', agent.Message("x", "c", "hei")),
        ('{"type":"note","id":"x","conversation":"c","text":"hm"}', agent.Note("x", "c", "hm")),
        (
            '{"type":"message","id":"x","conversation":"c","attachments":["f"]}',
            agent.Message("x", "c", None, ("f",)),
        ),
        ('{"type":"read","conversation":"c","of":4}', agent.Read("c", 4)),
        ('{"type":"typing","conversation":"c","on":true}', agent.Typing("c", True)),
        (
            '{"type":"transfer","id":"x","conversation":"c","to":{"skill":"billing"},"note":"n"}',
            agent.Transfer("x", "c", agent.Target(None, "billing"), "n"),
        ),
        ('{"type":"return_to_bot","id":"x","conversation":"c"}', agent.ReturnToBot("x", "c", None)),
        ('{"type":"resolve","id":"x","conversation":"c","outcome":"ok"}', agent.Resolve("x", "c", "ok")),
        ('{"type":"ping","id":"p"}', agent.Ping("p")),
    ],
)
def test_each_frame_of_the_contract_is_read(raw: str, frame: agent.Frame) -> None:
    assert agent.decode(raw) == frame


@pytest.mark.parametrize("to", ["{}", '{"agent":"a","skill":"b"}', '{"team":"x"}', '"a"'])
def test_a_transfer_goes_to_one_agent_or_one_skill(to: str) -> None:
    with pytest.raises(codec.Malformed):
        agent.decode('{"type":"transfer","id":"x","conversation":"c","to":' + to + "}")


def test_a_hello_without_a_token_is_refused() -> None:
    with pytest.raises(codec.Malformed, match="token: missing"):
        agent.decode('{"type":"hello"}')
