"""A person mends a call: it is kept, the call is told anew, its tags and the month's gaps follow."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.mending import (
    PERSONA,
    ROLE,
    SIDE,
    TITLE,
    TURN,
    UNDO,
    WRITTEN,
    as_heard,
    holding,
    mended_people,
    with_words,
)
from callinsight.calls.speakers import voice_of
from callinsight.errors import InputError
from callinsight.months import last_day, month_of
from callinsight.pipeline.content import gaps_of
from callinsight.pipeline.embedding import keep_tagged
from callinsight.pipeline.naming import NAMING, name_call
from callinsight.pipeline.privacy import (
    cleaned_text,
    kept_participants,
    rules_of,
    without_personal_data,
)
from callinsight.pipeline.stages import infer_stages
from callinsight.pipeline.tags import buyer_turns, tag_calls
from callinsight.pipeline.topics import ALL, place_call
from callinsight.pipeline.topics import STAGE as TOPICS
from callinsight.pipeline.words import heard_words, turn_of
from callinsight.records import SIDES, UNKNOWN, Mending
from callinsight.tagging.corrections import holding as corrections_holding
from callinsight.tagging.corrections import placed as corrections_placed
from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.config import Config, PrivacyConfig
    from callinsight.progress import Progress
    from callinsight.records import Call, Participant, Utterance
    from callinsight.taxonomy import Taxonomy

OTHER_SIDE = {"rep": "buyer", "buyer": "rep"}


def mended_entries(
    db: Database, entries: Sequence[Entry], taxonomy: Taxonomy, privacy: PrivacyConfig
) -> list[Entry]:
    """The entries of a manifest, with what people say of those who took part."""
    mendings: dict[str, list[Mending]] = {}
    for mending in store.all_mendings(db):
        mendings.setdefault(mending.call, []).append(mending)
    return [
        _mended_entry(entry, own, taxonomy, privacy)
        if (own := mendings.get(entry.call.id))
        else entry
        for entry in entries
    ]


def _mended_entry(
    entry: Entry, mendings: Sequence[Mending], taxonomy: Taxonomy, privacy: PrivacyConfig
) -> Entry:
    """An entry with mended people; they are mended under the names that are kept of them."""
    kept = kept_participants(entry.participants, privacy)
    named = {person.name: now.name for person, now in zip(entry.participants, kept, strict=True)}
    known = [dataclasses.replace(m, subject=named.get(m.subject, m.subject)) for m in mendings]
    people = [
        dataclasses.replace(mended, name=person.name)
        for person, mended in zip(entry.participants, _mended(kept, known, taxonomy), strict=True)
    ]
    return dataclasses.replace(entry, participants=tuple(people))


def set_side(
    db: Database, config: Config, call: str, voice: str, side: str, *, who: str, at: str
) -> None:
    """Say whose a voice of a call is; raises InputError for a voice or side that there is not."""
    voices = voices_of(store.utterances_of(db, call))
    if voice not in voices:
        raise InputError(f"nobody in this call is known as '{voice}'; open the call again")
    _check_side(side)
    _keep(db, config, [_mending(call, SIDE, voice, voices[voice], side, who=who, at=at)])


def set_role(
    db: Database, config: Config, call: str, voice: str, persona: str, *, who: str, at: str
) -> None:
    """Say which role a buyer's voice has, whom the sheets need not name; raises InputError."""
    said = [u for u in store.utterances_of(db, call) if voice_of(turn_of(u)) == voice]
    if not said:
        raise InputError(f"nobody in this call is known as '{voice}'; open the call again")
    bought = [turn for turn in said if turn.side == "buyer"]
    if not bought:
        raise InputError("only a buyer's voice has a role; say first that it is the buyer's")
    _check_persona(persona, load_taxonomy(config.tagging.taxonomy))
    if any(turn.persona != persona for turn in bought):
        before = bought[0].persona
        _keep(db, config, [_mending(call, ROLE, voice, before, persona, who=who, at=at)])


def swap_sides(db: Database, config: Config, call: str, *, who: str, at: str) -> None:
    """Make every rep's voice a buyer's, and the other way round; raises InputError if there is none."""
    voices = voices_of(store.utterances_of(db, call))
    known = {voice: side for voice, side in voices.items() if side in OTHER_SIDE}
    if not known:
        raise InputError("no voice of this call has a side yet; say whose each voice is first")
    swapped = [
        _mending(call, SIDE, voice, side, OTHER_SIDE[side], who=who, at=at)
        for voice, side in known.items()
    ]
    _keep(db, config, swapped)


