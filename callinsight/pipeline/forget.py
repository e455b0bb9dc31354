"""`callinsight forget`: a call, a person or an account, and what a run must not read again."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.forgetting import names_in
from callinsight.errors import InputError, nearest
from callinsight.pipeline.erasing import file_hash
from callinsight.pipeline.holds import holds_now
from callinsight.pipeline.plan import Person, Plan
from callinsight.records import PLACEHOLDER, UNCERTAIN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.config import Config
    from callinsight.records import Call, Forgotten, Participant, Utterance

LIFT = "lift the hold in the list of calls and run the pipeline, or leave the call"


def plan_call(db: Database, config: Config, call: str) -> Plan:
    """A call with all that came of it; raises InputError if there is none."""
    known = {one.id: one for one in store.all_calls(db)}
    if call not in known:
        hint = nearest(call, list(known)) or "; the pages list the calls there are"
        if any(one.id == call and one.what == "call" for one in store.all_forgotten(db)):
            hint = "; it is forgotten already"
        raise InputError(f"there is no call '{call}'{hint}")
    return plan_calls(config, "call", [known[call]])


def plan_account(db: Database, config: Config, account: str) -> Plan:
    """All calls of an account; raises InputError if there is none."""
    calls = store.all_calls(db)
    wanted = [call for call in calls if call.account and _same(call.account, account)]
    if not wanted:
        hint = nearest(account, sorted({call.account for call in calls if call.account}))
        raise InputError(f"no call is with the account '{account}'{hint}")
    plan = plan_calls(config, "account", wanted)
    return dataclasses.replace(plan, account=wanted[0].account)


def plan_calls(config: Config, what: str, calls: Iterable[Call], kept: Sequence[str] = ()) -> Plan:
    """These calls, but for those under legal hold."""
    every, holds = list(calls), holds_now(config)
    held = tuple(f"{call.id} is under legal hold; {LIFT}" for call in every if holds.cover(call))
    free = tuple(call for call in every if not holds.cover(call))
    return Plan(what=what, calls=free, held=(*held, *kept), doubt=holds.unread)


def plan_person(db: Database, config: Config, person: str) -> Plan:
    """A buyer's own turns and name, wherever they are; raises InputError if nobody is known so.

    `person` is a name, or the id in the list of participants. Turns that nobody is sure of go with
    them, where they may be theirs.
    """
    people = [
        one
        for one in store.all_participants(db)
        if person and (_same(one.name, person) or one.person == person)
    ]
    names, placeholders = _names(db, people, person)
    calls = {call.id: call for call in store.all_calls(db)}
    named = {one.call for one in people if one.side != "rep"}
    pattern = names_in(names, parts=False)
    named |= set(store.calls_naming(db, names, lambda text: bool(pattern.search(text))))
    named |= set(store.calls_spoken_by(db, names))
    holds = holds_now(config)
    held = [calls[id_] for id_ in sorted(named) if holds.cover(calls[id_])]
    touched = tuple(calls[id_] for id_ in sorted(named) if not holds.cover(calls[id_]))
    turns, doubtful = {}, 0
    for call in touched:
        own, unsure = _turns_of(db, call.id, (*names, *placeholders.get(call.id, ())))
        if own or unsure or any(one.call == call.id for one in people):
            turns[call.id] = (*own, *unsure)
            doubtful += len(unsure)
    return Plan(
        what="person",
        person=Person(names=names, turns=turns, doubtful=doubtful, placeholders=placeholders),
        held=tuple(f"{call.id} is under legal hold; {LIFT}" for call in held),
        touched=touched,
        doubt=holds.unread,
    )


def _names(
    db: Database, people: Sequence[Participant], person: str
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """What somebody is called everywhere, and what stands for their name in each call, if it is taken out."""
    buyers = [one for one in people if one.side != "rep"]
    if buyers and re.fullmatch(PLACEHOLDER, person):
        raise InputError(
            f"'{person}' is somebody else in each call; write an id of the list of participants, or "
            "name the call with --call"
        )
    if buyers:
        placeholders: dict[str, tuple[str, ...]] = {}
        for one in buyers:
            if re.fullmatch(PLACEHOLDER, one.name):
                placeholders[one.call] = (*placeholders.get(one.call, ()), one.name)
        names = dict.fromkeys(o.name for o in buyers if not re.fullmatch(PLACEHOLDER, o.name))
        return tuple(names), placeholders
    if people:
        raise InputError(
            f"'{person}' is on your own side; only buyers are forgotten one by one: "
            "name calls with --call, or an account with --account"
        )
    spoke = store.speakers_but_reps(db)
    found = tuple(sorted(name for name in spoke if _same(name, person)))
    if not found:
        known = sorted({one.name for one in store.all_participants(db)} | spoke)
        if any(re.fullmatch(PLACEHOLDER, name) for name in known):
            raise InputError(
                f"nobody is known as '{person}': names of buyers are taken out of this database; "
                "write an id of the list of participants, or name the call with --call"
            )
        advice = "; write a name as the list of participants does, or an id"
        raise InputError(f"nobody is known as '{person}'{nearest(person, known) or advice}")
    return found, {}


def _turns_of(
    db: Database, call: str, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The turns of people by these names, and those of which nobody knows whether they are theirs."""
    said = store.utterances_of(db, call)
    people = store.participants_of(db, call)
    took_part = any(one.name in names for one in people)
    known = {one.name for one in people} - set(names)
    own = tuple(u.id for u in said if _is_voice(u, names))
    unsure = tuple(
        u.id
        for u in said
        if took_part
        and u.id not in own
        and u.side in ("buyer", UNKNOWN)
        and u.speaker not in known
        and (u.speaker in ("buyer", UNKNOWN, UNCERTAIN) or u.speaker == u.voice)
    )
    return own, unsure


