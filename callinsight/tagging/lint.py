"""What is wrong with a taxonomy, or odd: phrases, examples, names, asks, its version."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callinsight.errors import ConfigError
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.names import is_common, name_pattern
from callinsight.tagging.patterns import PhraseMatcher, compile_phrase
from callinsight.taxonomy import (
    DEFAULT_TAXONOMY,
    TRAINED,
    load_taxonomy,
    read_taxonomy,
    shortcomings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.taxonomy import Taxonomy

    Embed = Callable[[list[str]], NDArray[np.float32]]

ERROR, WARNING = "error", "warning"
OVERLAP, FEWEST_MATCHES = 0.8, 3  # share of a phrase's matches that another concern finds too
BROAD = 0.05  # of the labelled turns; a phrase that matches more tells no concern apart
TYPICAL, TYPICAL_WORDS = 20, 25  # labelled turns that stand for a trained concern, and their length
NEAR, SAME = 0.48, 0.95  # cosine of sentences that mean something alike, and that are one
SHORT = 3  # letters; shorter names are heard everywhere


class Finding(NamedTuple):
    """Something in a taxonomy that a person should look at."""

    level: str  # error | warning
    section: str
    problem: str
    advice: str


def lint_file(path: Path, *, stored: str = "", embed: Embed | None = None) -> list[Finding]:
    """All findings of a file, errors first.

    `stored` is the version and digest that a database was last tagged with, `embed` gives unit
    vectors of sentences; without it examples are not compared.
    """
    try:
        taxonomy = read_taxonomy(path)
    except ConfigError as error:
        problem, _, advice = str(error).removeprefix(f"{path}: ").partition("; ")
        return [Finding(ERROR, "the file", problem, advice or "mend it and lint again")]
    return lint(taxonomy, stored=stored, embed=embed)


def lint(taxonomy: Taxonomy, *, stored: str = "", embed: Embed | None = None) -> list[Finding]:
    """All findings, errors first; phrases as they were shipped are only checked for repetition."""
    findings = [Finding(ERROR, *shortcoming) for shortcoming in shortcomings(taxonomy)]
    findings.extend(_version(taxonomy, stored))
    unreadable = list(_unreadable(taxonomy))
    findings.extend(unreadable)
    findings.extend(_repeated(taxonomy))
    findings.extend(_asks(taxonomy))
    findings.extend(_names(taxonomy))
    findings.extend(_unread(taxonomy))
    if not unreadable:
        findings.extend(_matches(taxonomy))
    if embed and not any(finding.level == ERROR for finding in findings):
        findings.extend(_examples(taxonomy, embed))
    return sorted(findings, key=lambda finding: finding.level != ERROR)


def has_own_examples(path: Path) -> bool:
    """Whether a file that can be read has examples which a model must compare."""
    try:
        return bool(_own_examples(read_taxonomy(path)))
    except ConfigError:
        return False


def phrases_of(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """All phrases by their section."""
    found = {f"[concerns.{c.id}]": c.patterns for c in taxonomy.concerns.values()}
    found |= {f"[cues] {name}": phrases for name, phrases in taxonomy.cues.items()}
    found |= {f"[asks.{ask.id}]": ask.patterns for ask in taxonomy.asks.values()}
    found |= {f"[topics.{topic.id}]": topic.patterns for topic in taxonomy.topics.values()}
    return found | {f"[stages.{stage.id}] cues": stage.cues for stage in taxonomy.stages.values()}


def _version(taxonomy: Taxonomy, stored: str) -> Iterator[Finding]:
    version, _, digest = stored.rpartition(" ")
    if version == taxonomy.version and digest != taxonomy.digest:
        problem = f"the definitions are not those that version '{version}' was last used with"
        yield Finding(ERROR, "version", problem, "write a new version, for it stands on each tag")


def _unreadable(taxonomy: Taxonomy) -> Iterator[Finding]:
    for section, phrases in phrases_of(taxonomy).items():
        for phrase in phrases:
            try:
                compile_phrase(phrase)
            except ConfigError as error:
                problem, _, advice = str(error).partition("; ")
                yield Finding(ERROR, section, problem, advice)


def _repeated(taxonomy: Taxonomy) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for section, phrases in phrases_of(taxonomy).items():
        for phrase, times in Counter(" ".join(p.lower().split()) for p in phrases).items():
            if times > 1:
                yield Finding(
                    WARNING, section, f"the phrase '{phrase}' stands here twice", "remove one"
                )
            kind = section.partition(".")[0]
            first = seen.setdefault(f"{kind} {phrase}", section)
            if first != section and kind in ("[concerns", "[asks"):
                problem = f"the phrase '{phrase}' stands in {first} too"
                yield Finding(WARNING, section, problem, "keep it where it is meant")


def _asks(taxonomy: Taxonomy) -> Iterator[Finding]:
    for ask in taxonomy.asks.values():
        if not ask.patterns:
            advice = "write phrases under patterns, or remove the ask"
            yield Finding(ERROR, f"[asks.{ask.id}]", "has no phrase, so it is never found", advice)
        if not ask.content_types:
            advice = "name those that answer it, or nothing ever will"
            yield Finding(WARNING, f"[asks.{ask.id}]", "has no content types", advice)
    answered = {kind for ask in taxonomy.asks.values() for kind in ask.content_types}
    if unasked := [kind for kind in taxonomy.content_types if kind not in answered]:
        advice = "name them under an ask that they answer; if none asks for them, leave it so"
        yield Finding(
            WARNING, "[content_types]", f"no ask is answered by {', '.join(unasked)}", advice
        )


def _names(taxonomy: Taxonomy) -> Iterator[Finding]:
    for rival in taxonomy.rivals().values():
        section = f"[competitors.{rival.id}]"
        for name in rival.names:
            letters = sum(character.isalnum() for character in name)
            if is_common(name):
                problem = f"the name '{name}' is a word that buyers use anyway"
                advice = "it counts only with a capital or where a firm stands; add longer forms"
                yield Finding(WARNING, section, problem, advice)
            elif letters < SHORT:
                advice = "add a longer form and remove this one"
                yield Finding(WARNING, section, f"the name '{name}' is very short", advice)
        patterns = [name_pattern(name) for name in rival.names]
        for example in rival.examples:
            if not any(pattern.search(example) for pattern in patterns):
                problem = f"the example '{example}' has none of its names"
                yield Finding(WARNING, section, problem, "add the name as it is said there")


def _unread(taxonomy: Taxonomy) -> Iterator[Finding]:
    for concern in taxonomy.concerns.values():
        section = f"[concerns.{concern.id}]"
        if concern.id in TRAINED and concern.examples:
            advice = "remove them; the tagger has learnt this concern from labelled turns"
            yield Finding(WARNING, section, "has examples, which are not read", advice)
        elif concern.examples and concern.patterns and len(concern.examples) < 5:
            count = len(concern.examples)
            problem = f"has {count} example{'s' if count > 1 else ''}, so only its phrases count"
            yield Finding(WARNING, section, problem, "write 5 to 10")
        if concern.names and concern.id != "competitor":
            advice = "write rivals as [competitors.ID] with a label and names"
            yield Finding(WARNING, section, "has names, which are not read", advice)


def _matches(taxonomy: Taxonomy) -> Iterator[Finding]:
    """Phrases of the user's own that match nothing, nearly everything, or what another concern has."""
    shipped = phrases_of(load_taxonomy(DEFAULT_TAXONOMY))
    own = {
        (section, phrase)
        for section, phrases in phrases_of(taxonomy).items()
        if not section.startswith("[stages")
        for phrase in phrases
        if phrase not in shipped.get(section, ())
    }
    texts = [turn.text for turn in load_turns()] if own else []
    found = _found(own, texts)
    others = PhraseMatcher({c.id: c.patterns for c in taxonomy.concerns.values()})
    for section, phrase in sorted(own):
        hits = found.get((section, phrase), {})
        if not hits:
            problem = f"the phrase '{phrase}' matches none of the {len(texts)} turns at hand"
            yield Finding(WARNING, section, problem, "say it aloud: would a buyer say it so?")
        elif len(hits) > BROAD * len(texts):
            problem = f"the phrase '{phrase}' matches {len(hits)} of {len(texts)} turns"
            yield Finding(WARNING, section, problem, "make it longer, so that it tells more")
        elif section.startswith("[concerns.") and len(hits) >= FEWEST_MATCHES:
            elsewhere = {i: others.find(texts[i]) for i in hits}
            yield from _claimed(section, phrase, hits, elsewhere)


