"""Assets spoken of in calls: `python benchmarks/mentions.py [DATABASE]`.

On labelled sentences about the demo's inventory (benchmarks/mentions.csv), of which the half named
`dev` was looked at while the rules were written; and on all turns of the demo's calls, of which
PLACES says what is spoken of. Beside it a search for titles, and for their first part, in the text.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.inventory import read_items
from callinsight.content.mentions import CONFIDENT, HEAD, find_mentions, index_of
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from callinsight.content.mentions import MentionIndex
    from callinsight.records import ContentItem

HERE = Path(__file__).parent
ITEMS = HERE.parent / "content_inventory" / "items.csv"
DEMO = HERE.parent / "out" / "demo" / "callinsight.db"
PLACES = {  # every turn of the demo's calls that speaks of an asset of its inventory
    "tb-0903-002:0015": {"TA-045", "TA-046"},
    "tb-0923-031:0003": {"TA-034"},
    "tb-1023-069:0005": {"TA-034"},
}
Said = list[tuple[str, str, set[str]]]  # side, text, the assets that are meant


def main() -> None:
    """Print the tables."""
    items, _ = read_items([ITEMS], load_taxonomy(DEFAULT_TAXONOMY))
    index = index_of(items, company="Tallybrook")
    with (HERE / "mentions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for part in ("dev", "test"):
        said = [
            (row["side"], row["text"], set(filter(None, row["items"].split(";"))))
            for row in rows
            if row["part"] == part
        ]
        report(f"labelled sentences, {part}", said, methods(index, items))
    database = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO
    if database.exists():
        report("all turns of the demo", demo_turns(database), methods(index, items))


def methods(
    index: MentionIndex, items: Iterable[ContentItem]
) -> dict[str, Callable[[str, str], set[str]]]:
    """What finds the assets in a text, by name."""
    titles = {item.id: item.title.casefold() for item in items}
    heads = {id_: HEAD.split(title)[0] for id_, title in titles.items()}
    return {
        f"ours, from {CONFIDENT}": lambda side, text: {
            m.item for m in find_mentions(index, text, side=side) if m.confidence >= CONFIDENT
        },
        "ours, all": lambda side, text: {m.item for m in find_mentions(index, text, side=side)},
        "title in the text": lambda _, text: {i for i, t in titles.items() if t in text.casefold()},
        "its first part in the text": lambda _, text: {
            i for i, t in heads.items() if t in text.casefold()
        },
    }


def demo_turns(database: Path) -> Said:
    """Who said what in the demo's calls, with what is spoken of."""
    with store.opened(database) as db:
        return [
            (turn.side, turn.text, PLACES.get(turn.id, set()))
            for call in store.all_calls(db)
            for turn in store.utterances_of(db, call.id)
        ]


def report(name: str, said: Said, found: dict[str, Callable[[str, str], set[str]]]) -> None:
    """One table: what was found of what is there, and false alarms in texts without a mention."""
    empty = sum(not truth for _, _, truth in said)
    print(f"\n{name}: {len(said)}, {empty} of them without a mention")
    print(f"{'':30} precision  recall  false alarms")
    for method, find in found.items():
        results = [(find(side, text), truth) for side, text, truth in said]
        right = sum(len(got & truth) for got, truth in results)
        told = sum(len(got) for got, _ in results)
        there = sum(len(truth) for _, truth in results)
        alarms = sum(bool(got) and not truth for got, truth in results)
        precision = f"{right / told:9.2f}" if told else f"{'-':>9}"
        print(f"{method:30} {precision} {right / max(1, there):7.2f} {alarms:9}")


if __name__ == "__main__":
    main()
