"""What an asset's words say of whom it is for and which concern it answers; applied once accepted."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from callinsight.records import ContentItem, Suggestion
from callinsight.shares import jeffreys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from callinsight.taxonomy import Taxonomy

FIELDS = ("concerns", "personas", "stages")
PROPOSED, ACCEPTED, REJECTED = "proposed", "accepted", "rejected"
LEAST = 0.5  # what is less likely is not proposed
FLOOR = 0.03  # of a concern that the tagger does not see at all
SEEN = 0.1  # from this probability on the tagger sees a concern
COHORT = 20  # fewer assets do not tell how they usually read
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
# how often a stage is right that an asset's words speak of, where its type names none, and that its type
# names (benchmarks/suggestions.py). Beside those of its type two in five were right that its words speak
# of ("drag", "integrate": the phrases are those of talk), and one in four at which its concern is raised:
# less than LEAST, so that neither is proposed
SAID, OF_ITS_TYPE = 0.75, 0.94
Counts = Mapping[tuple[str, str], tuple[int, int]]  # see demand.shares_of


class Counted(NamedTuple):
    """Who raises a concern and at which stage, counted in deals of this company's own calls."""

    personas: Counts
    stages: Counts
    min_deals: int = 5  # fewer deals that raise a concern say nothing of it
    min_share: float = 0.2  # a persona or stage of a smaller share, at worst, is not proposed


class Heard(NamedTuple):
    """A concern that the tagger sees in an asset's words."""

    concern: str
    probability: float
    why: str


def text_of(item: ContentItem) -> str:
    """What is read of an asset: its title and summary."""
    title = item.title if item.title.endswith((".", "?", "!")) else f"{item.title}."
    return f"{title} {item.summary}".strip()


def usual(heard: Collection[Sequence[Heard]]) -> dict[str, float]:
    """The concerns that the tagger sees in most assets, with the probability of the middle one.

    `heard` has the concerns of each asset. What most assets of a vendor read like is the language of
    its trade, and tells no asset from another: to a tagger that learnt from buyers of many trades all
    pages of a tool for developers speak of integration. Scores are held against those of the cohort,
    as in speaker verification (Auckenthaler et al. 2000, Digital Signal Processing 10).
    """
    if len(heard) < COHORT:
        return {}
    seen: dict[str, list[float]] = defaultdict(list)
    for concerns in heard:
        for one in concerns:
            seen[one.concern].append(one.probability)
    middles = {
        concern: statistics.median_low([*found, *[0.0] * (len(heard) - len(found))])
        for concern, found in seen.items()
    }
    return {concern: middle for concern, middle in middles.items() if middle > SEEN}


def suggest(
    items: Iterable[ContentItem],
    heard: Mapping[str, Sequence[Heard]],
    taxonomy: Taxonomy,
    *,
    counted: Counted,
    cues: Mapping[str, Mapping[str, str]],
    answered: Iterable[Suggestion] = (),
) -> list[Suggestion]:
    """Concerns, personas and stages for assets that have none, likeliest first by asset and field.

    `heard` is what the tagger says of `text_of` each asset; a concern that it sees in most of them is
    proposed where it stands out. `cues` say which stages its words speak of and in which words.
    Personas are those that raise its concerns in calls; without enough deals there are none. The
    stages of its type apply when it is read; where its type names none, those are proposed that its
    words speak of, and those it is asked for at. What people accepted or rejected before is not
    proposed again, nor is anything for archived assets.
    """
    known = {(one.item, one.field, one.value) for one in answered if one.status != PROPOSED}
    tongue = usual(heard.values())
    found = []
    for item in sorted(items, key=lambda i: i.id):
        if item.status == "archived":
            continue
        likely = _concerns(item, heard.get(item.id, ()), taxonomy.concerns, tongue)
        sure = dict.fromkeys(item.concerns, 1.0) or {s.value: s.score for s in likely}
        if not item.concerns:
            found += likely
        if not item.personas:
            found += _personas(item, sure, taxonomy, counted)
        if not _names_stages(item, taxonomy):
            found += _stages(item, sure, cues.get(item.id, {}), taxonomy, counted)
    return [one for one in found if (one.item, one.field, one.value) not in known]


def is_blank(item: ContentItem, taxonomy: Taxonomy) -> bool:
    """Whether something may be proposed of an asset."""
    named = item.concerns and item.personas and _names_stages(item, taxonomy)
    return item.status != "archived" and not named


def probability(tagger: float, *, made_for: bool, middle: float = 0.0) -> float:
    """How likely an asset answers a concern, by the tagger's probability and its content type.

    `middle` is the tagger's probability of the middle asset, where it sees the concern in most.
    """
    odds = _log_odds(tagger) - (_log_odds(middle) - _log_odds(SEEN) if middle > SEEN else 0.0)
    return 1 / (1 + math.exp(-(BY_WORDS * odds + BY_TYPE * made_for + BEFORE)))


def _log_odds(tagger: float) -> float:
    return math.log(max(tagger, FLOOR) / (1 - min(tagger, 0.999)))


