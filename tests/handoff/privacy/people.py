"""Numbers of nobody, made by the rules, in sentences of three languages; and numbers that must stay."""

from __future__ import annotations

import random
from datetime import date, timedelta

from handoff.privacy.numbers import HETU_CHECKS, IBAN_LENGTHS

__all__ = ["SIGNS", "card", "cpr", "cpr_sentence", "decoy", "hetu", "hetu_sentence", "iban", "sentence"]

SIGNS = "+-YXWVUABCDEF"
"""Every century sign of a HETU."""

NEUTRAL = (
    "{}",
    "Hei, tässä: {}. Kiitos!",
    "Olen Maija ja tilaus on myöhässä, {}",
    "Tunnukseni on {}, löydättekö minut?",
    "Hej, her er det: {}",
    "Jeg hedder Søren, {}, og jeg vil gerne se mine ordrer.",
    "Det er {} I skal bruge",
    "Hi, it is {} and my parcel is late.",
    "Here you go ({}), please check my orders!",
    "I am Anna Smith, {}; where is my order?",
)
NAMED = (
    "Hetuni on {}.",
    "henkilötunnukseni {} ja osoite Mannerheimintie 3",
    "Sosiaaliturvatunnus: {}",
    "Mit CPR-nummer er {}.",
    "cpr {} – kan I finde min ordre?",
    "Mit personnummer: {}, tak",
    "My CPR number is {}, order 100234",
    "personal identity code {} and e-mail a@b.example",
)

DECOYS = (
    "Tilausnumero {order10}, missä paketti on?",
    "Missä tilaukseni {order10} viipyy?",
    "Tilaus {order6} tuli {date}, lasku {order8}",
    "Soittakaa numeroon {phone_fi}",
    "Puhelinnumeroni on {phone_fi_tight}",
    "Numeroni on {phone_fi}, soita klo 14–16",
    "Lähetystunnus {tracking}, tila kuljetuksessa",
    "Hinta oli {amount} €, maksoin {amount} €",
    "Toimitus {date}–{date}, kello 10.15",
    "Viitenumero {reference}",
    "Y-tunnuksemme on 1234567-8 ja postinumero 00100",
    "Ordrenummer {order10} er ikke kommet",
    "Hvor er ordre {order10}?",
    "Min ordre nr. {order8} fra den {date}",
    "Ring til mig på {phone_da}",
    "Mit telefonnummer er {phone_da}, jeg er hjemme efter kl. 16",
    "Pakken {tracking} er ikke kommet frem",
    "Beløbet er {amount} kr., fakturanummer {order10}",
    "Varenummer {ean}, størrelse 42",
    "CVR-nummer 12345678, EAN {ean}",
    "My order number is {order10}",
    "Order {order10} placed on {date} has not arrived",
    "order #{order10} please",
    "Call me at {phone_fi} or {phone_da}",
    "tracking number {tracking}",
    "I paid {amount} EUR on {date} at 14:30",
    "Product code SKU-{order6}-{order4}, size 38-40",
    "invoice no. {order10}, due {date}",
)


def _birthday(random_: random.Random, first: int = 1900, last: int = 2026) -> date:
    start = date(first, 1, 1)
    return start + timedelta(days=random_.randrange((date(last, 11, 1) - start).days))


def hetu(random_: random.Random, sign: str | None = None) -> str:
    """A Finnish personal identity code, with ``sign`` or any."""
    sign = sign or random_.choice(SIGNS)
    first, last = (1800, 1899) if sign == "+" else (2000, 2026) if sign in "ABCDEF" else (1900, 1999)
    birth, number = _birthday(random_, first, last).strftime("%d%m%y"), f"{random_.randrange(2, 1000):03}"
    return f"{birth}{sign}{number}{HETU_CHECKS[int(birth + number) % 31]}"


def cpr(random_: random.Random, separator: str | None = None) -> str:
    """A CPR number, with any last four digits: mod 11 proves nothing since 2007."""
    separator = separator if separator is not None else random_.choice(("-", "-", " ", ""))
    return f"{_birthday(random_):%d%m%y}{separator}{random_.randrange(10_000):04}"


def card(random_: random.Random, separator: str = "") -> str:
    """A payment card's number."""
    start, length = random_.choice((("4", 16), ("4571", 16), ("51", 16), ("2221", 16), ("37", 15), ("5019", 16)))
    digits = start + "".join(random_.choice("0123456789") for _ in range(length - len(start) - 1))
    for check in "0123456789":
        whole = digits + check
        total = sum(sum(divmod(int(d) * (2 if place % 2 else 1), 10)) for place, d in enumerate(reversed(whole)))
        if total % 10 == 0:
            return separator.join(whole[place : place + 4] for place in range(0, len(whole), 4))
    raise AssertionError("one of ten check digits fits")


def iban(random_: random.Random, country: str = "FI", separator: str = "") -> str:
    """A bank account's number."""
    digits = "".join(random_.choice("0123456789") for _ in range(int(IBAN_LENGTHS[country]) - 4))
    check = 98 - int("".join(str(int(c, 36)) for c in f"{digits}{country}00")) % 97
    whole = f"{country}{check:02}{digits}"
    return separator.join(whole[place : place + 4] for place in range(0, len(whole), 4))


def sentence(random_: random.Random, number: str) -> str:
    return random_.choice((*NEUTRAL, *NAMED)).format(number)


def hetu_sentence(random_: random.Random) -> tuple[str, str]:
    """A sentence, and the number in it."""
    number = hetu(random_)
    if random_.random() < 0.1:
        number = number.lower()
    return sentence(random_, number), number


def cpr_sentence(random_: random.Random) -> tuple[str, str]:
    """A sentence, and the number in it."""
    number = cpr(random_)
    return sentence(random_, number), number


def _digits(random_: random.Random, count: int) -> str:
    return str(random_.randrange(10 ** (count - 1), 10**count))


def decoy(random_: random.Random) -> str:
    """A sentence with numbers of orders, telephones, dates, amounts, parcels."""
    day = _birthday(random_, 2020)
    mobile = random_.choice(("040", "041", "044", "045", "050")) + " " + _digits(random_, 7)
    eight = _digits(random_, 8)
    parcel = random_.choice(("JJFI" + _digits(random_, 16), "RR" + _digits(random_, 9) + "DK", _digits(random_, 18)))
    return random_.choice(DECOYS).format(
        order4=_digits(random_, 4),
        order6=_digits(random_, 6),
        order8=_digits(random_, 8),
        order10=_digits(random_, 10),
        ean=_digits(random_, 13),
        reference=_digits(random_, random_.choice((10, 12, 16, 20))),
        tracking=parcel,
        date=day.strftime(random_.choice(("%d.%m.%Y", "%d/%m-%y", "%Y-%m-%d", "%d.%m.", "%d%m%y"))),
        phone_fi=random_.choice((mobile, "+358 " + mobile[1:], mobile[:7] + " " + mobile[7:])),
        phone_fi_tight=mobile.replace(" ", ""),
        phone_da=random_.choice((eight, "+45 " + eight, " ".join(eight[p : p + 2] for p in range(0, 8, 2)))),
        amount=random_.choice(("1 234,50", "1.299,00", "49,90", "12 345")),
    )
