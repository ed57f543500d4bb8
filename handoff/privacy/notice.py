"""The owner's privacy notice for visitors as a page: ``texts/privacy/LANGUAGE.md``, of which a small part of Markdown
is understood (headings, lists, paragraphs, bold, links). Everything else in it is text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.facts import company_file, fact
from handoff.owner.yamlfile import refusing

__all__ = ["Notices", "read_notices", "to_html"]

NOTICE_MAX_CHARS = 100_000
"""More is no notice that anybody reads."""

_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:https?://|mailto:|/)[^\s)\"'<>]+)\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_PLACE = re.compile(r"\{([a-z_.]+)\}")


class Notices:
    """The pages by language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._pages = {language: _page(language, text) for language, text in texts.items()}

    def page(self, language: str) -> str:
        """The page in a language; in English where there is none."""
        return self._pages.get(language) or self._pages.get("en") or next(iter(self._pages.values()))


@refusing
def read_notices(owner_dir: Path, values: Mapping[str, object]) -> Notices | None:
    """Read the owner's notices; ``{name}`` in them stands for one of ``values`` or a fact of ``company.yml``. None
    where the owner has none.

    Raises:
        SettingsError: a language is missing, or a name is not known.
    """
    folder = owner_dir / "texts" / "privacy"
    if not folder.is_dir():
        return None
    raw = company_file(owner_dir / "company.yml").raw.get("facts")
    facts = raw if isinstance(raw, dict) else {}
    problems: list[str] = []
    texts = {}
    for language in LANGUAGES:
        path = folder / f"{language}.md"
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: cannot be read ({type(error).__name__})")
            continue
        if not text.strip() or len(text) > NOTICE_MAX_CHARS:
            problems.append(f"{path}: 1 to {NOTICE_MAX_CHARS} characters are expected")
        unknown = sorted({name for name in _PLACE.findall(text) if name not in values and name not in facts})
        if unknown:
            problems.append(f"{path}: {{{unknown[0]}}} is neither a fact of company.yml nor one of {', '.join(values)}")
        texts[language] = _filled(text, values, facts, language)
    if problems:
        raise SettingsError(problems)
    return Notices(texts)


def _filled(text: str, values: Mapping[str, object], facts: Mapping[str, object], language: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return str(values[name]) if name in values else fact(facts, name, language)

    return _PLACE.sub(value, text)


def to_html(text: str) -> str:
    """The text's headings, lists and paragraphs. Nothing in it is taken as HTML."""
    return "\n".join(_blocks(text))


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        level = len(lines[0]) - len(lines[0].lstrip("#"))
        if 1 <= level <= 3 and lines[0][level : level + 1] == " ":
            yield f"<h{level}>{_inline(lines[0][level:].strip())}</h{level}>"
            lines = lines[1:]
        if not lines:
            continue
        if all(line.startswith(("- ", "  ")) for line in lines) and lines[0].startswith("- "):
            items = re.split(r"(?m)^- ", "\n".join(lines))[1:]
            yield "<ul>" + "".join(f"<li>{_inline(' '.join(item.split()))}</li>" for item in items) + "</ul>"
        else:
            yield f"<p>{_inline(' '.join(' '.join(lines).split()))}</p>"


def _inline(text: str) -> str:
    safe = html.escape(text, quote=True)
    safe = _BOLD.sub(r"<strong>\1</strong>", safe)
    return _LINK.sub(r'<a href="\2" rel="noreferrer">\1</a>', safe)


def _page(language: str, text: str) -> str:
    title = html.escape(next((line.lstrip("# ") for line in text.splitlines() if line.strip()), "Silta"))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n{to_html(text)}\n</main>\n</body>\n</html>\n"
    )
