"""Answers and examples out as a table and in again: all of it or nothing."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from bot import cli, places
from bot.faq.examples import BadExamples, ExampleFile
from bot.faq.exchange import exported, prepare
from bot.faq.table import BadTable, Line, read_table, written_table
from bot.texts import Texts

NLU = """version: "3.1"

# A remark that stays.
nlu:
- intent: faq/return_how
  examples: |
    - {0} one
    - {0} two words

- intent: faq/track_order
  examples: |
    - {0} three
- intent: answer_did_not_help
  examples: |
    - {0} four
"""


TEXTS = """# What the shop says.
language: {0}
name: "Name"  # in quotes

answers:
  return_how:
    title: Old
    text: |-
      Send it back; it costs {{return_fee}}.
      - Second line
  track_order:
    text: 'Here it is'   # a remark
    buttons: [faq/return_how]
small_talk: {{}}
human: {{}}
system: {{}}
reasons: {{}}
"""


class Shop:
    """An owner's folder and a few examples."""

    def __init__(self, root: Path) -> None:
        self.owner, self.examples = root / "owner", root / "nlu"
        (self.owner / "texts").mkdir(parents=True)
        (self.owner / "company.yml").write_text("facts: {return_fee: 4.90 EUR}\n", encoding="utf-8")
        for language in ("fi", "da", "en"):
            (self.owner / "texts" / f"{language}.yml").write_text(TEXTS.format(language), encoding="utf-8")
            (self.examples / language).mkdir(parents=True)
            (self.examples / language / "faq.yml").write_text(NLU.format(language), encoding="utf-8")

    def take(self, path: Path, *rows: tuple[str, str, str, str]) -> list[str]:
        """Import rows; returns what it says of them."""
        path.write_text(written_table(Line(0, *row) for row in rows), encoding="utf-8")
        table = prepare(path, read_table(path), self.owner, self.examples)
        table.write()
        return [
            f"{change.topic} {change.language} +{change.added} -{change.removed} {change.worded}"
            for change in table.changes
        ]

    def content(self) -> dict[Path, bytes]:
        """Every file's bytes."""
        return {path: path.read_bytes() for path in sorted(self.owner.parent.rglob("*")) if path.is_file()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def test_what_is_exported_and_imported_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    lines = list(exported(shop.owner, shop.examples))
    before = shop.content()
    table = tmp_path / "table.tsv"
    for encoding, tabs in (("utf-8-sig", True), ("utf-16", True), ("utf-8", False)):
        table.write_text(written_table(lines, tabs), encoding=encoding, newline="")
        assert read_table(table) == [replace(line, row=row) for row, line in enumerate(lines, start=2)]
        ready = prepare(table, read_table(table), shop.owner, shop.examples)
        ready.write()
        assert ready.changes == [] and shop.content() == before


def test_a_finnish_or_danish_spreadsheet_opens_what_was_exported_and_saves_it_unchanged(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILTA_OWNER_DIR", str(shop.owner))
    monkeypatch.setattr(places, "NLU", shop.examples)
    table = tmp_path / "table.csv"
    for options, between in (((), ";"), (("--comma",), ",")):
        assert cli.main(["faq", "export", str(table), *options]) == 0
        assert table.read_bytes().startswith(b"\xef\xbb\xbf"), "a double click takes it for UTF-8"
        with table.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened, delimiter=between))
        assert {len(row) for row in rows} == {4} and any(";" in row[3] and "\n" in row[3] for row in rows)
        with table.open("w", encoding="utf-8-sig", newline="") as saved:
            csv.writer(saved, delimiter=between, lineterminator="\r\n").writerows(rows)
        ready = prepare(table, read_table(table), shop.owner, shop.examples)
        assert ready.changes == [] and ready.files == {}


def test_all_that_ships_goes_out_and_comes_back_unchanged(tmp_path: Path) -> None:
    lines = list(exported(None, places.NLU))
    table = tmp_path / "table.csv"
    table.write_text(written_table(lines), encoding="utf-8-sig", newline="")
    ready = prepare(table, read_table(table), None, places.NLU)
    assert {line.topic for line in lines} == {*Texts().topics, "answer_did_not_help"}
    assert ready.changes == [] and ready.files == {}


def test_an_answer_a_title_and_examples_are_put_anew_and_the_rest_stays(shop: Shop, tmp_path: Path) -> None:
    said = shop.take(
        tmp_path / "table.csv",
        ("faq/return_how", "fi", "answer", "Palauta näin:\n- pakkaa\n- lähetä; hinta on {return_fee}."),
        ("faq/return_how", "fi", "title", "Palautus"),
        ("faq/return_how", "fi", "example", "fi two words"),
        ("faq/return_how", "fi", "example", 'miten "palautan", kysyi hän'),
    )
    assert said == ["faq/return_how fi +1 -1 ('answer', 'title')"]
    entry = Texts(shop.owner).entry("faq/return_how", "fi")
    assert entry.title == "Palautus" and entry.text.startswith("Palauta näin:\n- pakkaa\n- lähetä; hinta on ")
    content = (shop.examples / "fi" / "faq.yml").read_text(encoding="utf-8")
    assert content == NLU.format("fi").replace("    - fi one\n", "").replace(
        "two words\n", 'two words\n    - miten "palautan", kysyi hän\n'
    )
    assert (shop.owner / "texts" / "fi.yml").read_text(encoding="utf-8") == TEXTS.format("fi").replace(
        "Old", "Palautus"
    ).replace(
        "Send it back; it costs {return_fee}.\n      - Second line",
        "Palauta näin:\n      - pakkaa\n      - lähetä; hinta on {return_fee}.",
    )


