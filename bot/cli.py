"""``python -m bot.cli``: the commands of ``silta`` that run in the bot's environment.

Exit status 0: done; 1: the check failed; 2: bad usage or input, with one line on standard error.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from bot.evaluation import Score
    from bot.parser import Parser

__all__ = ["main"]

OK, FAILED, BAD = 0, 1, 2
_SHOWN_CONFUSIONS = 25


class _Stop(Exception):
    """Ends a command with one line and an exit status."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and where to read more."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD, f"{self.prog}: {message} ('{self.prog} --help' tells more)\n")


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = _arguments().parse_args(given)
    _quieten()
    try:
        return int(arguments.run(arguments))
    except _Stop as stop:
        print(f"silta: {stop}", file=sys.stderr)
        return stop.status
    except BrokenPipeError:
        # The reader of our output has left; nothing more to say to anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(prog="silta", description="What the bot understands, and its training.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train the Rasa model", description="Train the Rasa model.")
    train.add_argument("--if-needed", action="store_true", help="only when the model is missing or older than its data")
    train.add_argument("--progress", action="store_true", help="a line for each step (the default on a terminal)")
    train.add_argument("--deep", action="store_true", help="tune the encoder on the examples first: minutes to hours")
    train.add_argument(
        "--anew",
        action="store_true",
        help="use nothing of former trainings but the encoder, and tell at the end how long each part took",
    )
    train.set_defaults(run=_train)

    encoder = commands.add_parser(
        "encoder",
        help="build the sentence encoder",
        description="Build the sentence encoder, if it is missing or damaged.",
    )
    encoder.add_argument(
        "--precision",
        choices=("int8", "int4", "fp32"),
        help="default int8, or what is there; silta up trains again for another",
    )
    encoder.add_argument(
        "--examples",
        action="store_true",
        help="also encode the examples, so that the next training need not (two minutes; may be broken off)",
    )
    encoder.set_defaults(run=_encoder)

    parse = commands.add_parser(
        "parse",
        help="messages in, what the bot understands out",
        description="One message a line in. One JSON object a line out: text (personal numbers covered), language,"
        " topic, confidence, runners_up, decision (answer, clarify or handoff), reasons, feeling (an emotion, also one"
        " too faint to call a person alone), and the answer.",
    )
    parse.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    parse.set_defaults(run=_parse)

    encode = commands.add_parser(
        "encode",
        help="texts in, sentence embeddings out",
        description="One text a line in. One JSON list of numbers a line out: the embedding that the bot uses.",
    )
    encode.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    encode.set_defaults(run=_encode)

    evaluate = commands.add_parser(
        "evaluate",
        help="accuracy on labelled messages",
        description="How well the bot understands the lines of FILE.tsv, language<TAB>topic<TAB>text each: accuracy and"
        " macro-F1 of each language, and what is taken for what. Exit status 1 when a language stays below --at-least.",
    )
    evaluate.add_argument("file", metavar="FILE.tsv")
    evaluate.add_argument("--at-least", type=float, metavar="SHARE", help="accuracy every language must reach (0 to 1)")
    evaluate.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    evaluate.set_defaults(run=_evaluate)

    faq = commands.add_parser("faq", help="answers and examples: check them, or edit them in a spreadsheet")
    acts = faq.add_subparsers(dest="act", required=True, metavar="check|import|export")
    check = acts.add_parser(
        "check", help="gaps between languages, too few examples, examples twice or in another language"
    )
    check.set_defaults(run=_faq_check)
    owners = commands.add_parser(
        "check",
        help="what is wrong with the owner's files, as the bot reads them",
        description="What is wrong with the owner's files, as the bot reads them. 'silta check' asks the hub as well.",
    )
    owners.set_defaults(run=_check)
    out = acts.add_parser("export", help="write a table: topic, language, kind, text")
    out.add_argument("file", nargs="?", metavar="FILE.csv|FILE.tsv", help="default: standard output, with tabs")
    out.add_argument(
        "--comma",
        action="store_true",
        help="commas in a CSV file, not semicolons: for a spreadsheet with English settings",
    )
    out.add_argument("--topic", action="append", metavar="TOPIC", help="only this one; may be given again")
    out.set_defaults(run=_faq_export)
    back = acts.add_parser("import", help="take a table in, all of it or nothing")
    back.add_argument("file", metavar="FILE.csv|FILE.tsv")
    back.add_argument("--dry-run", action="store_true", help="only say what would change")
    back.set_defaults(run=_faq_import)
    return parser


