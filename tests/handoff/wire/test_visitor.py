from __future__ import annotations

import pytest

from handoff.wire import codec, visitor


@pytest.mark.parametrize(
    ("raw", "frame"),
    [
        ('{"type":"hello"}', visitor.Hello(None, 0, None, None, None)),
        (
            '{"type":"hello","token":"t","after":3,"language":"fi-FI","page":"","id":"h"}',
            visitor.Hello("t", 3, "fi", "", "h"),
        ),
        ('{"type":"message","id":"x","text":"hei"}', visitor.Message("x", "hei", None)),
        ('{"type":"message","id":"x","button":"3.0"}', visitor.Message("x", None, "3.0")),
        ('{"type":"message","id":"x","attachments":["f","f","g"]}', visitor.Message("x", None, None, ("f", "g"))),
        ('{"type":"callback_cancel","id":"x"}', visitor.CallbackCancel("x")),
        ('{"type":"agree","id":"x"}', visitor.Agree("x")),
        ('{"type":"email_transcript","id":"x","email":"a@b.fi"}', visitor.EmailTranscript("x", "a@b.fi")),
        ('{"type":"typing","on":false}', visitor.Typing(False)),
        ('{"type":"request_handoff","id":"x"}', visitor.RequestHandoff("x")),
        ('{"type":"cancel_handoff","id":"x"}', visitor.CancelHandoff("x")),
        ('{"type":"language","id":"x","value":"da"}', visitor.Language("x", "da")),
        ('{"type":"rating","id":"x","score":5,"comment":null}', visitor.Rating("x", 5, None)),
        ('{"type":"transcript","id":"x"}', visitor.Transcript("x")),
        ('{"type":"end","id":"x"}', visitor.End("x")),
        ('{"type":"consent","id":"x","language":"en"}', visitor.Consent("x", "en")),
        ('{"type":"callback","id":"x","email":"a@b.fi"}', visitor.Callback("x", None, "a@b.fi", None, None)),
        (
            '{"type":"callback","id":"x","phone":"040","name":"Li","window":"7"}',
            visitor.Callback("x", "040", None, "Li", "7"),
        ),
        ('{"type":"ping"}', visitor.Ping(None)),
    ],
)
def test_each_frame_of_the_contract_is_read(raw: str, frame: visitor.Frame) -> None:
    assert visitor.decode(raw) == frame


@pytest.mark.parametrize("raw", ['{"type":"message","id":"x"}', '{"type":"message","id":"x","text":"a","button":"b"}'])
def test_a_message_has_a_text_or_a_button(raw: str) -> None:
    with pytest.raises(codec.Malformed, match="a text or a button"):
        visitor.decode(raw)


def test_every_frame_type_is_covered_here() -> None:
    assert set(visitor.FRAMES) == {
        "hello", "message", "typing", "request_handoff", "cancel_handoff", "language", "rating", "transcript", "end",
        "ping", "callback", "callback_cancel", "consent", "agree", "email_transcript",
        "export", "erase",
    }  # fmt: skip
