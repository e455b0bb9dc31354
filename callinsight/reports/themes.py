"""Themes no list names: what buyers ask about in words of their own, apart from mere talk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.demand import pct
from callinsight.reports.wording import count, listing, many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callinsight.records import Topic
    from callinsight.reports.wording import Names

SHOWN = 12  # themes; those that fewer deals ask about are counted
NAMED = 3  # themes in a sentence


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A topic that buyers speak of in a month."""

    topic: Topic
    turns: int
    deals: int
    asking: int = 0  # deals that ask of it, or for material, where no concern names the turn


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A topic that buyers ask about."""

    label: str
    terms: str
    asking: str
    deals: str
    turns: str
    pct: float  # of the one that most ask about, for the bar
    new: bool  # never heard before this month


@dataclass(frozen=True, kw_only=True)
class Themes:
    """What no list names, and what else is spoken of."""

    themes: tuple[Theme, ...]
    theme_sentence: str  # empty where buyers speak of no topic
    theme_notes: tuple[str, ...]


def themes_of(spoken: Sequence[Spoken], names: Names, *, new: str, min_deals: int) -> Themes:
    """The themes that at least `min_deals` deals ask about, and in words what is only talked of.

    A theme that a person defined or named is told whoever asks. `new` is the month in which a topic
    is new if it was first heard then; empty for none.
    """
    heard = sorted(
        (one for one in spoken if one.turns),
        key=lambda one: (-one.asking, -one.deals, -one.turns, one.topic.id),
    )
    own = [one for one in heard if one.topic.is_own]
    asked = [one for one in own if one.asking >= min_deals or one.topic.label_source == "user"]
    most = max((one.asking for one in asked), default=0)
    notes = (
        _smaller(len(asked) - SHOWN),
        _talk([one for one in own if one not in asked], min_deals),
        _restated([one for one in heard if not one.topic.is_own], names),
    )
    return Themes(
        themes=tuple(_theme(one, most, new) for one in asked[:SHOWN]),
        theme_sentence=_sentence(asked, new, min_deals) if heard else "",
        theme_notes=tuple(filter(None, notes)),
    )


def _theme(one: Spoken, most: int, new: str) -> Theme:
    return Theme(
        label=one.topic.label,
        terms=_other_terms(one.topic),
        asking=f"{one.asking:,}",
        deals=f"{one.deals:,}",
        turns=f"{one.turns:,}",
        pct=pct(one.asking / most) if most else 0.0,
        new=one.topic.first_seen == new,
    )


def _other_terms(topic: Topic) -> str:
    """The terms that the label does not name already."""
    named = {word.strip() for word in topic.label.split(",")}
    terms = (term.strip() for term in topic.terms.split(";"))
    return ", ".join(term for term in terms if term and term not in named)


def _sentence(asked: Sequence[Spoken], new: str, min_deals: int) -> str:
    if not asked:
        deals = count(min_deals, "deal")
        return f"Nothing outside the list of concerns is asked about in {deals} or more."
    text = "What buyers ask about outside the list of concerns, found in their own words."
    found = [one for one in asked if one.topic.first_seen == new]
    if not found:
        return text
    are = "theme is" if len(found) == 1 else "themes are"
    return f"{text} {many(len(found), are, are)} new this month: {_quoted(found)}."


def _smaller(others: int) -> str:
    if others <= 0:
        return ""
    return f"{many(others, 'smaller theme is', 'smaller themes are')} not listed."


def _talk(others: Sequence[Spoken], min_deals: int) -> str:
    if not others:
        return ""
    labels = _quoted(_widest(others), lambda one: f" ({count(one.deals, 'deal')})")
    return f"Talked of, and asked about in fewer than {count(min_deals, 'deal')}: {labels}."


def _restated(others: Sequence[Spoken], names: Names) -> str:
    if not others:
        return ""
    labels = _quoted(_widest(others), lambda one: f" ({names.concern(one.topic.named_by)})")
    return f"Concerns under other words, counted there: {labels}."


def _widest(some: Sequence[Spoken]) -> list[Spoken]:
    return sorted(some, key=lambda one: (-one.deals, one.topic.id))


def _quoted(some: Sequence[Spoken], told: Callable[[Spoken], str] = lambda _: "") -> str:
    """`“a”, “b” and 3 more`, each with what is told of it."""
    labels = [f"“{one.topic.label}”{told(one)}" for one in some[:NAMED]]
    more = len(some) - NAMED
    return listing([*labels, f"{more} more"] if more > 0 else labels)