def _concerns(
    item: ContentItem,
    heard: Sequence[Heard],
    concerns: Collection[str],
    tongue: Mapping[str, float],
) -> list[Suggestion]:
    said = {one.concern: one for one in heard}
    kind = TYPES.get(item.content_type, "")
    found = []
    for concern in concerns:
        one = said.get(concern)
        score = probability(
            one.probability if one else 0.0,
            made_for=concern == kind,
            middle=tongue.get(concern, 0.0),
        )
        if score >= LEAST:
            reasons = [one.why] if one and one.why else []
            reasons += [f"its type is {_words(item.content_type)}"] if concern == kind else []
            reasons = reasons or ["by the tagger"]
            reasons += ["more than most of your assets"] if concern in tongue else []
            found.append(
                Suggestion(
                    item=item.id,
                    field="concerns",
                    value=concern,
                    score=round(score, 2),
                    why="; ".join(reasons),
                )
            )
    return _ordered(found)


def _personas(
    item: ContentItem, concerns: Mapping[str, float], taxonomy: Taxonomy, counted: Counted
) -> list[Suggestion]:
    """Who raises the asset's concerns, or those that are likely its own.

    An asset without personas counts for all of them, so that accepting one narrows it: the reason says so.
    """
    raised = _raised(concerns, taxonomy.personas, counted.personas, taxonomy, counted)
    return _ordered(
        Suggestion(
            item=item.id,
            field="personas",
            value=value,
            score=round(score, 2),
            why=f"{why}; until then it is for anybody",
        )
        for value, (score, why) in raised.items()
    )


def _stages(
    item: ContentItem,
    concerns: Mapping[str, float],
    cues: Mapping[str, str],
    taxonomy: Taxonomy,
    counted: Counted,
) -> list[Suggestion]:
    """The stages of its type, if it lacks them.

    Where its type names none, those that its words speak of or that its concerns are raised at.
    """
    kind = taxonomy.content_types.get(item.content_type)
    types = kind.stages if kind else ()
    raised = _raised(concerns, taxonomy.stages, counted.stages, taxonomy, counted)
    its = f"its type is {_words(item.content_type)}"
    found = []
    for stage in taxonomy.stages:
        said, (score, why) = cues.get(stage, ""), raised.get(stage, (0.0, ""))
        if stage in types:
            likely, reasons = OF_ITS_TYPE, [its]
        elif types:
            continue
        else:
            likely, reasons = max(score, SAID if said else 0.0), [said, why]
        if likely and stage not in item.stages:
            told = "; ".join(filter(None, reasons))
            score = round(likely, 2)
            found.append(
                Suggestion(item=item.id, field="stages", value=stage, score=score, why=told)
            )
    return _ordered(found)


def _raised(
    concerns: Mapping[str, float],
    values: Iterable[str],
    counts: Counts,
    taxonomy: Taxonomy,
    counted: Counted,
) -> dict[str, tuple[float, str]]:
    """By persona or stage: the share of deals that raise one of the concerns there, at worst, and why.

    The lower end of the share's interval, times how likely the concern is the asset's.
    """
    best: dict[str, tuple[float, str]] = {}
    for concern, likely in concerns.items():
        for value in values:
            some, all_ = counts.get((concern, value), (0, 0))
            low = jeffreys(some, all_)[0] if all_ >= counted.min_deals else 0.0
            if low < counted.min_share or likely * low <= best.get(value, (0.0, ""))[0]:
                continue
            label = taxonomy.concerns[concern].label if concern in taxonomy.concerns else concern
            by = "by" if value in taxonomy.personas else "at"
            why = f"{label} is raised {by} {_words(value)} in {some:,} of {all_:,} deals"
            best[value] = (likely * low, why)
    return best


def _ordered(found: Iterable[Suggestion]) -> list[Suggestion]:
    return sorted(found, key=lambda s: (-s.score, s.value))


def _names_stages(item: ContentItem, taxonomy: Taxonomy) -> bool:
    """Whether a person named its stages; those of its type are filled in where nobody does."""
    kind = taxonomy.content_types.get(item.content_type)
    return bool(item.stages) and set(item.stages) != set(kind.stages if kind else ())


def _words(id_: str) -> str:
    return id_.replace("_", " ")


def fill(items: Iterable[ContentItem], suggestions: Iterable[Suggestion]) -> list[ContentItem]:
    """The assets with what people accepted of them."""
    accepted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in suggestions:
        if one.status == ACCEPTED:
            accepted[one.item].append((one.field, one.value))
    return [_with(item, accepted[item.id]) if item.id in accepted else item for item in items]


def in_bulk(suggestions: Iterable[Suggestion]) -> dict[str, set[str]]:
    """By asset, the concerns that were accepted among many."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in suggestions:
        if one.in_bulk and one.status == ACCEPTED and one.field == "concerns":
            found[one.item].add(one.value)
    return dict(found)


def named_since(
    items: Iterable[ContentItem], suggestions: Iterable[Suggestion]
) -> list[Suggestion]:
    """Tags that were accepted among many and that a person has named by now, as they stand then.

    `items` are assets as sheets and exports list them, without what was accepted of them.
    """
    listed = {item.id: item for item in items}
    return [
        dataclasses.replace(one, in_bulk=False)
        for one in suggestions
        if one.in_bulk and one.item in listed and one.value in getattr(listed[one.item], one.field)
    ]


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
