"""How much personal data is taken out, and what else goes: `python benchmarks/redaction.py [--misses]`.

The turns in benchmarks/redaction are the authors' own writing, most of them with spoken forms. Rules
were written with the development turns in view; the held-out turns were written apart and are the
figure to report. A piece is removed only if every letter and figure of it is gone, whatever kind it
is taken for. Beside it plain Presidio with its English recognisers, and spaCy's small model where
it is installed.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.calls.redaction import KINDS, Rules, personal_data_in
from callinsight.calls.redaction.checks import recognisers
from callinsight.calls.redaction.talk import Talk
from callinsight.errors import WeightsError
from callinsight.tagging.entities import network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = Path(__file__).parent / "redaction"
MARKED = re.compile(r"\{([a-z]+)\|([^}]*)\}")
PEER = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "URL": "link",
    "IBAN_CODE": "bank",
    "US_BANK_NUMBER": "bank",
    "ABA_ROUTING_NUMBER": "bank",
    "LOCATION": "address",
    "UK_POSTCODE": "address",
    **dict.fromkeys(("US_SSN", "US_ITIN", "US_PASSPORT", "US_DRIVER_LICENSE"), "government"),
    **dict.fromkeys(("UK_NINO", "UK_NHS", "UK_PASSPORT", "MEDICAL_LICENSE"), "government"),
}
Span = tuple[int, int, str]


def main(arguments: Sequence[str]) -> None:
    """Print a table for each half."""
    finders = {"callinsight": ours, "Presidio": presidio()}
    for half in ("development", "held_out"):
        turns = [marked(line) for line in lines_of(f"{half}.txt")]
        harmless = lines_of(f"{half}_harmless.txt")
        print(f"\n{half.replace('_', '-')}: {len(turns)} turns, {len(harmless)} harmless ones")
        for name, find in finders.items():
            show = "--misses" in arguments and name == "callinsight" and half == "development"
            report(name, find, turns, harmless, misses=show)


def lines_of(name: str) -> list[str]:
    """The turns of a file."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def marked(line: str) -> tuple[str, list[Span]]:
    """A turn without its marks, and its spans."""
    text, spans, last = "", [], 0
    for mark in MARKED.finditer(line):
        text += line[last : mark.start()]
        spans.append((len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        last = mark.end()
    return text + line[last:], spans


def ours(text: str) -> list[Span]:
    """What callinsight takes out of a turn that stands alone."""
    return [(one.start, one.end, one.kind) for one in personal_data_in(Talk(text), Rules())]


def presidio() -> Callable[[str], list[Span]]:
    """What Presidio finds with its defaults for English; no domain list is fetched."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy.language import Language
    from spacy.pipeline import EntityRecognizer

    recognisers()  # also stops Presidio's logging
    without_list: Any = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = without_list
    language: Any = spacy.blank("en")
    try:
        folder = weights.folder(weights.NAMES)
    except WeightsError:
        print("without spaCy's model: Presidio finds no places")
    else:
        language.vocab.from_disk(folder, exclude=["strings", "vectors"])
        language.tokenizer.from_disk(folder / "tokenizer")
        entities = EntityRecognizer(language.vocab, network()).from_disk(folder, exclude=["vocab"])
        Language.component("entities", func=entities)
        language.add_pipe("entities")
    engine = SpacyNlpEngine()
    engine.nlp = {"en": language}
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])

    def find(text: str) -> list[Span]:
        found = analyzer.analyze(text, language="en", entities=list(PEER), score_threshold=0.35)
        return [(one.start, one.end, PEER[one.entity_type]) for one in found]

    return find


def report(
    name: str,
    find: Callable[[str], list[Span]],
    turns: Sequence[tuple[str, list[Span]]],
    harmless: Sequence[str],
    *,
    misses: bool,
) -> None:
    """Print recall and precision by kind, and how many harmless turns are touched."""
    pieces: Counter[str] = Counter()
    removed, right_kind, found_of, true_of = (pieces.copy() for _ in range(4))
    for text, spans in turns:
        found = find(text)
        gone = {place for start, end, _ in found for place in range(start, end)}
        for start, end, kind in spans:
            pieces[kind] += 1
            whole = all(p in gone for p in range(start, end) if text[p].isalnum())
            removed[kind] += whole
            right_kind[kind] += whole and any(
                k == kind for s, e, k in found if s < end and start < e
            )
            if misses and not whole:
                print(f"  missed: {text}  {found}")
        for start, end, kind in found:
            found_of[kind] += 1
            true_of[kind] += any(s < end and start < e for s, e, _ in spans)
    touched = [(line, spans) for line in harmless if (spans := find(line))]
    wrong = Counter(kind for _, spans in touched for *_, kind in spans)
    if misses:
        print(*(f"  touched: {line} {spans}" for line, spans in touched), sep="\n")
    print(f"{name:12}{'pieces':>8}{'removed':>9}{'as kind':>9}{'precision':>11}")
    for kind in KINDS:
        said = found_of[kind] + wrong[kind]
        precision = f"{true_of[kind] / said:.3f}" if said else "-"
        recall = f"{removed[kind] / pieces[kind]:.3f}"
        print(
            f"  {kind:10}{pieces[kind]:8}{recall:>9}{right_kind[kind] / pieces[kind]:9.3f}{precision:>11}"
        )
    everything = sum(pieces.values())
    said = sum(found_of.values()) + sum(wrong.values())
    print(
        f"  {'all':10}{everything:8}{sum(removed.values()) / everything:9.3f}"
        f"{sum(right_kind.values()) / everything:9.3f}{sum(true_of.values()) / max(1, said):11.3f}"
        f"   harmless turns touched: {len(touched)} of {len(harmless)}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
