"""Examples read quickly, and exactly as Rasa reads them."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message

from bot.importer import OwnerTextsImporter
from bot.reading import Example, YamlFile

PLAIN = """version: "3.1"
# a remark
nlu:
- intent: faq/track_order
  examples: |
    - missä pakettini on?
    - hvor er min pakke 😀
    - missä pakettini on?
    -   spaces around   \n
- intent: greet
  examples: |
    - moi: "hei" # no remark
    - - intent: greet
"""
HEAD = 'version: "3.1"\nnlu:\n'
ODD = {
    "entities": HEAD + "- intent: greet\n  examples: |\n    - hei [Turku](city)\n",
    "a list": HEAD + "- intent: greet\n  examples:\n  - text: hei\n    metadata: x\n",
    "synonyms": HEAD + "- synonym: hei\n  examples: |\n    - moi\n",
    "a word of YAML's own": HEAD + "- intent: yes\n  examples: |\n    - juu\n",
    "a key twice": HEAD + "- intent: greet\n  examples: |\n    - hei\n  examples: |\n    - moi\n",
    "a part twice": HEAD + "- intent: greet\n  examples: |\n    - hei\nnlu:\n- intent: bye\n  examples: |\n    - hej\n",
    "escapes": HEAD + "- intent: greet\n  examples: |\n    - p\\u00e4iv\\u00e4\n",
    "a line without its mark": HEAD + "- intent: greet\n  examples: |\n    - hei\n    moi\n",
    "an old version": 'version: "2.0"\nnlu:\n- intent: greet\n  examples: |\n    - hei\n',
    "no version": "nlu:\n- intent: greet\n  examples: |\n    - hei\n",
    "responses": HEAD + "- intent: greet\n  examples: |\n    - hei\nresponses:\n  utter_greet:\n  - text: moi\n",
    "an example that looks like a topic": HEAD + "- intent: greet\n  examples: |\n    - intent: hei\n",
    "no YAML": HEAD + "- intent: [greet\n",
    "nothing": "",
}


def project(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / "fi").mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [str(folder)]


def test_what_is_read_is_what_rasa_reads(tmp_path: Path) -> None:
    paths = project(
        tmp_path,
        {
            "fi/faq.yml": PLAIN,
            "fi/odd.yml": ODD["entities"] + ODD["synonyms"].removeprefix(HEAD),
            "more.yml": ODD["escapes"],
            "old.json": '{"rasa_nlu_data": {"common_examples": [{"text": "moikka", "intent": "greet"}]}}',
            "rules.yml": 'version: "3.1"\nrules:\n- rule: hi\n  steps:\n  - intent: greet\n  - action: utter_greet\n',
            "test_stories.yml": 'version: "3.1"\nstories:\n- story: greet\n  steps:\n  - intent: greet\n',
            "other.yml": "colours: red\n",
        },
    )
    ours, rasas = OwnerTextsImporter(None, None, paths), RasaFileImporter(None, None, paths)
    for files in ("_nlu_files", "_story_files", "_conversation_test_files"):
        assert getattr(ours, files) == getattr(rasas, files), files
    mine, theirs = ours.get_nlu_data(), rasas.get_nlu_data()
    assert [each.data for each in mine.training_examples] == [each.data for each in theirs.training_examples]
    assert mine.fingerprint() == theirs.fingerprint() and mine.entity_synonyms == theirs.entity_synonyms
    assert len(mine.training_examples) == 8 and "päivä" in [each.get("text") for each in mine.training_examples]


def test_a_plain_file_is_read_here(tmp_path: Path) -> None:
    (tmp_path / "plain.yml").write_text(PLAIN, encoding="utf-8")
    examples = YamlFile(tmp_path / "plain.yml").examples()
    assert examples is not None and examples[3].get("text") == "spaces around"
    assert [each.get("intent") for each in examples] == ["faq"] * 4 + ["greet"] * 2


@pytest.mark.parametrize("kind", ODD)
def test_a_file_in_another_form_is_left_to_rasa(tmp_path: Path, kind: str) -> None:
    (tmp_path / "odd.yml").write_text(ODD[kind], encoding="utf-8")
    assert YamlFile(tmp_path / "odd.yml").examples() is None


def test_an_example_has_the_fingerprint_of_a_message_whatever_happens_to_it() -> None:
    example, message = Example.build("hei", "faq/hello"), Message.build("hei", "faq/hello")
    for change in (
        lambda each: each.set("intent", "faq"),
        lambda each: each.set("response", "moi"),
        lambda each: each.set("response", "hej"),
        lambda each: each.set("metadata", {"a": [1]}),
    ):
        assert example.fingerprint() == message.fingerprint() and example == message
        change(example)
        change(message)
    assert example.fingerprint() == message.fingerprint()


def test_a_copy_of_an_example_is_one_of_its_own() -> None:
    for metadata in (None, {"a": [1]}):
        example = Example.build("hei", "greet", example_metadata=metadata)
        before = example.fingerprint()
        twin = copy.deepcopy(example)
        assert twin == example and type(twin) is Example
        twin.set("text", "moi", add_to_output=True)
        if metadata:
            twin.get("metadata")["example"]["a"].append(2)
        assert example.fingerprint() == before != twin.fingerprint()
        assert example.output_properties is not twin.output_properties