def test_a_new_topic_comes_with_its_answers_and_examples(shop: Shop, tmp_path: Path) -> None:
    rows = [("faq/gift_wrap", language, "answer", f"{language} paper") for language in ("fi", "da", "en")]
    shop.take(tmp_path / "table.csv", *rows, ("faq/gift_wrap", "da", "example", "pakker I gaver ind"))
    texts = Texts(shop.owner)
    assert texts.entry("faq/gift_wrap", "en").text == "en paper"
    assert texts.title("faq/gift_wrap", "en") == "Gift wrap"
    blocks = ExampleFile(shop.examples / "da" / "faq.yml", "da").blocks
    assert [text for block in blocks if block.topic == "faq/gift_wrap" for _, text in block.examples] == [
        "pakker I gaver ind"
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("faq/return_how", "sv", "answer", "hej"), "language is 'sv'"),
        (("faq/return_how", "fi", "answr", "moi"), "kind is 'answr'"),
        (("faq/return_how", "fi", "answer", " "), "has no text"),
        (("faq/Return how", "fi", "answer", "moi"), "is no topic"),
        (("human/new_one", "fi", "answer", "moi"), "is no topic"),
        (("faq/return_how", "fi", "title", "x" * 21), "at most 20"),
        (("faq/return_how", "fi", "example", "two\nlines"), "single line"),
        (("faq/return_how", "fi", "example", "see [this](there)"), "must not hold"),
        (("faq/return_how", "fi", "example", "…!"), "must hold a word"),
        (("faq/return_how", "fi", "example", "FI three!"), "faq/track_order has already"),
        (("faq/return_how", "fi", "answer", "costs {nothing_known}"), "unknown placeholder"),
        (("faq/gift_wrap", "fi", "answer", "paperi"), "has no answer in da, en"),
        (("answer_did_not_help", "fi", "answer", "voi"), "examples only"),
        (("faq/track_order", "da", "answer", "once more"), "says again what row 2 says"),
    ],
)
def test_one_bad_row_and_nothing_is_taken(
    shop: Shop, tmp_path: Path, row: tuple[str, str, str, str], reason: str
) -> None:
    before = shop.content()
    with pytest.raises(BadTable) as refused:
        shop.take(tmp_path / "table.csv", ("faq/track_order", "da", "answer", "Her er den."), row)
    assert reason in str(refused.value) and str(tmp_path / "table.csv") in str(refused.value)
    assert shop.content() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no row"),
        (b"topic,language,text\nfaq/return_how,fi,moi\n", "lack kind"),
        (b"topic,language,kind,text\n", "no row"),
        ("topic,language,kind,text\nfaq/return_how,fi,answer,pöh\n".encode("cp1252"), "CSV UTF-8"),
        (b"PK\x03\x04\0\0\0", "no table"),
        (b'topic,language,kind,text\nfaq/return_how,fi,answer,"open\n', "no table"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(BadTable, match=reason):
        read_table(tmp_path / "table.csv")


def test_a_spreadsheet_with_semicolons_and_columns_of_its_own_is_read(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(
        '\ufeffText;Note;Topic;Language;Kind\r\n"a; b\r\nc";x;faq/return_how;FI;Answer\r\n;;;;\r\n'.encode()
    )
    assert read_table(tmp_path / "table.csv") == [Line(2, "faq/return_how", "fi", "answer", "a; b\nc")]


def test_a_file_that_cannot_be_replaced_leaves_all_as_it_was(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    before, real, done = shop.content(), os.replace, []

    def full(source: Path, target: Path) -> None:
        if done:
            raise OSError(28, "No space left on device", str(target))
        done.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        shop.take(
            tmp_path / "table.csv",
            ("faq/return_how", "fi", "answer", "uusi"),
            ("faq/return_how", "da", "answer", "ny"),
        )
    assert done and shop.content() == before


def test_examples_in_another_form_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "faq.yml").write_text('nlu:\n- {intent: "faq/x", examples: "- a"}\n', encoding="utf-8")
    with pytest.raises(BadExamples, match="is not written as"):
        ExampleFile(tmp_path / "faq.yml", "en")


def test_the_command_exports_imports_and_names_the_row(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILTA_OWNER_DIR", str(shop.owner))
    monkeypatch.setattr(places, "NLU", shop.examples)
    table = tmp_path / "table.csv"
    assert cli.main(["faq", "export", str(table), "--topic", "faq/track_order"]) == 0
    assert {line.topic for line in read_table(table)} == {"faq/track_order"}
    before = shop.content()
    table.write_text(table.read_text(encoding="utf-8-sig").replace("en three", "en new one"), encoding="utf-8")
    assert cli.main(["faq", "import", str(table), "--dry-run"]) == 0
    assert capsys.readouterr().out == "faq/track_order (en): examples +1 -1\n" and shop.content() == before
    assert cli.main(["faq", "import", str(table)]) == 0 and shop.content() != before
    table.write_text("topic,language,kind,text\nfaq/track_order,en,example,\n", encoding="utf-8")
    assert cli.main(["faq", "import", str(table)]) == 2
    assert f"nothing was changed:\n{table}, row 2: has no text" in capsys.readouterr().err
