"""The demo's page: in three languages, with nothing from elsewhere."""

from __future__ import annotations

import json
import re

from handoff.demo.messenger.app import FILES, PAGE
from tests.handoff.demo.conftest import Page


async def test_every_file_of_the_page_is_served_with_a_policy(page: Page) -> None:
    for path in FILES:
        answer = await page.http.get(path)
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_every_text_of_the_page_exists_in_three_languages() -> None:
    texts = json.loads((PAGE / "texts.json").read_text("utf-8"))
    html = (PAGE / "index.html").read_text("utf-8")
    script = (PAGE / "page.js").read_text("utf-8")
    used = {*re.findall(r'data-text="(\w+)"', html), *re.findall(r'say\("(\w+)"\)', script)}
    assert len(used) > 20
    for language in ("fi", "da", "en"):
        assert used <= set(texts[language]), language
        assert set(texts[language]) == set(texts["en"])
        assert all(text.strip() for text in texts[language].values())
