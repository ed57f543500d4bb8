"""The company's facts as a text of one language says them: sums as the country writes money. Pure but for the
reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from handoff.errors import SettingsError
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["company_file", "fact", "read_facts"]

_SUM = re.compile(r"(\d+(?:\.\d{1,2})?) ([A-Z]{3})")
"""How owners write money in ``company.yml``: 4.90 EUR, 39 DKK."""

_NO_BREAK = "\u00a0"


def company_file(path: Path) -> OwnerFile:
    """``company.yml`` as :mod:`bot.texts` reads it: a fact is the text that stands there, a phone number that begins
    with a zero or a bare ``4.90`` as much as any."""
    return read_file(path, as_written=True)


@refusing
def read_facts(path: Path) -> Mapping[str, Any]:
    """The facts of ``company.yml``: each one text, or one by language.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    file = company_file(path)
    facts = file.mapping(("facts",), file.raw.get("facts"))
    for name, value in facts.items():
        said = value if isinstance(value, dict) else {"": value}
        for language, one in said.items():
            if one is not None and not isinstance(one, str):
                file.wrong(("facts", name, *([language] if language else [])), f"{one!r} is no text; quote it")
    if file.problems:
        raise SettingsError(file.problems)
    return facts


def fact(facts: Mapping[str, Any], name: str, language: str) -> str:
    """The value of ``name`` in ``language``; empty where the owner gave none."""
    value = facts.get(name)
    said = value.get(language) if isinstance(value, dict) else value
    text = "" if said is None else str(said)
    money = _SUM.fullmatch(text)
    return _money(money[1], money[2], language) if money else text


def _money(amount: str, currency: str, language: str) -> str:
    """As :mod:`bot.texts` writes it with Babel: 1 234,50 €, 1.234,50 kr., €1,234.50; decimals where the owner did."""
    plain = f"{Decimal(amount):,.2f}" if "." in amount else f"{Decimal(amount):,.0f}"
    if language == "en":
        sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(currency)
        return f"{sign}{plain}" if sign else f"{currency}{_NO_BREAK}{plain}"
    group = _NO_BREAK if language == "fi" else "."
    number = plain.replace(",", " ").replace(".", ",").replace(" ", group)
    sign = {"EUR": "€", "DKK": "kr." if language == "da" else "DKK"}.get(currency, currency)
    return f"{number}{_NO_BREAK}{sign}"
