"""How much personal data is taken out, and what else goes: `python benchmarks/redaction.py [--misses]`.

The turns in benchmarks/redaction are the authors' own writing, most of them with spoken forms; in
the files of calls they are said in dialogue, where the other side repeats what it hears. Rules were
written with the development halves in view; the held-out ones were written apart and are the figure
to report. Calls by two other authors, who had not seen the rules, were measured once, and only then
looked at; those of another nobody has looked at. A piece is removed only if every letter and figure
of it is gone, whatever kind it is taken for. Beside it plain Presidio, turn by turn, with its English
recognisers, and spaCy's small model where it is installed.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.calls.redaction import KINDS, Rules, redacted
from callinsight.calls.redaction.checks import recognisers
from callinsight.calls.turns import Turn
from callinsight.errors import WeightsError
from callinsight.records import PLACEHOLDER
from callinsight.tagging.entities import network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Finder = Callable[["Call"], list[list["Span"]]]

HALVES = (
    *("development", "held_out", "development_calls", "held_out_calls"),
    *("development_other_calls", "development_more_calls"),  # by others, an author each
    *("held_out_other_calls", "held_out_more_calls"),
)
FOLDER = Path(__file__).parent / "redaction"
PLACEHOLDERS = re.compile(PLACEHOLDER)
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
Call = list[tuple[str, str, list[Span]]]  # voice, words and spans of each turn


def main(arguments: Sequence[str]) -> None:
    """Print a table for each half, of turns that stand alone and of calls."""
    finders = {"callinsight": ours, "Presidio": presidio()}
    for half in HALVES:
        calls, harmless = calls_of(f"{half}.txt"), calls_of(f"{half}_harmless.txt")
        what = "calls" if "calls" in half else "turns"
        by = " by another author" if "other" in half or "more" in half else ""
        name = (
            half.removesuffix("_calls")
            .removesuffix("_other")
            .removesuffix("_more")
            .replace("_", "-")
        )
        print(f"\n{name}{by}: {len(calls)} {what}, {len(harmless)} harmless ones")
        for name, find in finders.items():
            show = "--misses" in arguments and name == "callinsight" and "development" in half
            report(name, find, calls, harmless, misses=show)


def calls_of(name: str) -> list[Call]:
    """The calls of a file: paragraphs of turns that begin with the voice, or lines."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    parts = text.split("\n\n") if "calls" in name else text.splitlines()
    calls = [
        [marked(line) for line in part.splitlines() if line and not line.startswith("#")]
        for part in parts
    ]
    return [call for call in calls if call]


def marked(line: str) -> tuple[str, str, list[Span]]:
    """Whose turn it is, its words without marks, and its spans."""
    voice = re.match(r"(rep|buyer): ", line)
    line = line.removeprefix(voice[0] if voice else "")
    text, spans, last = "", [], 0
    for mark in MARKED.finditer(line):
        text += line[last : mark.start()]
        spans.append((len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        last = mark.end()
    return voice[1] if voice else "", text + line[last:], spans


def ours(call: Call) -> list[list[Span]]:
    """What callinsight takes out of each turn of a call."""
    turns = [
        Turn(None, 4.0 * place, 4.0 * place + 3, text, voice)
        for place, (voice, text, _) in enumerate(call)
    ]
    clean = redacted(turns, Rules())
    return [replaced(turn.text, now.text) for turn, now in zip(turns, clean, strict=True)]


def replaced(text: str, clean: str) -> list[Span]:
    """The spans of a text for which placeholders stand now."""
    kinds = [mark[1:-1].split()[0] for mark in PLACEHOLDERS.findall(clean)]
    kept = (re.escape(part) for part in PLACEHOLDERS.split(clean))
    whole = re.fullmatch("(.+?)".join(kept), text, re.S)
    assert whole, (text, clean)
    return [(*whole.span(place), kind) for place, kind in enumerate(kinds, 1)]


def presidio() -> Finder:
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

    return lambda call: [find(text) for _, text, _ in call]


def report(
    name: str, find: Finder, calls: Sequence[Call], harmless: Sequence[Call], *, misses: bool
) -> None:
    """Print recall and precision by kind, and how many harmless turns or calls are touched."""
    pieces: Counter[str] = Counter()
    removed, right_kind, found_of, true_of = (pieces.copy() for _ in range(4))
    for (_, text, spans), found in ((t, f) for c in calls for t, f in zip(c, find(c), strict=True)):
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
    touched = [(call, places) for call in harmless if any(places := find(call))]
    wrong = Counter(kind for _, turns in touched for turn in turns for *_, kind in turn)
    for call, turns in touched if misses else ():
        shown = [
            f"  touched: {said[1]} {one}" for said, one in zip(call, turns, strict=True) if one
        ]
        print(*shown, sep="\n")
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
        f"   harmless touched: {len(touched)} of {len(harmless)}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
