"""The company's facts as a text of one language says them: sums as the country writes money. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["fact"]

_SUM = re.compile(r"(\d+(?:\.\d{1,2})?) ([A-Z]{3})")
"""How owners write money in ``company.yml``: 4.90 EUR, 39 DKK."""

_NO_BREAK = "\u00a0"


def fact(facts: Mapping[str, Any], name: str, language: str) -> str:
    """The value of ``name`` in ``language``; empty where the owner gave none."""
    value = facts.get(name, "")
    text = str(value.get(language, "") if isinstance(value, dict) else value)
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