def _quieten() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _train(arguments: argparse.Namespace) -> int:
    from bot.deep.side import DeepFailed
    from bot.encoder.manifest import BadEncoder
    from bot.encoder.weights import BadWeights
    from bot.nlu.training import progress
    from bot.texts import BadTexts
    from bot.training import TrainingFailed, needs_training, train

    if arguments.if_needed:
        try:
            reason = needs_training()
        except BadEncoder as error:
            raise _Stop(FAILED, str(error)) from error
        if reason is None:
            return OK
        _say(f"train: {reason}")
    # A deep training takes too long to keep silent about.
    shown = arguments.progress or arguments.deep or arguments.anew or sys.stderr.isatty()
    if shown:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("train: %(message)s"))
        progress.addHandler(handler)
        progress.setLevel(logging.INFO)
    progress.propagate = False
    try:
        model = train(report=progress.info, deep=arguments.deep, anew=arguments.anew)
    except BadTexts as error:
        raise _Stop(BAD, str(error)) from error
    except (TrainingFailed, DeepFailed, BadEncoder, BadWeights) as error:
        raise _Stop(FAILED, str(error)) from error
    print(model)
    return OK


def _encoder(arguments: argparse.Namespace) -> int:
    from bot import places
    from bot.ahead import encode_examples
    from bot.encoder.build import prepare
    from bot.encoder.choice import encoder_in_use
    from bot.encoder.manifest import BadEncoder
    from bot.encoder.weights import BadWeights

    def report(line: str) -> None:
        _say(f"encoder: {line}")

    try:
        if arguments.precision:
            prepare(places.ENCODER, precision=arguments.precision, report=report)
        if arguments.examples:
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # set-up ends it so: half a build is cleared away
            encode_examples(report)
        elif not arguments.precision:
            encoder_in_use(report)
    except (BadEncoder, BadWeights) as error:
        raise _Stop(FAILED, str(error)) from error
    return OK


def _parse(arguments: argparse.Namespace) -> int:
    parser: Parser | None = None
    for line in _lines(arguments.file):
        parser = parser or _parser()
        print(json.dumps(parser.parse(line), ensure_ascii=False), flush=True)
    return OK


def _encode(arguments: argparse.Namespace) -> int:
    from bot.encoder.choice import encoder_in_use
    from bot.encoder.manifest import BadEncoder
    from bot.encoder.weights import BadWeights

    try:
        encoder = encoder_in_use(lambda line: _say(f"encoder: {line}"))
    except (BadEncoder, BadWeights) as error:
        raise _Stop(BAD, str(error)) from error
    for line in _lines(arguments.file):
        print(json.dumps([round(float(number), 6) for number in encoder.sentence(line)]), flush=True)
    return OK


def _evaluate(arguments: argparse.Namespace) -> int:
    from bot.evaluation import BadFile, read_rows, score

    try:
        rows = read_rows(Path(arguments.file))
    except BadFile as error:
        raise _Stop(BAD, str(error)) from error
    parser = _parser()
    known = {*parser.topical.classifier.topics}
    unknown = sorted({row.topic for row in rows} - known)
    if unknown:
        _say(f"silta: topics that the model does not know: {', '.join(unknown)}")
    scores, confusions = score(rows, parser.understand)
    if arguments.json:
        print(json.dumps({language: each.as_dict() for language, each in scores.items()}))
    else:
        _table(scores)
        for (true, taken), number in confusions.most_common(_SHOWN_CONFUSIONS):
            print(f"{number:5}  {true} taken for {taken}")
    if arguments.at_least is not None:
        wanted: float = arguments.at_least
        low = [f"{language} {each.accuracy:.3f}" for language, each in scores.items() if each.accuracy < wanted]
        if low:
            raise _Stop(FAILED, f"accuracy under {wanted}: {', '.join(low)}")
    return OK


def _check(arguments: argparse.Namespace) -> int:
    from bot.check import problems, wrong_examples

    found = problems() or wrong_examples()
    for line in found:
        print(line)
    return FAILED if found else OK


