"""Whether a number is what it looks like: the checks inside identity codes, payment cards and bank accounts. Pure."""

from __future__ import annotations

__all__ = ["IBAN_LENGTHS", "card_lengths", "is_card", "is_day", "is_hetu", "is_iban"]

HETU_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
"""The check character of a Finnish personal identity code by its number's remainder over 31."""

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

IBAN_LENGTHS = dict(
    part.split(":")
    for part in (
        "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 DO:28 "
        "EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 "
        "IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 "
        "NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 "
        "TN:24 TR:26 UA:29 VA:22 VG:24 XK:20"
    ).split()
)
"""Characters of an IBAN by country: it tells where the number ends and the sentence goes on."""

# First digits, and how many there are in all. Maestro's ranges are wide and its numbers rare: only those in use.
_CARDS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (300, 305, (14,)),  # Diners
    (36, 36, (14,)),
    (38, 39, (14,)),
    (3528, 3589, (16,)),  # JCB
    (6011, 6011, (16, 19)),  # Discover
    (644, 649, (16, 19)),
    (65, 65, (16, 19)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (2200, 2204, (16,)),  # Mir
    (5018, 5020, (16, 18, 19)),  # Maestro, Dankort (5019)
    (5038, 5038, (16, 18, 19)),
    (5893, 5893, (16, 18, 19)),
    (6304, 6304, (16, 18, 19)),
    (6759, 6763, (16, 18, 19)),
    (4571, 4571, (16,)),  # Visa with Dankort
)


def is_day(day: str, month: str) -> bool:
    """Whether two pairs of digits are a day of some year."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= _DAYS[int(month) - 1]


def is_hetu(birth: str, number: str, check: str) -> bool:
    """Whether DDMMYY, three digits and a check character are a Finnish personal identity code, of whatever century."""
    return is_day(birth[:2], birth[2:4]) and HETU_CHECKS[int(birth + number) % 31] == check.upper()


def card_lengths(digits: str) -> tuple[int, ...]:
    """How long a payment card's number that begins with these digits is; empty when none does."""
    found: set[int] = set()
    for low, high, lengths in _CARDS:
        width = len(str(low))
        if len(digits) >= width and low <= int(digits[:width]) <= high:
            found.update(lengths)
    return tuple(sorted(found, reverse=True))


def is_card(digits: str) -> bool:
    """Whether digits are a payment card's number: beginning, length and Luhn's check."""
    if len(digits) not in card_lengths(digits) or len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_iban(characters: str) -> bool:
    """Whether letters and digits, without spaces, are an IBAN: country's length, and mod 97."""
    characters = characters.upper()
    if str(len(characters)) != IBAN_LENGTHS.get(characters[:2]) or not characters[2:4].isdigit():
        return False
    turned = characters[4:] + characters[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