def set_turn_side(
    db: Database, config: Config, utterance: str, side: str, *, who: str, at: str
) -> None:
    """Say on which side one turn was said; raises InputError."""
    said = _utterance(db, utterance)
    _check_side(side)
    mending = _mending(said.call, TURN, said.id, said.side, side, who=who, at=at)
    _keep(db, config, [dataclasses.replace(mending, text=_heard_text(db, said))])


def set_words(
    db: Database, config: Config, utterance: str, text: str, *, who: str, at: str
) -> None:
    """Write what was said in a turn, without personal data; raises InputError for no words at all."""
    said = _utterance(db, utterance)
    plain = _cleaned_words(db, config, said, text)
    if not plain:
        raise InputError("a turn cannot be without words; write what was said")
    if plain == said.text:
        return
    mending = _mending(said.call, WRITTEN, said.id, said.text, plain, who=who, at=at)
    _keep(db, config, [dataclasses.replace(mending, text=_heard_text(db, said))])


def set_person(
    db: Database,
    config: Config,
    call: str,
    name: str,
    *,
    title: str,
    persona: str,
    who: str,
    at: str,
) -> None:
    """Say what somebody's title is, and persona, if it is not the one of the title; raises InputError."""
    person = store.participant(db, call, name)
    if person is None:
        raise InputError(f"nobody called '{name}' takes part in this call; open the call again")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    _check_persona(persona, taxonomy)
    people = store.participants_of(db, call)
    plain = cleaned_text(" ".join(title.split()), rules_of(config.privacy, people))
    made = []
    if plain != person.title:
        made.append(_mending(call, TITLE, name, person.title, plain, who=who, at=at))
    (then,) = _mended([person], [*store.mendings_of(db, call), *_numbered(made)], taxonomy)
    if persona not in (then.persona, person.persona) or (not made and persona != person.persona):
        made.append(_mending(call, PERSONA, name, person.persona, persona, who=who, at=at))
    _keep(db, config, made)


def take_back(db: Database, config: Config, number: int, *, who: str, at: str) -> str:
    """Undo a mending; it stays in the history. The call's id; raises InputError if it does not hold."""
    mending = {m.id: m for m in holding(store.all_mendings(db))}.get(number)
    if mending is None:
        raise InputError("that is not mended any more; open the call again")
    undo = _mending(
        mending.call, UNDO, mending.subject, mending.after, mending.before, who=who, at=at
    )
    _keep(db, config, [dataclasses.replace(undo, undoes=number, text=mending.text)])
    return mending.call


def follow(db: Database, config: Config, call: str, *, progress: Progress) -> None:
    """Bring the tags of a mended call up to date, and the gaps of its month."""
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    infer_stages(db, taxonomy, only=call)
    dropped = not store.has_vectors(db)
    tag_calls(db, config, taxonomy, progress=progress, only=call)
    keep_tagged(db, progress=progress, call="" if dropped else call)
    known = store.get_call(db, call)
    if known is not None:
        place_call(db, config, taxonomy, known)
        month = month_of(known.recorded_at, config.zone)
        gaps = gaps_of(db, config, taxonomy, month, last_day(month))
        with store.transaction(db):
            store.replace_gaps(db, month, gaps)


def voices_of(said: Iterable[Utterance]) -> dict[str, str]:
    """The voices of a call in the order they are heard, each with the side of most of its words."""
    words: dict[str, dict[str, int]] = {}
    for utterance in said:
        sides = words.setdefault(voice_of(turn_of(utterance)), {})
        sides[utterance.side] = sides.get(utterance.side, 0) + len(utterance.text.split())
    return {voice: max(sides, key=lambda side: sides[side]) for voice, sides in words.items()}


