"""The owner's privacy notice as a page: in three languages, with the real limits, and text stays text."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.privacy.notice import Notices, read_notices, to_html
from handoff.privacy.rules import KeepDays, PrivacyRules
from tests.handoff.texts_for_tests import OWNER


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_repositorys_notice_names_the_owner_and_the_limits_in_force(language: str) -> None:
    notices = read_notices(OWNER, PrivacyRules(KeepDays(transcripts=77)).values())
    assert notices is not None
    page = notices.page(language)
    assert f'<html lang="{language}">' in page and "77" in page and "Havu" in page and "{" not in page
    assert page.count("<h2>") == 7 and "**" not in page


def test_text_stays_text_and_links_lead_to_pages_alone() -> None:
    made = to_html(
        "# A <b>\n\n- one\n- **two** &\n  more\n\n[x](https://a.example/?b=1) [y](javascript:alert(1))\n\n## B\nafter"
    )
    assert made == (
        "<h1>A &lt;b&gt;</h1>\n<ul><li>one</li><li><strong>two</strong> &amp; more</li></ul>\n"
        '<p><a href="https://a.example/?b=1" rel="noreferrer">x</a> [y](javascript:alert(1))</p>\n'
        "<h2>B</h2>\n<p>after</p>"
    )


def test_a_language_without_a_notice_gets_the_english_one() -> None:
    assert "Hello" in Notices({"en": "# Hello"}).page("fi")


def test_a_missing_language_and_an_unknown_name_are_said(tmp_path: Path) -> None:
    assert read_notices(tmp_path, {}) is None
    folder = tmp_path / "texts" / "privacy"
    folder.mkdir(parents=True)
    (folder / "fi.md").write_text("# {nonsense}")
    (folder / "en.md").write_text(" ")
    with pytest.raises(SettingsError) as error:
        read_notices(tmp_path, {"audit_days": 1})
    assert len(error.value.problems) == 3 and "nonsense" in str(error.value)
