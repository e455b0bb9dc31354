"""What an asset's words say of whom it is for and which concern it answers; applied once accepted."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from callinsight.records import ContentItem, Suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

FIELDS = ("concerns", "personas", "stages")
PROPOSED, ACCEPTED, REJECTED = "proposed", "accepted", "rejected"
LEAST = 0.5  # what is less likely is not proposed
FLOOR = 0.03  # of a concern that the tagger does not see at all
# log odds that an asset answers a concern: by what the tagger says of its words, by its type, and before
# both; fitted on two inventories, each judged by the other (benchmarks/suggestions.py)
BY_WORDS, BY_TYPE, BEFORE = 0.9, 3.7, -0.1
TYPES = {  # concerns that a content type is made for
    "pricing_sheet": "price_budget",
    "roi_tool": "value_roi",
    "comparison_guide": "competitor",
    "battle_card": "competitor",
    "case_study": "trust_proof",
    "security_pack": "security_compliance",
    "legal_pack": "legal_procurement",
    "implementation_guide": "effort_change",
    "onboarding": "effort_change",
}
RAISED_BY = {  # who mostly raises a concern
    "price_budget": "economic_buyer",
    "value_roi": "economic_buyer",
    "security_compliance": "security_compliance",
    "technical_integration": "technical_evaluator",
    "legal_procurement": "legal_procurement",
    "trust_proof": "champion",
    "competitor": "champion",
    "status_quo_diy": "champion",
}
SHARED = 0.8  # of assets for a concern are for that persona


class Heard(NamedTuple):
    """A concern that the tagger sees in an asset's words."""

    concern: str
    probability: float
    why: str


def text_of(item: ContentItem) -> str:
    """What is read of an asset: its title and summary."""
    title = item.title if item.title.endswith((".", "?", "!")) else f"{item.title}."
    return f"{title} {item.summary}".strip()


def suggest(
    items: Iterable[ContentItem],
    heard: Mapping[str, Sequence[Heard]],
    *,
    concerns: Collection[str],
    personas: Collection[str],
    answered: Iterable[Suggestion] = (),
) -> list[Suggestion]:
    """Concerns for assets without one, personas for assets without one; likeliest first by asset.

    `heard` is what the tagger says of `text_of` each asset. What people accepted or rejected before
    is not proposed again, nor is anything for archived assets. Stages are not proposed: those of
    the content type are right more often than words tell.
    """
    known = {(one.item, one.field, one.value) for one in answered if one.status != PROPOSED}
    found = []
    for item in sorted(items, key=lambda i: i.id):
        if item.status == "archived":
            continue
        likely = _concerns(item, heard.get(item.id, ()), concerns)
        if not item.concerns:
            found += likely
        if not item.personas:
            found += _personas(item, likely, personas)
    return [one for one in found if (one.item, one.field, one.value) not in known]


def probability(tagger: float, *, made_for: bool) -> float:
    """How likely an asset answers a concern, by the tagger's probability and its content type."""
    odds = math.log(max(tagger, FLOOR) / (1 - min(tagger, 0.999)))
    return 1 / (1 + math.exp(-(BY_WORDS * odds + BY_TYPE * made_for + BEFORE)))


def _concerns(
    item: ContentItem, heard: Sequence[Heard], concerns: Collection[str]
) -> list[Suggestion]:
    said = {one.concern: one for one in heard}
    kind = TYPES.get(item.content_type, "")
    found = []
    for concern in concerns:
        one = said.get(concern)
        score = probability(one.probability if one else 0.0, made_for=concern == kind)
        if score >= LEAST:
            reasons = [one.why] if one and one.why else []
            reasons += [f"its type is {item.content_type}"] if concern == kind else []
            found.append(
                Suggestion(
                    item=item.id,
                    field="concerns",
                    value=concern,
                    score=round(score, 2),
                    why="; ".join(reasons) or "by the tagger",
                )
            )
    return sorted(found, key=lambda s: (-s.score, s.value))


def _personas(
    item: ContentItem, likely: Sequence[Suggestion], personas: Collection[str]
) -> list[Suggestion]:
    """Who raises the asset's concerns, or those that are likely its own."""
    sure = dict.fromkeys(item.concerns, 1.0) or {s.value: s.score for s in likely}
    best: dict[str, tuple[float, str]] = {}
    for concern, score in sure.items():
        persona = RAISED_BY.get(concern, "")
        if persona in personas:
            best[persona] = max(best.get(persona, (0.0, "")), (SHARED * score, concern))
    return [
        Suggestion(
            item=item.id,
            field="personas",
            value=persona,
            score=round(score, 2),
            why=f"who mostly raises {concern}",
        )
        for persona, (score, concern) in sorted(best.items(), key=lambda p: (-p[1][0], p[0]))
        if score >= LEAST
    ]


def fill(items: Iterable[ContentItem], suggestions: Iterable[Suggestion]) -> list[ContentItem]:
    """The assets with what people accepted of them."""
    accepted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in suggestions:
        if one.status == ACCEPTED:
            accepted[one.item].append((one.field, one.value))
    return [_with(item, accepted[item.id]) if item.id in accepted else item for item in items]


def without(item: ContentItem, field: str, value: str) -> ContentItem:
    """The asset without a value that was accepted before."""
    return _replace(item, field, tuple(word for word in getattr(item, field) if word != value))


def _with(item: ContentItem, values: Iterable[tuple[str, str]]) -> ContentItem:
    for field, value in values:
        item = _replace(item, field, tuple(dict.fromkeys((*getattr(item, field), value))))
    return item


def _replace(item: ContentItem, field: str, words: tuple[str, ...]) -> ContentItem:
    if field == "concerns":
        return dataclasses.replace(item, concerns=words)
    if field == "personas":
        return dataclasses.replace(item, personas=words)
    return dataclasses.replace(item, stages=words)
