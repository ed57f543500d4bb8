"""Words that were written without ä, ö, æ, ø and å."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.letters import Letters

EXAMPLES = [
    "missä tilaukseni on", "Missä pakettini viipyy", "tämä on väärä", "hvornår får jeg den", "hvornår åbner I",
    "et møbel", "på vej", "før jul", "to the shop for me", "for sent", "far from home", "får",
]  # fmt: skip


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.learn(EXAMPLES)


@pytest.mark.parametrize(
    ("bare", "full"),
    [
        ("missa tama on", "missä tämä on"),
        ("Missa se on?", "Missä se on?"),
        ("hvornaar aabner I", "hvornår åbner I"),
        ("hvornar abner i", "hvornår åbner i"),
        ("et moebel", "et møbel"),
        ("et mobel pa vej", "et møbel på vej"),
    ],
)
def test_a_bare_word_is_written_in_full(letters: Letters, bare: str, full: str) -> None:
    assert letters.restore(bare) == full


@pytest.mark.parametrize("text", ["for sent", "far", "not known to anybody", "väärä", "", "12 !?"])
def test_what_is_a_word_itself_or_not_known_stays(letters: Letters, text: str) -> None:
    assert letters.restore(text) == text


def test_it_is_kept_with_the_model(letters: Letters, tmp_path: Path) -> None:
    letters.save(tmp_path)
    assert Letters.load(tmp_path) == letters
