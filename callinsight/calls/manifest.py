"""calls.csv and participants.csv become calls and participants; the consent gate."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from callinsight.addresses import Address, is_address, is_within, listed, located, place_of
from callinsight.calls.consent import NO_RULES, Rules, why_refused
from callinsight.errors import InputError
from callinsight.records import CRM, OUTCOMES, SIDES, UNKNOWN, Call, Participant, Problem
from callinsight.sheets import NO, Row, parse_rows, read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from callinsight.taxonomy import Taxonomy

EARLY = "and today is"  # said of a call that is yet to come
AHEAD = timedelta(days=2)  # that a clock may be, somewhere on earth
STAGE = "manifest"
CALL_COLUMNS_NEEDED = ("file", "recorded_at", "consent")
CALL_COLUMNS = (
    *("call_id", "title", "account", "deal", "deal_stage", "amount", "currency", "outcome"),
    *("outcome_reason", "language", "consent_ref", "rep_channel", "retention_until"),
    *("legal_hold", "vocabulary", "region"),
)
PARTICIPANT_COLUMNS_NEEDED = ("name", "side")
PARTICIPANT_COLUMNS = ("call_id", "file", "person", "title", "persona", "channel")


@dataclass(frozen=True)
class Entry:
    """A call as the manifest lists it, and where its file lies."""

    call: Call
    participants: tuple[Participant, ...]
    path: Path | Address
    where: str  # file:row
    region: str = ""  # whose rules of consent hold
    vocabulary: str = ""  # names to expect, also those that are not to be kept


@dataclass(frozen=True)
class Manifest:
    """All calls listed, and the rows that could not be used."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @property
    def is_early(self) -> bool:
        """Whether a row that cannot be used may be usable on another day."""
        return any(EARLY in problem.error for problem in self.problems)


@dataclass(frozen=True)
class Survey:
    """What a run would make of the rows of a list of calls; why, with file and row."""

    rows: int
    unusable: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # files that are not in the folder of recordings