def _is_voice(said: Utterance, names: Sequence[str]) -> bool:
    return said.side != "rep" and (said.speaker in names or said.voice in names)


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


# What a run must not read again


def without_forgotten(
    db: Database, entries: Sequence[Entry]
) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries without calls that are forgotten, and what is to be said of these.

    A call is known by its id, its content, or the name of its file: an export made anew differs in
    content. One that somebody was taken out of keeps its people and texts as they are stored.
    """
    forgotten = store.all_forgotten(db)
    by_id = {one.id: one for one in forgotten}
    by_print = {one.fingerprint: one for one in forgotten if one.fingerprint}
    by_file = {one.file_hash: one for one in forgotten}
    kept, messages = [], []
    for entry in entries if forgotten else ():
        call = entry.call
        same = by_id.get(call.id) or by_print.get(call.fingerprint)
        found = same or by_file.get(file_hash(call.file))
        if found is None:
            kept.append(entry)
        elif found.what != "call" and found.id == call.id:
            kept.append(_as_stored(db, entry))
        else:
            messages.append(f"{entry.where}: {_why_not_again(found, known=same is not None)}")
    return (kept if forgotten else list(entries)), tuple(messages)


def _why_not_again(found: Forgotten, *, known: bool) -> str:
    """`known` by id or content; else only by the name of a file, whose content may be another call's."""
    gone = (
        "this call was forgotten" if found.what == "call" else "somebody was taken out of this call"
    )
    text = f"{gone} on {found.at[:10]}, so it is not read again; remove the row and its file"
    return text if known else f"{text}, or give the file another name if it is another call"


def _as_stored(db: Database, entry: Entry) -> Entry:
    """What the sheets say of a call, but for who took part and what may name them."""
    known = store.get_call(db, entry.call.id)
    if known is None or entry.call.status == "refused":
        return entry
    texts = {name: getattr(known, name) for name in ("title", "outcome_reason", "vocabulary")}
    call = dataclasses.replace(entry.call, **texts, fingerprint=known.fingerprint)
    people = tuple(store.participants_of(db, call.id))
    return dataclasses.replace(entry, call=call, participants=people, vocabulary=known.vocabulary)