def _faq_check(arguments: argparse.Namespace) -> int:
    from bot import places
    from bot.faq.check import check

    found = check(None, places.NLU)
    for finding in found:
        print(f"{'wrong' if finding.wrong else 'look'}: {finding.where}: {finding.what}")
    wrong = sum(finding.wrong for finding in found)
    _say(f"silta: {wrong} wrong, {len(found) - wrong} to look at")
    return FAILED if wrong else OK


def _faq_export(arguments: argparse.Namespace) -> int:
    from bot import places
    from bot.faq.examples import BadExamples
    from bot.faq.exchange import exported
    from bot.faq.table import written_table
    from bot.texts import BadTexts

    try:
        lines = list(exported(None, places.NLU))
    except (BadTexts, BadExamples) as error:
        raise _Stop(BAD, str(error)) from error
    if arguments.topic:
        unknown = sorted({*arguments.topic} - {line.topic for line in lines})
        if unknown:
            raise _Stop(BAD, f"no topic {unknown[0]}")
        lines = [line for line in lines if line.topic in arguments.topic]
    if arguments.file is None:
        sys.stdout.buffer.write(written_table(lines, tabs=True).encode())
        return OK
    file = Path(arguments.file)
    content = written_table(lines, tabs=file.suffix.lower() == ".tsv", commas=arguments.comma)
    try:
        # The mark at the beginning tells spreadsheets that it is UTF-8.
        file.write_text(content, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise _Stop(BAD, f"{file}: {error.strerror}") from error
    _say(f"silta: {len(lines)} rows in {file}")
    return OK


def _faq_import(arguments: argparse.Namespace) -> int:
    from bot import places
    from bot.faq.examples import BadExamples
    from bot.faq.exchange import prepare
    from bot.faq.table import BadTable, read_table
    from bot.texts import BadTexts

    file = Path(arguments.file)
    try:
        table = prepare(file, read_table(file), None, places.NLU)
        if not arguments.dry_run:
            table.write()
    except (BadTable, BadTexts, BadExamples) as error:
        raise _Stop(BAD, f"nothing was changed:\n{error}") from error
    except OSError as error:
        raise _Stop(FAILED, f"nothing was changed: {error.filename}: {error.strerror}") from error
    for change in table.changes:
        parts = [f"{part} put anew" for part in change.worded]
        if change.added or change.removed:
            parts.append(f"examples +{change.added} -{change.removed}")
        print(f"{change.topic} ({change.language}): {', '.join(parts)}")
    if arguments.dry_run:
        _say("silta: nothing was changed")
    else:
        _say(
            "silta: done; silta up trains again and speaks the new texts" if table.changes else "silta: nothing is new"
        )
    return OK


def _table(scores: dict[str, Score]) -> None:
    names = [field.name for field in fields(next(iter(scores.values())))]
    print("  ".join(f"{name.replace('_', ' '):>17}" for name in ("", *names)))
    for language, each in scores.items():
        values = [f"{language:>17}", f"{each.messages:>17}"]
        values += [f"{100 * getattr(each, name):>16.1f}%" for name in names[1:]]
        print("  ".join(values))


def _parser() -> Parser:
    from bot.encoder.manifest import BadEncoder
    from bot.encoder.weights import BadWeights
    from bot.judgement.owner import BadThreshold
    from bot.nlu.owner import BadSettings
    from bot.parser import BadModel, Parser
    from bot.texts import BadTexts
    from bot.training import current_model

    model = current_model()
    if model is None:
        raise _Stop(BAD, "there is no model yet: run silta train")
    try:
        return Parser(model)
    except (BadModel, BadSettings, BadThreshold, BadTexts, BadEncoder, BadWeights) as error:
        raise _Stop(BAD, str(error)) from error


def _lines(name: str | None) -> Iterator[str]:
    """The lines of a file or of standard input, without their ends; bytes that are no UTF-8 are replaced."""
    if name is None or name == "-":
        for raw in sys.stdin.buffer:
            yield raw.decode("utf-8", "replace").rstrip("\r\n")
        return
    try:
        with Path(name).open("rb") as file:
            for raw in file:
                yield raw.decode("utf-8", "replace").rstrip("\r\n")
    except OSError as error:
        raise _Stop(BAD, f"{name}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
