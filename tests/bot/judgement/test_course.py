"""What several messages show together."""

from __future__ import annotations

import pytest

from bot.judgement.course import Next, Turn, alike, judge, turns

ASKED = "Missä tilaukseni on?"
TOPIC = "faq/track_order"


def turn(text: str, topic: str = TOPIC, *, answered: bool = True, pressed: bool = False, anger: float = 0.0) -> Turn:
    return Turn(text, topic, pressed, answered, anger)


def asked(*texts: str) -> Next:
    """What follows when these were asked about one topic, each but the last answered."""
    latest = [turn(text, answered=bool(place)) for place, text in enumerate(reversed(texts))]
    return judge(latest).next


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (ASKED, "Niin mutta missä se paketti on?"),
        (ASKED, "missä mun tilaukseni on"),
        (ASKED, "Kysyin, milloin se tulee."),
        ("Hvor er min pakke?", "Jamen hvor er den så henne?"),
        ("Hvor er min pakke?", "Jeg spørger, hvor pakken er"),
        ("Where is my parcel?", "I still don’t know where it is"),
        ("Where is my parcel?", "where is my parcel"),
        ("Where is my parcel?", "But where is it?"),
        ("Where is my parcel?", "Still not here"),
        ("Where is my parcel?", "Where's my parcell again??"),
        ("Missä pakettini on?", "Mutta missä se paketti on?"),
        ("Missä pakettini on?", "Siis missä se on?"),
        ("Missä pakettini on?", "Se ei ole vieläkään tullut"),
        ("Hvor er min pakke?", "Men hvor er den pakke så?"),
        ("Hvor er min pakke?", "Den er stadig ikke kommet"),
        ("Hvor er min pakke?", "Okay, hvor er min pakke?"),
        ("Where is order 104567?", "And where is order 104567?"),
    ],
)
def test_the_same_question_again_calls_a_person(first: str, again: str) -> None:
    assert asked(first, again) is Next.PERSON


@pytest.mark.parametrize(
    ("first", "further"),
    [
        ("Milloin olette auki?", "Entä lauantaisin?"),
        ("Hvornår har I åbent?", "Hvad med om lørdagen?"),
        ("When are you open?", "And at Christmas?"),
    ],
)
def test_a_further_question_about_the_same_matter_is_answered(first: str, further: str) -> None:
    assert asked(first, further) is Next.NOTHING


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("How long do I have to return an item?", "And can I still return it if the tag is off?"),
        ("How do I return something?", "Thanks! Can I still return it in a shop?"),
        ("When are you open?", "And are you still open on Christmas Eve?"),
        ("Do you have gift cards?", "Is my gift card still valid after two years?"),
        ("Is the blue jacket in stock?", "When will the red jacket be in stock again?"),
        ("How do I change my address?", "Can I still change it after it has shipped?"),
        ("Miten palautan tuotteen?", "Kiitos! Mutta voinko palauttaa sen myymälään?"),
        ("Mitä maksaa toimitus?", "Selvä, mutta mitä kotiinkuljetus maksaa?"),
        ("Milloin olette auki?", "Entä milloin aukeatte taas joulun jälkeen?"),
        ("Mistä saan alennuskoodin?", "Voinko käyttää koodin uudelleen?"),
        ("Hvordan returnerer jeg en vare?", "Tak! Men kan jeg også aflevere den i en butik?"),
        ("Hvad koster levering?", "Okay, men hvad koster ekspres?"),
        ("Hvornår har I åbent?", "Og hvornår åbner I igen efter jul?"),
        ("Hvornår kommer den på lager?", "Hvornår kommer den på lager igen i str. M?"),
        # Nearly the same words, and one more that asks for something else.
        ("When are you open?", "When are you open on Sunday?"),
        ("When are you open on Monday?", "When are you open on Sunday?"),
        ("Milloin olette auki?", "Milloin olette auki lauantaina?"),
        ("Hvad koster levering?", "Hvad koster levering til Sverige?"),
        ("How do I return it?", "Where do I return it?"),
        ("Where is order 104567?", "Where is order 104568?"),
    ],
)
def test_a_question_that_adds_something_is_answered(first: str, other: str) -> None:
    assert asked(first, other) in (Next.NOTHING, Next.OFFER)


def test_who_is_pleased_is_offered_a_person_and_not_handed_to_one() -> None:
    before = ("Miten palautan tuotteen?", "Voinko postittaa sen?")
    assert asked(*before, "Kiitos! Voinko tuoda sen myymälään?") is Next.OFFER
    assert asked(*before, "Pitääkö kenkälaatikon olla mukana?") is Next.PERSON


def test_other_words_for_it_get_the_answer_with_an_offer_and_the_third_time_a_person() -> None:
    other = "Onkohan se lähetys jo lähtenyt teiltä"
    assert asked(ASKED, other) is Next.OFFER
    assert asked(ASKED, other, "Paljonko toimitukseen menee vielä aikaa, milloin saan sen") is not Next.NOTHING
    assert asked(ASKED, other, "saisinko tietää kuljetuksen vaiheen") is Next.PERSON


def test_a_button_pressed_again_and_another_topic_are_no_repetition() -> None:
    assert judge([turn(ASKED, answered=False, pressed=True), turn(ASKED)]).next is Next.NOTHING
    assert judge([turn(ASKED, answered=False), turn(ASKED, "faq/warranty")]).next is Next.NOTHING
    assert judge([turn(ASKED, answered=False), turn(ASKED, answered=False)]).next is Next.NOTHING
    assert judge([turn("thanks", "thanks", answered=False), turn("thanks", "thanks")]).next is Next.NOTHING


def test_anger_that_rises_calls_a_person_before_it_is_plain() -> None:
    def rising(*angers: float) -> bool:
        return judge([turn("x", f"faq/{n}", anger=anger) for n, anger in enumerate(reversed(angers))]).rising

    assert rising(0.16, 0.25, 0.4)
    assert rising(0.35, 0.45)
    assert not rising(0.45), "once is no course"
    assert not rising(0.45, 0.35), "it falls"
    assert not rising(0.0, 0.0, 0.45), "all at once"
    assert not rising(0.16, 0.18, 0.2), "mild impatience"


def test_nothing_follows_from_nothing() -> None:
    assert judge([]).next is Next.NOTHING
    assert turns([]) == []
    assert alike("", "?!") == 0.0


def test_turns_are_read_from_the_tracker_up_to_a_persons_part() -> None:
    def user(text: str, **silta: object) -> dict[str, object]:
        return {"event": "user", "text": text, "parse_data": {"silta": silta}, "metadata": {"silta": {"topic": None}}}

    events = [
        user("before", topic=TOPIC),
        {"event": "action", "name": "utter_faq"},
        {"event": "resume"},
        user("one", topic=TOPIC, feeling={"label": "cold_anger", "score": 0.2}),
        {"event": "action", "name": "utter_faq"},
        {"event": "action", "name": "action_listen"},
        user("two", topic=TOPIC, feeling={"label": "sadness", "score": 0.4}),
    ]
    assert turns(events) == [turn("two", answered=False), turn("one", anger=0.2)]