def survey(
    calls_file: Path,
    folder: Path | str,
    *,
    taxonomy: Taxonomy,
    zone: ZoneInfo,
    addresses: Sequence[str] = (),
    consent: Rules = NO_RULES,
    today: str = "",
) -> Survey:
    """Look through a list of calls without opening a recording; see `read_manifest`."""
    rows = read_sheet(calls_file, needed=CALL_COLUMNS_NEEDED, optional=CALL_COLUMNS)
    roots = (folder, *map(located, addresses))
    found, problems = parse_rows(
        rows, lambda row: _entry(row, roots, taxonomy, zone, None, today), stage=STAGE
    )
    entries = _gate(found, consent, today)
    open_ = [entry for entry in entries if entry.call.status != "refused"]
    return Survey(
        rows=len(rows),
        unusable=tuple(problem.error for problem in problems),
        refused=tuple(entry.call.reason for entry in entries if entry.call.status == "refused"),
        missing=tuple(
            f"{entry.where}: there is no file {entry.path}"
            for entry in open_
            if isinstance(entry.path, Path) and not _is_there(entry.path)
        ),
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # ValueError: no file has such a name
        return False


def read_manifest(
    calls_file: Path,
    participants_file: Path | None,
    folder: Path | str,
    *,
    taxonomy: Taxonomy,
    persona_of: Callable[[str], str],
    zone: ZoneInfo,
    rep_channel: int | None = None,
    addresses: Sequence[str] = (),
    consent: Rules = NO_RULES,
    today: str = "",
) -> Manifest:
    """Read the sheets; `persona_of` gives the persona of a job title.

    `folder` may be an address; the file column may name whole addresses below it or `addresses`.

    A call without consent is refused before its file is opened, and so is one that was to be kept
    until a day before `today` (a date), unless it is under legal hold; one that was recorded after it
    is a problem of its row. Of two rows with the same sound only the first counts. Raises InputError if a
    sheet as a whole cannot be used.
    """
    rows = read_sheet(calls_file, needed=CALL_COLUMNS_NEEDED, optional=CALL_COLUMNS)
    roots = (folder, *map(located, addresses))
    found, problems = parse_rows(
        rows, lambda row: _entry(row, roots, taxonomy, zone, rep_channel, today), stage=STAGE
    )
    told_apart = _told_apart(_looked_up(_gate(found, consent, today), roots))
    unique, twice = _without_repeated_ids(told_apart)
    keys = _keys(rows, unique)
    people, unusable = _participants(participants_file, keys, taxonomy, persona_of)
    entries = tuple(
        entry
        if entry.call.status == "refused"
        else dataclasses.replace(entry, participants=tuple(people.get(entry.call.id, ())))
        for entry in unique
    )
    return Manifest(entries, (*problems, *twice, *unusable))


def held_calls(calls_file: Path) -> tuple[set[str], set[str]]:
    """The ids and files that the list of calls holds now, also of rows that cannot be used.

    Raises InputError if the sheet as a whole cannot be read.
    """
    rows = read_sheet(calls_file, needed=CALL_COLUMNS_NEEDED, optional=CALL_COLUMNS)
    held = [row for row in rows if _is_held(row)]
    return {row.text("call_id") for row in held} - {""}, {row.text("file") for row in held}


def fingerprint(path: Path) -> str:
    """Sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(
    row: Row,
    roots: Sequence[Path | str],
    taxonomy: Taxonomy,
    zone: ZoneInfo,
    rep_channel: int | None,
    today: str,
) -> Entry:
    file = row.needed("file")
    recorded_at = row.moment("recorded_at", zone)
    if today and recorded_at[:10] > (date.fromisoformat(today) + AHEAD).isoformat():
        raise InputError(
            f"{row.where}: recorded_at is '{row.text('recorded_at')}', {EARLY} {today}; "
            "mend it, or the clock of this machine"
        )
    path = _inside(roots, file, row.where)
    channel = row.whole("rep_channel")
    if row.text("call_id") and not _is_id(row.text("call_id")):
        raise InputError(
            f"{row.where}: call_id is '{row.text('call_id')}'; "
            "use letters, digits, '-', '_' and '.' only"
        )
    stage = taxonomy.stage_of(row.text("deal_stage"))
    call = Call(
        id=row.text("call_id"),
        file=file,
        recorded_at=recorded_at,
        title=row.text("title"),
        account=row.text("account"),
        deal=row.text("deal"),
        deal_stage=row.text("deal_stage"),
        stage=stage,
        stage_source=UNKNOWN if stage == UNKNOWN else CRM,
        stage_probability=0.0 if stage == UNKNOWN else 1.0,
        amount=row.number("amount"),
        currency=row.text("currency"),
        outcome=row.choice("outcome", OUTCOMES, "open"),
        outcome_reason=row.text("outcome_reason"),
        language=_language(row),
        consent=row.text("consent"),
        consent_ref=row.text("consent_ref"),
        rep_channel=rep_channel if channel is None else channel,
        retention_until=row.date("retention_until"),
        legal_hold=_is_held(row),
        vocabulary=row.text("vocabulary"),
    )
    return Entry(call, (), path, row.where, row.text("region"), call.vocabulary)


def _is_held(row: Row) -> bool:
    """Whether a call is under legal hold: by any word but a clear no, for what is erased is gone."""
    said = row.text("legal_hold").casefold()
    return bool(said) and said not in NO


def _language(row: Row) -> str:
    code = row.text("language").casefold()
    if code and not re.fullmatch("[a-z]{2,3}", code):
        raise InputError(
            f"{row.where}: language is '{row.text('language')}'; write a code such as en or de"
        )
    return code


def _inside(roots: Sequence[Path | str], file: str, where: str) -> Path | Address:
    """The file in the folder, the first of the roots, or at an address below any of them.

    A path that leaves the folder is refused, and so is an address that nobody has allowed.
    """
    if is_address(file):
        try:
            place = located(file)
        except InputError as error:
            raise InputError(f"{where}: file: {error}") from None
        if not any(is_within(place, root) for root in roots):
            raise InputError(
                f"{where}: file is '{file}', which lies below no address that may be opened; "
                "add one to 'addresses' under [calls] in the pipeline file"
            )
        return Address(place) if isinstance(place, str) else place
    path = PureWindowsPath(file)  # knows both kinds of slash
    if path.anchor or ".." in path.parts:
        raise InputError(
            f"{where}: file is '{file}'; name it relative to the folder of the recordings, without '..'"
        )
    place = place_of(roots[0], file)
    return Address(place) if isinstance(place, str) else place


def _looked_up(entries: list[Entry], roots: Sequence[Path | str]) -> list[Entry]:
    """The entries with what their stores say of their files; of refused calls nothing is asked."""
    found: dict[str, Address] = {}
    for root in roots:
        if isinstance(root, str) and any(
            isinstance(entry.path, Address)
            and is_within(entry.path.url, root)
            and entry.call.status != "refused"
            for entry in entries
        ):
            found |= listed(root)
    return [
        dataclasses.replace(entry, path=found.get(entry.path.url, entry.path))
        if isinstance(entry.path, Address) and entry.call.status != "refused"
        else entry
        for entry in entries
    ]


def _is_id(text: str) -> bool:
    return all(c.isalnum() or c in "-_." for c in text) and text.isascii()


def _gate(entries: list[Entry], consent: Rules, today: str) -> list[Entry]:
    """Refuse calls that may not be opened: also by another row of the same file."""
    closed = {entry.where: _why_closed(entry, consent, today) for entry in entries}
    files: dict[Path | Address, str] = {}
    for entry in entries:
        if closed[entry.where]:
            files.setdefault(_place(entry.path), entry.where)
    gated = []
    for entry in entries:
        why = closed[entry.where]
        if not why and (other := files.get(_place(entry.path))):
            why = (
                f"{entry.where}: {entry.call.file} was not opened, as {other} refuses the same file; "
                "remove one of the rows"
            )
        gated.append(_refusal(entry, why) if why else entry)
    return gated


def _place(path: Path | Address) -> Path | Address:
    """A file by its one name, also where links lead to it or in a circle."""
    if isinstance(path, Address) or "\0" in str(path):
        return path
    return Path(os.path.realpath(path))


def _told_apart(entries: list[Entry]) -> list[Entry]:
    """Name, fingerprint and compare the calls that may be opened; refuse copies."""
    first: dict[str, Entry] = {}
    told = []
    for entry in entries:
        if entry.call.status == "refused":
            told.append(entry)
            continue
        print_ = _fingerprint_if_readable(entry.path)
        call = dataclasses.replace(
            entry.call,
            id=entry.call.id
            or (print_ or hashlib.sha256(entry.call.file.encode()).hexdigest())[:16],
            fingerprint=print_,
        )
        original = first.setdefault(print_, entry) if print_ else entry
        if original is not entry:
            call = dataclasses.replace(
                call,
                id=entry.call.id or f"{print_[:12]}-{entry.where.rpartition(':')[2]}",
                status="refused",
                reason=f"{entry.where}: '{call.file}' holds the same bytes as "
                f"'{original.call.file}' ({original.where}); remove one of the rows",
            )
        told.append(dataclasses.replace(entry, call=call))
    return told


def _why_closed(entry: Entry, consent: Rules, today: str) -> str:
    """Why a call's file is not opened; empty if it may be."""
    call = entry.call
    if why := why_refused(call.consent, entry.region, consent):
        advice = "fill in the basis of consent, or remove the row"
        return f"{entry.where}: {why}, so {call.file} was not opened; {advice}"
    if today and call.retention_until and call.retention_until < today and not call.legal_hold:
        return (
            f"{entry.where}: retention_until is {call.retention_until}, which has passed, so "
            f"{call.file} was not opened; remove the row"
        )
    return ""


def _refusal(entry: Entry, why: str) -> Entry:
    """What is kept of a call that may not be opened: that it is refused, and legal hold."""
    nameless = hashlib.sha256(entry.call.file.encode()).hexdigest()[:16]
    call = Call(
        id=entry.call.id or nameless,
        file=entry.call.file,
        recorded_at=entry.call.recorded_at,
        legal_hold=entry.call.legal_hold,
        status="refused",
        reason=why,
    )
    return dataclasses.replace(entry, call=call)


def _fingerprint_if_readable(path: Path | Address) -> str:
    """Why a file cannot be read is told when the call is transcribed; others go on."""
    if isinstance(path, Address):
        return path.fingerprint
    try:
        return fingerprint(path) if path.is_file() else ""
    except (OSError, ValueError):  # ValueError: no file has such a name
        return ""


def _without_repeated_ids(entries: list[Entry]) -> tuple[list[Entry], list[Problem]]:
    first: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        original = first.setdefault(entry.call.id, entry)
        if original is not entry:
            if entry.call.file == original.call.file:
                repeated, advice = f"file '{entry.call.file}'", "remove one of the rows"
            else:
                repeated, advice = f"call_id '{entry.call.id}'", "give each call its own"
            error = f"{entry.where}: {repeated} stands in {original.where} already; {advice}"
            problems.append(Problem(stage=STAGE, subject=entry.where, error=error))
    return list(first.values()), problems


def _keys(rows: list[Row], entries: list[Entry]) -> dict[str, str]:
    """The call that an id or file name in participants.csv means.

    It is empty for a call that is listed but cannot be used: that is one problem, not one more
    for each person.
    """
    keys = {row.text(name): "" for row in rows for name in ("file", "call_id")}
    for entry in sorted(entries, key=lambda entry: entry.call.status != "refused"):
        keys[entry.call.file] = entry.call.id  # of two calls with one file, the usable one
    keys.update({entry.call.id: entry.call.id for entry in entries})
    return keys


def _participants(
    file: Path | None,
    keys: dict[str, str],
    taxonomy: Taxonomy,
    persona_of: Callable[[str], str],
) -> tuple[dict[str, list[Participant]], list[Problem]]:
    if file is None:
        return {}, []
    rows = read_sheet(file, needed=PARTICIPANT_COLUMNS_NEEDED, optional=PARTICIPANT_COLUMNS)
    parsed, problems = parse_rows(
        rows, lambda row: _participant(row, keys, taxonomy, persona_of), stage=STAGE
    )
    people: dict[str, list[Participant]] = {}
    for participant in parsed:
        known = people.setdefault(participant.call, [])
        if participant.name not in {p.name for p in known}:
            known.append(participant)
    return people, problems


def _participant(
    row: Row, keys: dict[str, str], taxonomy: Taxonomy, persona_of: Callable[[str], str]
) -> Participant:
    column = "call_id" if row.text("call_id") else "file"
    key = row.text(column)
    if not key:
        raise InputError(f"{row.where}: call_id is empty; fill in call_id or file")
    if key not in keys:
        raise InputError(
            f"{row.where}: there is no call '{key}' in the list of calls; "
            f"mend {column}, or remove the row"
        )
    given = row.choice("persona", (*taxonomy.personas, UNKNOWN), "")
    persona, source = (given, "manifest") if given else (persona_of(row.text("title")), "title")
    return Participant(
        call=keys[key],
        name=row.needed("name"),
        person=row.text("person"),
        side=row.choice("side", SIDES, "") or row.needed("side"),
        title=row.text("title"),
        persona=persona,
        persona_source=UNKNOWN if persona == UNKNOWN else source,
        channel=row.whole("channel"),
    )
