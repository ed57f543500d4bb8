from __future__ import annotations

from handoff.channels.messenger.cover import covered
from handoff.channels.messenger.events import parse

HETU = "131052-308T"


def test_words_are_covered_and_ids_and_addresses_stay() -> None:
    url = "https://scontent.xx.fbcdn.net/v/4111111111111111.jpg"
    attachment = {"type": "image", "title": HETU, "payload": {"url": url, "sticker_id": 369239263222822}}
    message = {"mid": "m_4111111111111111", "text": f"tunnus {HETU}", "attachments": [attachment]}
    body = {"sender": {"id": "3"}, "recipient": {"id": "1"}, "message": message}
    (event,) = parse({"entry": [{"id": "1", "messaging": [body]}]}, now_ms=5)
    kept = covered(event)
    assert kept.masked == 2
    assert HETU not in kept.to_json()
    assert kept.mid == event.mid
    assert kept.part("message")["attachments"][0]["payload"]["url"] == url
    assert kept.key == event.key


def test_an_event_without_numbers_is_left_as_it_is() -> None:
    body = {"sender": {"id": "3"}, "recipient": {"id": "1"}, "message": {"mid": "m", "text": "hei"}}
    (event,) = parse({"entry": [{"id": "1", "messaging": [body]}]}, now_ms=5)
    assert covered(event) is event


def test_of_an_unknown_kind_everything_is_covered() -> None:
    body = {"sender": {"id": "3"}, "recipient": {"id": "1"}, "new_thing": {"whatever": [HETU]}}
    (event,) = parse({"entry": [{"id": "1", "messaging": [body]}]}, now_ms=5)
    assert HETU not in covered(event).to_json()