def _found(
    phrases: Iterable[tuple[str, str]], texts: list[str]
) -> dict[tuple[str, str], dict[int, list[str]]]:
    """The words that each phrase matches, by the number of the text."""
    named = {f"{section}\n{phrase}": (section, phrase) for section, phrase in phrases}
    matcher = PhraseMatcher({name: (key[1],) for name, key in named.items()})
    found: dict[tuple[str, str], dict[int, list[str]]] = defaultdict(dict)
    for i, text in enumerate(texts):
        for name, words in matcher.find(text).items():
            found[named[name]][i] = words
    return found


def _claimed(
    section: str,
    phrase: str,
    hits: Mapping[int, list[str]],
    elsewhere: Mapping[int, Mapping[str, list[str]]],
) -> Iterator[Finding]:
    own = section.removeprefix("[concerns.").removesuffix("]")
    claims: Counter[str] = Counter()
    for i, words in hits.items():
        for concern, theirs in elsewhere[i].items():
            if concern != own and any(word in their for word in words for their in theirs):
                claims[concern] += 1
    for concern, times in claims.most_common(1):
        if times >= OVERLAP * len(hits):
            problem = f"the phrase '{phrase}' matches what phrases of [concerns.{concern}] match"
            yield Finding(WARNING, section, problem, "keep it where it is meant")


