"""A month of invented calls as a run leaves them: tags that are sure and in doubt, gaps, a failure."""

from pathlib import Path

from callinsight import store
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.run import stored_config
from callinsight.progress import silent
from callinsight.records import Call, Participant, Tag, Utterance
from callinsight.taxonomy import load_taxonomy

TURNS = (
    "Honestly that is far too expensive for a team of our size, and I would have to defend it.",
    "Would it talk to the system we have, or does somebody type all of it in again by hand?",
)
IN_DOUBT = "Our lawyer in number {} looks at such things, I suppose, some day or other."


def fill(
    database: Path, *, months: tuple[str, ...] = ("2026-09", "2026-10"), deals: int = 8
) -> None:
    """Calls of as many deals a month: a price objection each, a question, and a turn in doubt."""
    with store.opened(database) as db:
        config = stored_config(db)
        for month in months:
            for number in range(deals):
                with store.transaction(db):
                    _call(db, f"{month}-{number}", month, number)
        update_gaps(db, config, load_taxonomy(config.tagging.taxonomy), progress=silent)


def _call(db: object, id_: str, month: str, number: int) -> None:
    call = Call(
        id=id_,
        file=f"{id_}.vtt",
        recorded_at=f"{month}-{number + 10:02d}T10:00:00+00:00",
        title=f"Demo <{number}>",
        account=f"Firm {number}",
        deal=f"D-{number}",
        stage="decision",
        language="en",
        duration_s=60.0,
    )
    people = [
        Participant(call=id_, name="Dana", side="rep"),
        Participant(call=id_, name="Ann Lee", side="buyer", title="CFO", persona="economic_buyer"),
    ]
    said = ["What did you think of it?", TURNS[0], "I see.", TURNS[1], "And legal?"]
    said.append(IN_DOUBT.format(f"{month} {number}"))
    turns = [_turn(id_, position, text) for position, text in enumerate(said)]
    tags = [
        _tag(turns[1], month, "price_budget", "objection", 0.995, "sure"),
        _tag(turns[3], month, "technical_integration", "question", 0.995, "sure"),
        _tag(turns[5], month, "legal_procurement", "mention", 0.3 + number / 100, "unsure"),
    ]
    store.save_call(db, call, people, turns)
    store.replace_tags(db, id_, ("concern",), tags)
    for stage in ("speech", "tags"):
        store.record_run(db, stage, id_, "settings")


def _turn(call: str, position: int, text: str) -> Utterance:
    buyer = position % 2 == 1
    return Utterance(
        id=f"{call}:{position:04d}",
        call=call,
        position=position,
        start_s=position * 10.0,
        end_s=position * 10.0 + 8,
        channel=None,
        speaker="Ann Lee" if buyer else "Dana",
        side="buyer" if buyer else "rep",
        side_confidence=1.0,
        persona="economic_buyer" if buyer else "unknown",
        text=text,
    )


def _tag(turn: Utterance, month: str, label: str, stance: str, score: float, status: str) -> Tag:
    return Tag(
        utterance=turn.id,
        kind="concern",
        label=label,
        stance=stance,
        score=score,
        status=status,
        source="test",
        evidence=turn.text.split(",")[0],
        why="like “<i>that</i>”",
        call=turn.call,
        deal=f"D-{turn.call.rpartition('-')[2]}",
        persona="economic_buyer",
        stage="decision",
        month=month,
    )
