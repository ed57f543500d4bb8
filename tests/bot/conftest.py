"""The real encoder, and small models of eight topics: one trained directly, one through Rasa."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from bot import places, training
from bot.encoder.build import prepare
from bot.encoder.encoder import Encoder
from bot.nlu.classifier import Settings
from bot.nlu.training import train_topical
from bot.nlu.understanding import Topical
from tests.bot.small_emotions import small_folder

EXAMPLES = {
    "faq/track_order": (
        "missä tilaukseni on|paketti ei ole vieläkään tullut|milloin tilaus saapuu|"
        "seuranta ei päivity|hvor er min pakke|min ordre er forsinket|"
        "where is my order|my parcel hasn't arrived yet|order status please|"
        "sporing af pakke"
    ),
    "faq/return_how": (
        "miten palautan tuotteen|haluan palauttaa takin|palautusohje|"
        "hvordan returnerer jeg en vare|jeg vil sende den retur|returlabel|"
        "how do I return this|I want to send the jacket back|return instructions|"
        "kuinka lähetän tämän takaisin"
    ),
    "faq/opening_hours": (
        "milloin olette auki|aukioloajat|mihin aikaan kauppa aukeaa|"
        "hvornår har I åbent|åbningstider|when are you open|"
        "opening hours|what time does the shop close|har butikken åbent på søndag|"
        "oletteko avoinna lauantaina"
    ),
    "faq/payment_methods": (
        "voiko maksaa mobilepaylla|maksutavat|kan jeg betale med faktura|"
        "betalingsmuligheder|can I pay with visa|which payment methods do you take|"
        "käykö lasku|tager I dankort|do you accept invoices|"
        "maksaminen kortilla"
    ),
    "greet": ("moi|hei|huomenta|hej|goddag|hejsa|hello|hi there|good morning|terve"),
    "thanks": ("kiitos|kiitti avusta|tak for hjælpen|mange tak|thank you|thanks a lot|cheers|kiitoksia|tusind tak|thx"),
    "human/talk_to_human": (
        "haluan puhua ihmiselle|yhdistä asiakaspalvelijalle|jeg vil tale med et menneske|"
        "stil mig om til en medarbejder|I want to talk to a person|give me a human|"
        "ihminen|agent please|kan jeg få en rigtig person|"
        "saisinko oikean ihmisen"
    ),
    "human/fraud": (
        "joku on käyttänyt korttiani|tililläni on tehty tilauksia joita en tunne|nogen har misbrugt mit kort|"
        "min konto er blevet hacket|someone used my card|I got a scam message in your name|"
        "identiteettivarkaus|huijausviesti teidän nimissä|der er svindlet med mit kort|"
        "my account was hacked"
    ),
}


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return prepare(places.ENCODER)


@pytest.fixture(scope="session")
def topical(encoder: Encoder) -> Topical:
    pairs = [(text, topic) for topic, texts in EXAMPLES.items() for text in texts.split("|")]
    texts, topics = zip(*pairs, strict=True)
    return train_topical(encoder, texts, topics, settings=Settings(folds=3, least_documents=1, stack_c=1.0))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A model trained by Rasa with the project's own settings, rules and texts; returns its archive."""
    root = tmp_path_factory.mktemp("project")
    (root / "nlu").mkdir()
    blocks = [
        {"intent": topic, "examples": "".join(f"- {text}\n" for text in texts.split("|"))}
        for topic, texts in EXAMPLES.items()
    ]
    (root / "nlu" / "examples.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}), encoding="utf-8")
    before = os.getcwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "NLU", root / "nlu")
        patch.setattr(places, "MODELS", root / "models")
        patch.setattr(places, "EMOTION", small_folder(root / "emotion"))
        # Rasa's cache would be that of the project.
        patch.setenv("RASA_CACHE_DIRECTORY", str(root / "cache"))
        model = training.train()
        assert training.needs_training() is None and training.current_model() == model
    assert os.getcwd() == before
    return model
