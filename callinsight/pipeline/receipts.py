"""What an erasure would take, and what it took, in words."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.pipeline.traces import names_going, sheets_naming, sources, written_of
from callinsight.records import Receipt
from callinsight.temporary import temporary_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.pipeline.plan import Plan

WORDS = {  # what rows of a table are called, one and many
    "calls": ("call", "calls"),
    "participants": ("participant", "participants"),
    "utterances": ("turn", "turns"),
    "tags": ("tag", "tags"),
    "voices": ("voice print", "voice prints"),
    "corrections": ("correction", "corrections"),
    "mendings": ("mending", "mendings"),
    "heard_turns": ("turn as it was heard", "turns as they were heard"),
    "playlist_items": ("excerpt in playlists", "excerpts in playlists"),
    "redactions": ("redaction", "redactions"),
    "embeddings": ("vector", "vectors"),
    "topics": ("topic whose words change", "topics whose words change"),
    "requests": ("request that loses evidence or words", "requests that lose evidence or words"),
    "names": ("text that loses a name", "texts that lose a name"),
    "reports": ("file of reports", "files of reports"),
    "copies": ("temporary file", "temporary files"),
    "recordings": ("recording", "recordings"),
}


def told(db: Database, config: Config, plan: Plan) -> str:
    """What would go, what stays, and what is out of reach, for people."""
    lines = ["Would erase:", *_listed(_outline(db, config, plan))]
    lines += [f"  {call.id}, {call.recorded_at[:10]}" for call in (*plan.calls, *plan.touched)]
    if plan.person and plan.person.doubtful:
        count = plan.person.doubtful
        lines.append(f"  of these turns {count} may be somebody else's: nobody knows who said them")
    return "\n".join([*lines, *_stays(db, config, plan), "Nothing is erased yet: add --yes."])


def shown(receipt: Receipt, *, shape: str) -> str:
    """A receipt for people, or as the JSON that is kept."""
    if shape == "json":
        return json.dumps({"id": receipt.id, **json.loads(receipt.content)}, ensure_ascii=False)
    return f"Receipt {receipt.id}. {receipt.text}" if receipt.id else receipt.text


def _outline(db: Database, config: Config, plan: Plan) -> Counter[str]:
    """How many of each kind would go, as far as that can be counted before."""
    counted = Counter(store.rows_of_calls(db, [call.id for call in plan.calls]))
    if plan.person:
        counted["utterances"] += sum(map(len, plan.person.turns.values()))
        counted["participants"] += len(plan.person.turns)
    counted["reports"] = len(written_of(db, config, plan).reports)
    counted["copies"] = len(temporary_files())
    return +counted


def _listed(counted: Mapping[str, int]) -> list[str]:
    lines = [
        f"  {counted[kind]} {words[counted[kind] != 1]}"
        for kind, words in WORDS.items()
        if counted.get(kind)
    ]
    return lines or ["  nothing"]


def _stays(db: Database, config: Config, plan: Plan) -> list[str]:
    """What is kept by legal hold, and what lies where this program does not reach."""
    lines = ["Kept:", *(f"  {reason}" for reason in plan.held)] if plan.held else []
    lines += [f"Mind: {plan.doubt}"] if plan.doubt else []
    return [*lines, *out_of_reach(db, config, plan)]


def out_of_reach(db: Database, config: Config, plan: Plan) -> list[str]:
    """What no erasure removes, and somebody has to: sources, sheets that name them, people's own files.

    Ask before it is carried out: after it nothing tells any more what named or quoted them.
    """
    files = [str(path) for path in sources(config, (*plan.calls, *plan.touched))]
    named = sheets_naming(config, names_going(db, plan), plan.calls)
    files += [f"{path}, which names them" for path in named]
    files += written_of(db, config, plan).others
    left = ["Left for you to remove:", *(f"  {path}" for path in files)] if files else []
    return [*left, "What was copied, sent or downloaded elsewhere is not reached."]


def receipt_of(plan: Plan, gone: Counter[str], who: str, at: str) -> Receipt:
    counted = {kind: gone[kind] for kind in WORDS if gone[kind]}
    held = len(plan.held)
    lines = [f"Erased on {at} by {who} ({plan.what}):", *_listed(counted)]
    if held:
        lines.append(f"Kept: {held} {WORDS['calls'][held != 1]}")
    table = {"at": at, "who": who, "what": plan.what, "erased": counted, "held": held}
    content = json.dumps(table, ensure_ascii=False)
    return Receipt(at=at, who=who, what=plan.what, content=content, text="\n".join(lines))
