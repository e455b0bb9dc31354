"""Asks that went unanswered: `python benchmarks/asks.py`.

On talk of many trades (benchmarks/asks.csv): the seller's words before and after a buyer's turn, what
went to the buyer (a type of asset, how, and after how many days), and whether the turn asks for
something that was never sent (`open`), that was (`answered`), or for nothing to keep (`none`). The
half named `dev` was looked at while the rules were written. Beside it every turn that the tagger
takes for an ask.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from callinsight.config import TaggingConfig
from callinsight.pipeline.tag import read_turns
from callinsight.pipeline.tagger import load_tagger
from callinsight.records import Call, ContentItem, Tag, UsageEvent
from callinsight.reports.asks import Ask, Talk, asks_of
from callinsight.tagging.encoder import Turn
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

HERE = Path(__file__).parent
DAY = date(2026, 10, 1)
END = date(2026, 10, 31)


def main() -> None:
    """Print the tables."""
    with (HERE / "asks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tags = read(rows)
    for part in ("dev", "test"):
        there = [(f"c{n}", row) for n, row in enumerate(rows) if row["part"] == part]
        talk = {f"{id_}:0001": (row["text"], row["after"]) for id_, row in there}
        kept = {f"{id_}:0001": ("please send me that", "") for id_, _ in there}
        report(part, there, listed(there, tags, talk), listed(there, tags, kept))


def read(rows: list[dict[str, str]]) -> list[Tag]:
    """What the tagger takes for asks, as the tags of a run."""
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    tagger = load_tagger(TaggingConfig(taxonomy=DEFAULT_TAXONOMY), taxonomy, load_heads())
    readings = read_turns(tagger, [Turn(row["before"], row["text"]) for row in rows])
    facts = {"kind": "ask", "stance": "none", "source": "", "persona": "", "month": "2026-10"}
    return [
        Tag(
            **facts,
            utterance=f"c{n}:0001",
            call=f"c{n}",
            deal=f"c{n}",
            stage="",
            label=kind,
            score=reading.ask_score,
            status=reading.ask_status,
            evidence=reading.ask_evidence,
        )
        for n, reading in enumerate(readings)
        for kind in reading.ask_kinds
    ]


def listed(there: list[tuple[str, dict[str, str]]], tags: list[Tag], talk: Talk) -> list[Ask]:
    """The asks of a report on these calls."""
    calls = {id_: Call(id=id_, file="", recorded_at=DAY.isoformat(), deal=id_) for id_, _ in there}
    items, events = [], []
    for id_, row in there:
        if row["went"]:
            kind, event, days = row["went"].split(":")
            items.append(ContentItem(id=id_, title=id_, url="", content_type=kind, status="live"))
            day = (DAY + timedelta(days=int(days))).isoformat()
            use = UsageEvent(id=id_, item=id_, occurred_at=day, event=event)
            mentioned = event == "call_mention"
            events.append(replace(use, call=id_) if mentioned else replace(use, deal=id_))
    on = dict.fromkeys(calls, DAY.isoformat())
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    buyers = [(call.id, call.deal, call.account) for call in calls.values()]
    return list(asks_of(tags, calls, on, events, buyers, items, items, taxonomy, END, talk))


def report(
    part: str, there: list[tuple[str, dict[str, str]]], ours: list[Ask], naive: list[Ask]
) -> None:
    """One table: what is said to be unanswered, and of which kind, and what was missed."""
    truth = {id_: row for id_, row in there if row["truth"] == "open"}
    shares = {state: sum(row["truth"] == state for _, row in there) for state in STATES}
    print(f"\n{part}: {len(there)} turns, " + ", ".join(f"{n} {s}" for s, n in shares.items()))
    print(f"{'unanswered':26} precision  recall  of the right kind")
    for name, asks in (("ours", ours), ("all the tagger is sure of", naive)):
        told = {ask.deal: ask for ask in asks if not ask.answered}
        right = told.keys() & truth.keys()
        kinds = sum(truth[id_]["kind"] == told[id_].kind for id_ in right)
        print(
            f"{name:26} {len(right) / max(1, len(told)):9.2f} {len(right) / len(truth):7.2f}"
            f" {kinds:8} of {len(right)}"
        )
    told = {ask.deal: ask for ask in ours if not ask.answered}
    for id_, row in there:
        wrong = (id_ in told) != (row["truth"] == "open")
        if wrong or (id_ in told and told[id_].kind != row["kind"]):
            got = told[id_].kind if id_ in told else "not listed"
            print(f"  {row['truth']}, {row['kind'] or 'nothing'}, but {got}: {row['text']}")


STATES = ("open", "answered", "none")


if __name__ == "__main__":
    main()