def _own_examples(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    own = {
        f"[concerns.{c.id}]": c.examples for c in taxonomy.concerns.values() if c.id not in TRAINED
    }
    own |= {f"[topics.{topic.id}]": topic.examples for topic in taxonomy.topics.values()}
    return {section: examples for section, examples in own.items() if examples}


def _examples(taxonomy: Taxonomy, embed: Embed) -> Iterator[Finding]:
    """Examples that are nearer to another concern than to their own, and those that say the same."""
    own = _own_examples(taxonomy)
    if not own:
        return
    known = {**_typical(taxonomy), **own}
    vectors = {section: embed(list(texts)) for section, texts in known.items()}
    for section, examples in own.items():
        alike = vectors[section] @ vectors[section].T - 2 * np.eye(len(examples))
        for i, example in enumerate(examples):
            same = int(alike[i].argmax())
            if alike[i][same] >= SAME and same < i:
                problem = f"the example '{example}' says what '{examples[same]}' says"
                yield Finding(WARNING, section, problem, "write another one")
            cosines = {
                other: float((vectors[other] @ vectors[section][i]).max())
                for other in known
                if other != section and other.partition(".")[0] == section.partition(".")[0]
            }
            nearest = max(cosines, key=lambda other: cosines[other], default="")
            if nearest and cosines[nearest] >= max(NEAR, float(alike[i].max())):
                problem = f"the example '{example}' reads as {nearest}"
                yield Finding(WARNING, section, problem, "say what sets this one apart")


def _typical(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """Its description and short labelled turns in its usual words, which stand for each trained concern."""
    matcher = PhraseMatcher({c.id: c.patterns for c in taxonomy.concerns.values()})
    texts: dict[str, list[str]] = defaultdict(list)
    for turn in load_turns():
        labels = turn.labels[0].concerns
        if len(labels) != 1 or labels[0] not in taxonomy.concerns:
            continue
        short = len(turn.text.split()) <= TYPICAL_WORDS
        if short and turn.concern_share(labels[0]) == 1 and labels[0] in matcher.find(turn.text):
            texts[labels[0]].append(turn.text)
    return {
        f"[concerns.{concern}]": (
            f"{taxonomy.concerns[concern].label}: {taxonomy.concerns[concern].description}",
            *(said[i] for i in np.linspace(0, len(said) - 1, TYPICAL).astype(int)),
        )
        for concern, said in texts.items()
    }
