"""The names between braces in the owner's texts. Pure."""

from __future__ import annotations

import string
from collections.abc import Mapping, Set

__all__ = ["filled", "names_in"]

_ONLY = "only a name may stand between braces"


def names_in(text: str) -> set[str]:
    """What stands between braces in ``text``.

    Raises:
        ValueError: a brace is not closed, or something other than a name stands between two: the text would be
            refused only when it is to be said.
    """
    names = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or not name or name.isdigit() or "." in name or "[" in name:
            raise ValueError(f"{{{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}}}: {_ONLY}")
        names.add(name)
    return names


def filled(text: str, values: Mapping[str, str], later: Set[str]) -> str:
    """``text`` with ``values`` in place, as a text in which the names of ``later`` are still to be put: braces that are
    meant as such stay doubled."""
    parts = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(_doubled(literal))
        if name is not None:
            parts.append(_doubled(values[name]) if name in values else f"{{{name}}}" if name in later else "")
    return "".join(parts)


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
