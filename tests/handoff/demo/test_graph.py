"""The Graph API of the demo: who may call, when a page may write, who owns a thread, what the app is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from handoff.demo.messenger.graph import Fault
from handoff.demo.messenger.platform import Impossible
from handoff.demo.messenger.world import INBOX
from tests.handoff.demo.conftest import HOUR_S, Page


def assert_refused(answer: httpx.Response, code: int, subcode: int | None = None) -> None:
    error = answer.json()["error"]
    assert (error["code"], error.get("error_subcode")) == (code, subcode), error
    assert error["fbtrace_id"] and error["type"] and error["message"]
    assert answer.status_code == (500 if code == 1 else 503 if code in (2, 1200) else 400)


# -- who may call


async def test_a_text_within_the_window_is_shown_and_told_to_the_app(page: Page) -> None:
    person = page.writer()
    answer = await page.send(person, message={"text": "Hei sinä", "metadata": "our-1"})
    assert answer.status_code == 200
    mid = answer.json()["message_id"]
    assert answer.json()["recipient_id"] == person.psid
    shown = person.thread.messages[-1].seen()
    assert (shown["mid"], shown["text"], shown["sent"]["metadata"]) == (mid, "Hei sinä", "our-1")
    assert page.kinds() == ["message", "message", "delivery", "read"]
    echo = page.events[1].content
    assert echo["sender"] == {"id": page.world.page_id}
    expected = {"mid": mid, "is_echo": True, "app_id": page.world.app.id, "metadata": "our-1", "text": "Hei sinä"}
    assert echo["message"] == expected


@pytest.mark.parametrize(
    ("query", "code", "subcode"),
    [
        ({"access_token": None}, 2500, None),
        ({"access_token": "EAAwrong"}, 190, None),
        ({"appsecret_proof": None}, 100, None),
        ({"appsecret_proof": "0" * 64}, 100, None),
    ],
)
async def test_a_call_without_token_or_proof_is_refused(
    page: Page, query: dict[str, Any], code: int, subcode: int | None
) -> None:
    assert_refused(await page.call("POST", "/v26.0/me/messages", {}, **query), code, subcode)


async def test_the_token_may_come_as_a_bearer(page: Page) -> None:
    app = page.world.app
    headers = {"authorization": f"Bearer {app.page_token}"}
    params = {"appsecret_proof": app.proof(app.page_token), "fields": "name"}
    answer = await page.http.get("/v26.0/me", params=params, headers=headers)
    assert answer.json() == {"name": "Havu", "id": page.world.page_id}


async def test_an_expired_token_is_190_until_it_is_renewed(page: Page) -> None:
    person = page.writer()
    page.world.app.token_expired = True
    assert_refused(await page.send(person), 190, 463)
    page.world.app.token_expired = False
    assert (await page.send(person)).status_code == 200


@pytest.mark.parametrize("version", ["v20.0", "v27.0", "2.12", "v26"])
async def test_a_version_that_does_not_live_is_refused(page: Page, version: str) -> None:
    assert_refused(await page.call("POST", f"/{version}/me/messages", {}), 2500)


async def test_the_page_may_be_named_or_be_me_but_no_other(page: Page) -> None:
    person = page.writer()
    body = {"recipient": {"id": person.psid}, "messaging_type": "RESPONSE", "message": {"text": "a"}}
    assert (await page.call("POST", f"/v26.0/{page.world.page_id}/messages", body)).status_code == 200
    assert_refused(await page.call("POST", "/v26.0/4711/messages", body), 100, 33)


async def test_another_sites_page_may_not_steer_the_demo(page: Page) -> None:
    answer = await page.http.post("/control/people", json={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert (await page.http.post("/control/people", content="first_name=a")).status_code == 415
    assert (await page.http.get("/control/state", headers={"host": "evil.example"})).status_code == 400


# -- windows


async def test_a_stranger_and_somebody_who_never_wrote_cannot_be_written_to(page: Page) -> None:
    person = page.world.join()
    assert_refused(await page.send(person), 10, 2018278)
    del page.world.people[person.psid]
    assert_refused(await page.send(person), 100, 2018001)


@pytest.mark.parametrize("more", [{}, {"messaging_type": "UPDATE"}, {"sender_action": "typing_on"}])
async def test_the_page_may_answer_for_24_hours(page: Page, more: dict[str, Any]) -> None:
    person = page.writer()
    page.world.clock.advance(23 * HOUR_S)
    assert (await page.send(person, **more)).status_code == 200
    page.world.clock.advance(2 * HOUR_S)
    assert_refused(await page.send(person, **more), 10, 2018278)
    page.platform.type(person, "olen taas täällä")
    assert (await page.send(person, **more)).status_code == 200


async def test_a_human_may_answer_for_seven_days_where_the_feature_was_granted(page: Page) -> None:
    person = page.writer()
    tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    page.world.clock.advance(6 * 24 * HOUR_S)
    assert (await page.send(person, **tag)).status_code == 200
    page.world.app.human_agent = False
    assert_refused(await page.send(person, **tag), 200)
    page.world.app.human_agent = True
    page.world.clock.advance(2 * 24 * HOUR_S)
    assert_refused(await page.send(person, **tag), 10, 2018065)


async def test_who_has_blocked_the_page_is_not_available(page: Page) -> None:
    person = page.writer()
    person.blocked = True
    assert_refused(await page.send(person), 551, 1545041)


async def test_a_restricted_page_cannot_send_and_is_told_of_the_policy(page: Page) -> None:
    person = page.writer()
    page.platform.policy("block", "spam")
    assert page.events[-1].content["policy_enforcement"] == {"action": "block", "reason": "spam"}
    assert_refused(await page.send(person), 10, 1893063)


async def test_more_than_300_messages_a_second_are_too_many(page: Page) -> None:
    person = page.writer()
    now = page.world.clock.now_ms()
    page.demo.graph._sends.extend([now + 60_000] * 300)
    answer = await page.send(person)
    assert_refused(answer, 613)
    assert "call_count" in answer.headers["x-app-usage"]


# -- signs


async def test_typing_ends_with_the_message_and_seen_begins(page: Page) -> None:
    person = page.writer()
    assert not person.thread.seen_by_page
    await page.send(person, sender_action="mark_seen")
    await page.send(person, sender_action="typing_on")
    assert (person.thread.seen_by_page, person.thread.typing) == (True, True)
    await page.send(person)
    assert not person.thread.typing
    assert person.thread.signs == ["mark_seen", "typing_on"]


# -- owners


async def test_the_inbox_takes_the_thread_and_done_gives_it_back(page: Page) -> None:
    person = page.writer()
    await page.send(person)
    page.events.clear()
    page.platform.inbox_says(person, "Täällä ihminen")
    assert page.kinds() == ["take_thread_control", "message/standby", "delivery/standby", "read/standby"]
    assert page.events[0].content["take_thread_control"]["previous_owner_app_id"] == page.world.app.id
    assert page.events[1].content["message"]["app_id"] == INBOX
    assert_refused(await page.send(person), 10, 2018300)
    owner = (await page.call("GET", "/v26.0/me/thread_owner", recipient=person.psid)).json()
    assert owner["data"][0]["thread_owner"]["app_id"] == str(INBOX)
    page.platform.type(person, "kiitos")
    assert page.kinds()[-1] == "message/standby"
    page.platform.inbox_done(person)
    given = page.events[-1].content["pass_thread_control"]
    assert (given["new_owner_app_id"], given["previous_owner_app_id"]) == (page.world.app.id, INBOX)
    assert (await page.send(person)).status_code == 200


async def test_a_button_pressed_while_another_owns_comes_without_its_payload(page: Page) -> None:
    person = page.writer()
    button = {"type": "postback", "title": "A", "payload": "p"}
    payload = {"template_type": "button", "text": "Mitä?", "buttons": [button]}
    await page.send(person, message={"attachment": {"type": "template", "payload": payload}})
    page.platform.inbox_takes(person)
    page.platform.press(person, "A")
    assert page.events[-1].channel == "standby"
    assert set(page.events[-1].content["postback"]) == {"mid", "title"}


async def test_our_app_passes_takes_requests_and_releases(page: Page) -> None:
    person = page.writer()
    recipient = {"recipient": {"id": person.psid}}
    to_inbox = {**recipient, "target_app_id": INBOX, "metadata": "asks for a person"}
    assert (await page.call("POST", "/v26.0/me/pass_thread_control", to_inbox)).json() == {"success": True}
    assert_refused(await page.send(person), 10, 2018300)
    assert_refused(await page.call("POST", "/v26.0/me/release_thread_control", recipient), 10, 2018300)
    assert_refused(await page.call("POST", "/v26.0/me/pass_thread_control", to_inbox), 10, 2018300)
    await page.call("POST", "/v26.0/me/take_thread_control", recipient)
    assert (await page.send(person)).status_code == 200
    await page.call("POST", "/v26.0/me/release_thread_control", recipient)
    assert (await page.call("GET", "/v26.0/me/thread_owner", recipient=person.psid)).json() == {"data": []}
    to_nobody = {**recipient, "target_app_id": 1}
    assert_refused(await page.call("POST", "/v26.0/me/pass_thread_control", to_nobody), 100)
    page.platform.inbox_takes(person)
    assert (await page.call("POST", "/v26.0/me/request_thread_control", recipient)).status_code == 200


async def test_the_inbox_may_ask_us_for_the_thread(page: Page) -> None:
    person = page.writer()
    await page.send(person)
    page.platform.inbox_asks(person)
    assert page.events[-1].content["request_thread_control"]["requested_owner_app_id"] == INBOX


async def test_an_owner_who_does_nothing_for_a_day_owns_no_longer(page: Page) -> None:
    person = page.writer()
    page.platform.inbox_says(person, "hetki")
    page.world.clock.advance(25 * HOUR_S)
    page.platform.type(person, "huhuu")
    assert page.kinds()[-1] == "message"
    assert (await page.send(person)).status_code == 200


async def test_without_routing_a_human_of_the_page_shows_by_the_echo_alone(page: Page) -> None:
    page.world.routing = False
    person = page.writer()
    page.platform.inbox_says(person, "Täällä ihminen")
    assert page.kinds() == ["message", "message", "delivery", "read"]
    assert page.events[1].content["message"]["app_id"] == INBOX
    assert (await page.send(person)).status_code == 200


# -- people


async def test_a_quick_reply_brings_its_payload_and_vanishes(page: Page) -> None:
    person = page.writer()
    replies = [{"content_type": "text", "title": "Kyllä", "payload": "opaque-1"}]
    await page.send(person, message={"text": "Onko näin?", "quick_replies": replies})
    page.platform.tap(person, "Kyllä")
    said = page.events[-1].content["message"]
    assert (said["text"], said["quick_reply"]) == ("Kyllä", {"payload": "opaque-1"})
    with pytest.raises(Impossible):
        page.platform.tap(person, "Kyllä")


async def test_people_edit_take_back_and_react(page: Page) -> None:
    person = page.world.join()
    mid = page.platform.type(person, "missä paketit").mid
    for count in range(1, 6):
        text = f"missä paketti {count}"
        page.platform.edit(person, mid, text)
        assert page.events[-1].content["message_edit"] == {"mid": mid, "text": text, "num_edit": count}
    with pytest.raises(Impossible):
        page.platform.edit(person, mid, "kuudes")
    page.platform.react(person, mid, "❤")
    assert page.events[-1].content["reaction"]["action"] == "react"
    page.platform.unsend(person, mid)
    assert page.events[-1].content["message"] == {"mid": mid, "is_deleted": True}
    assert person.thread.messages[0].seen()["text"] is None
    late = page.platform.type(person, "hei").mid
    page.world.clock.advance(HOUR_S)
    with pytest.raises(Impossible):
        page.platform.edit(person, late, "moi")


@pytest.mark.parametrize("what", ["picture", "sticker", "old_sticker", "voice", "file", "location"])
async def test_what_people_show_comes_as_an_attachment(page: Page, what: str) -> None:
    person = page.world.join()
    page.platform.show(person, what)
    message = page.events[-1].content["message"]
    assert "text" not in message and len(message["attachments"]) == 1
    assert ("sticker_id" in message) == what.endswith("sticker")
    url = message["attachments"][0]["payload"].get("url")
    if url:
        file = await page.http.get(url.partition(":9")[2])
        assert file.status_code == 200 and len(file.content) > 100


# -- profile, subscriptions, token


async def test_a_profile_is_set_shown_and_cleared_by_the_rules(page: Page) -> None:
    menu = [{"locale": "default", "call_to_actions": [{"type": "postback", "title": "Start", "payload": "p"}]}]
    path = "/v26.0/me/messenger_profile"
    assert_refused(await page.call("POST", path, {"persistent_menu": menu}), 100, 2018145)
    whole = {
        "get_started": {"payload": "start"},
        "persistent_menu": menu,
        "greeting": [{"locale": "default", "text": "Hi"}, {"locale": "fi_FI", "text": "Hei"}],
        "ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "Where?", "payload": "w"}]}],
    }
    assert (await page.call("POST", path, whole)).json() == {"result": "success"}
    shown = (await page.call("GET", path, fields="greeting,ice_breakers")).json()["data"][0]
    assert shown == {name: whole[name] for name in ("greeting", "ice_breakers")}
    person = page.world.join()
    assert page.platform.menus(person)["greeting"] == "Hei"
    page.platform.pick(person, "Where?")
    assert page.events[-1].content["postback"]["payload"] == "w"
    assert_refused(await page.call("DELETE", path, {"fields": ["get_started"]}), 100, 2018145)
    assert (await page.call("DELETE", path, {"fields": ["get_started", "persistent_menu"]})).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"greeting": [{"locale": "fi_FI", "text": "Hei"}]},
        {"greeting": [{"locale": "default", "text": "H" * 161}]},
        {"greeting": [{"locale": "default", "text": "a"}, {"locale": "default", "text": "b"}]},
        {"greeting": [{"locale": "default", "text": "a"}, {"locale": "fi", "text": "b"}]},
        {"ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "a", "payload": "b"}] * 5}]},
        {"ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "a" * 81, "payload": "b"}]}]},
        {"persistent_menu": [{"locale": "default", "call_to_actions": [{"type": "nested", "title": "a"}]}]},
        {"persistent_menu": [{"locale": "default", "call_to_actions": []}]},
        {"get_started": {}},
        {"mood": "x"},
        {},
    ],
)
async def test_a_profile_beyond_the_rules_is_refused(page: Page, wrong: dict[str, Any]) -> None:
    assert_refused(await page.call("POST", "/v26.0/me/messenger_profile", wrong), 100)
    assert page.world.profile == {}


async def test_names_of_people_need_an_action_and_a_permission(page: Page) -> None:
    person = page.world.join()
    path, fields = f"/v26.0/{person.psid}", "first_name,locale"
    assert_refused(await page.call("GET", path, fields=fields), 100, 33)
    page.platform.type(person, "hei")
    assert (await page.call("GET", path, fields=fields)).json() == {"first_name": "Aino", "id": person.psid}
    page.world.app.locale_access = True
    assert (await page.call("GET", path, fields=fields)).json()["locale"] == "fi_FI"
    page.world.app.profile_access = False
    assert_refused(await page.call("GET", path, fields=fields), 100, 33)


async def test_the_token_tells_what_it_may(page: Page) -> None:
    app = page.world.app
    query = {"input_token": app.page_token, "access_token": f"{app.id}|{app.secret}"}
    data = (await page.call("GET", "/v26.0/debug_token", **query)).json()["data"]
    assert (data["is_valid"], data["app_id"], data["profile_id"]) == (True, str(app.id), page.world.page_id)
    assert "pages_messaging" in data["scopes"]
    app.token_expired = True
    data = (await page.call("GET", "/v26.0/debug_token", **query)).json()["data"]
    assert (data["is_valid"], data["error"]["subcode"]) == (False, 463)
    assert_refused(await page.call("GET", "/v26.0/debug_token", input_token="a", access_token="b"), 190)


async def test_the_app_is_told_only_what_it_subscribed_to(page: Page) -> None:
    path = "/v26.0/me/subscribed_apps"
    await page.call("POST", path, subscribed_fields="messages,message_echoes")
    shown = (await page.call("GET", path)).json()["data"][0]
    assert shown["subscribed_fields"] == ["messages", "message_echoes"]
    person = page.writer()
    await page.send(person)
    for event in page.events:
        page.demo.courier.put(event)
    assert page.demo.courier.tally.waiting == 2
    await page.call("DELETE", path)
    assert (await page.call("GET", path)).json() == {"data": []}


async def test_a_picture_is_uploaded_once_and_sent_by_its_number(page: Page) -> None:
    person = page.writer()
    picture = {"type": "image", "payload": {"url": "https://havu.example/a.png", "is_reusable": True}}
    number = (await page.call("POST", "/v26.0/me/message_attachments", {"message": {"attachment": picture}})).json()
    by_number = {"attachment": {"type": "image", "payload": number}}
    assert (await page.send(person, message=by_number)).status_code == 200
    assert person.thread.messages[-1].attachments == [{"type": "image", "payload": {"url": "https://havu.example/a.png"}}]
    wrong = {"attachment": {"type": "image", "payload": {"attachment_id": "7"}}}
    assert_refused(await page.send(person, message=wrong), 100, 2018074)


# -- faults


async def test_a_fault_fails_so_many_calls_and_leaves_nothing(page: Page) -> None:
    person = page.writer()
    page.demo.graph.weather.faults.append(Fault("error", times=2, code=2))
    assert_refused(await page.send(person), 2)
    assert_refused(await page.send(person), 2)
    assert len(person.thread.messages) == 1
    assert (await page.send(person)).status_code == 200
    page.demo.graph.weather.faults.append(Fault("http", status=502))
    answer = await page.send(person)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/plain; charset=utf-8")


async def test_a_call_cut_after_it_was_accepted_has_happened(page: Page) -> None:
    person = page.writer()
    page.demo.graph.weather.faults.append(Fault("cut_after_accept"))
    await page.send(person)  # whole only in this process, where there is no connection to cut
    assert len(person.thread.messages) == 2
    assert "is_echo" in page.events[1].content["message"]