def _keep(db: Database, config: Config, mendings: Sequence[Mending]) -> None:
    """Keep mendings of one call, and tell the call anew with them."""
    if not mendings:
        return
    call = store.get_call(db, mendings[0].call)
    if call is None:
        raise InputError("this call is not in the database any more")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    with store.transaction(db):
        for mending in mendings:
            store.add_mending(db, mending)
        people = _people(db, call, taxonomy)
        if store.update_call(db, call, people):
            people = tuple(store.participants_of(db, call.id))
        before = buyer_turns(store.utterances_of(db, call.id))
        taken_out = name_call(db, config, call, people)
        store.forget_run(db, NAMING, call.id)  # the next run looks whether the sheets agree
        store.forget_run(db, TOPICS, ALL)  # and places all turns, should this not get as far
        _carry_corrections(db, call, before, mendings)
    if taken_out:
        store.scrub(db, pack=False)  # somebody waits for the page


def _people(db: Database, call: Call, taxonomy: Taxonomy) -> tuple[Participant, ...]:
    """Those who took part as the sheets name them, as far as it is known, and then as people do."""
    mendings = store.mendings_of(db, call.id)
    first: dict[tuple[str, str], Mending] = {}
    for mending in mendings:
        first.setdefault((mending.what, mending.subject), mending)
    people = []
    for person in store.participants_of(db, call.id):
        if title := first.get((TITLE, person.name)):
            person = dataclasses.replace(person, title=title.before)
        if persona := first.get((PERSONA, person.name)):
            by_title = persona_of_title(person.title, taxonomy)
            source = "title" if persona.before == by_title else "manifest"
            source = UNKNOWN if persona.before == UNKNOWN else source
            person = dataclasses.replace(person, persona=persona.before, persona_source=source)
        elif title and person.persona_source != "manifest":
            by_title = persona_of_title(person.title, taxonomy)
            source = UNKNOWN if by_title == UNKNOWN else "title"
            person = dataclasses.replace(person, persona=by_title, persona_source=source)
        people.append(person)
    return _mended(people, mendings, taxonomy)


def _mended(
    people: Iterable[Participant], mendings: Iterable[Mending], taxonomy: Taxonomy
) -> tuple[Participant, ...]:
    return mended_people(people, mendings, lambda title: persona_of_title(title, taxonomy))


def _carry_corrections(
    db: Database, call: Call, before: Sequence[tuple[Utterance, object]], made: Sequence[Mending]
) -> None:
    """What people said of a turn's tags goes on when its words are mended: it was the same turn."""
    if not any(mending.what in (WRITTEN, UNDO) for mending in made):
        return
    corrections = [c for c in corrections_holding(store.all_corrections(db)) if c.call == call.id]
    after = {said.id: turn for said, turn in buyer_turns(store.utterances_of(db, call.id))}
    for utterance, correction in corrections_placed(corrections, before).items():  # type: ignore[arg-type]
        turn = after.get(utterance)
        if turn is not None and turn.text != correction.text:
            carried = dataclasses.replace(
                correction, utterance=utterance, context=turn.context, text=turn.text
            )
            store.add_correction(db, carried)


def _utterance(db: Database, utterance: str) -> Utterance:
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    if said is None:
        raise InputError("this turn is not there any more; open the call again")
    return said


def _heard_text(db: Database, said: Utterance) -> str:
    """The words that were heard, whatever people wrote since."""
    return as_heard(said, heard_words(db, said.call)).text


def _cleaned_words(db: Database, config: Config, said: Utterance, text: str) -> str:
    """What somebody wrote for a turn without personal data, as the turns around it show what that is."""
    plain = " ".join(text.split())
    rules = rules_of(config.privacy, store.participants_of(db, said.call))
    turns = [
        with_words(turn_of(one), plain) if one.id == said.id else turn_of(one)
        for one in store.utterances_of(db, said.call)
    ]
    return without_personal_data(turns, rules)[said.position].text if plain else ""


def _check_side(side: str) -> None:
    if side not in (*SIDES, UNKNOWN):
        raise InputError(f"'{side}' is no side; it must be {', '.join(SIDES)} or {UNKNOWN}")


def _check_persona(persona: str, taxonomy: Taxonomy) -> None:
    if persona not in (*taxonomy.personas, UNKNOWN):
        raise InputError(f"there is no role '{persona}' in the definitions")


def _numbered(made: Iterable[Mending]) -> list[Mending]:
    return [dataclasses.replace(mending, id=1_000_000_000 + n) for n, mending in enumerate(made)]


def _mending(
    call: str, what: str, subject: str, before: str, after: str, *, who: str, at: str
) -> Mending:
    return Mending(
        call=call, at=at, who=who, what=what, subject=subject, before=before, after=after
    )
