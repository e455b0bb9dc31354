"""What a month came to, in numbers that can be kept and compared: no names and no words of anybody."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from callinsight.reports.assets import UNUSED
from callinsight.reports.basis import READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from callinsight.records import Call, ContentItem, Gap, Unused
    from callinsight.reports.requests import RequestLine
    from callinsight.taxonomy import Taxonomy

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Count:
    """Demand and supply of one cell."""

    concern: str
    persona: str
    stage: str
    raising: int = 0
    eligible: int = 0
    supply: int = 0
    unvouched: int = 0  # of the supply
    verdict: str = ""
    score: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """Which cell it is, in any month."""
        return self.concern, self.persona, self.stage


@dataclass(frozen=True, kw_only=True)
class MonthNumbers:
    """Everything that a later report compares with."""

    month: str
    as_of: str
    calls: int
    deals: int
    accounts: int
    definitions: str
    tagger: str
    speech: str
    meanings: dict[str, str] = field(default_factory=dict)  # digest by `concern/ID` and so on
    rules: dict[str, float] = field(default_factory=dict)
    cells: tuple[Count, ...] = ()
    live: int = 0  # assets
    idle: dict[str, str] = field(default_factory=dict)  # by asset: its states, separated by ;
    requests: dict[str, str] = field(default_factory=dict)  # by id: its state

    @property
    def unused(self) -> int:
        """How many assets nobody used; what is only out of date or without an owner may be in use."""
        return sum(UNUSED in kinds.split(";") for kinds in self.idle.values())


def numbers_of(
    month: str,
    as_of: date,
    *,
    calls: Iterable[Call],
    gaps: Iterable[Gap],
    unused: Iterable[Unused],
    items: Iterable[ContentItem],
    requests: Iterable[RequestLine] = (),
    taxonomy: Taxonomy,
    versions: Mapping[str, str],
    rules: Mapping[str, float],
) -> MonthNumbers:
    """The numbers of a month; `versions` say by which definitions, tagger and speech engine."""
    read = [call for call in calls if call.status in READ]
    idle: dict[str, set[str]] = {}
    for one in unused:
        idle.setdefault(one.item, set()).add(one.kind)
    return MonthNumbers(
        month=month,
        as_of=as_of.isoformat(),
        calls=len(read),
        deals=len({call.deal or call.id for call in read}),
        accounts=len({call.account for call in read if call.account}),
        definitions=versions.get("definitions", ""),
        tagger=versions.get("tagger", ""),
        speech=versions.get("speech", ""),
        meanings=_meanings(taxonomy),
        rules=dict(rules),
        cells=tuple(
            Count(
                concern=gap.concern,
                persona=gap.persona,
                stage=gap.stage,
                raising=gap.raising,
                eligible=gap.eligible,
                supply=gap.supply,
                unvouched=gap.unvouched,
                verdict=gap.verdict,
                score=gap.score,
            )
            for gap in sorted(gaps, key=lambda g: g.id)
        ),
        live=sum(item.status == "live" for item in items),
        idle={item: ";".join(sorted(kinds)) for item, kinds in idle.items()},
        requests={line.id: line.state for line in requests},
    )


def to_json(numbers: MonthNumbers) -> str:
    """The numbers as a text that is kept; equal numbers give the same text."""
    table = {"schema": SCHEMA, **dataclasses.asdict(numbers)}
    return json.dumps(table, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> MonthNumbers | None:
    """The numbers of such a text; None if it is of another version of this program."""
    table: dict[str, Any] = json.loads(text)
    if table.pop("schema", None) != SCHEMA:
        return None
    cells = tuple(Count(**cell) for cell in table.pop("cells"))
    return MonthNumbers(cells=cells, **table)


def digest_of(text: str) -> str:
    """By which equal content is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def _meanings(taxonomy: Taxonomy) -> dict[str, str]:
    """Each definition's digest, so that it is seen which of them change."""
    kinds: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("concern", taxonomy.concerns),
        ("persona", taxonomy.personas),
        ("stage", taxonomy.stages),
        ("topic", taxonomy.topics),
    )
    return {f"{kind}/{id_}": _short(value) for kind, found in kinds for id_, value in found.items()}


def _short(definition: Any) -> str:
    plain = definition if isinstance(definition, str) else dataclasses.asdict(definition)
    return digest_of(json.dumps(plain, sort_keys=True))[:8]
