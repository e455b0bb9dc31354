"""`callinsight playlist`: moments of a month to listen to together, as a page with their sound."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.audio import clip
from callinsight.errors import AudioError, InputError
from callinsight.months import month_name, month_of
from callinsight.pipeline.embedding import sentence_vectors
from callinsight.pipeline.recordings import recordings, silences, sound_at
from callinsight.records import Playlist, PlaylistItem
from callinsight.reports.pages import write_playlist
from callinsight.reports.playlist import call_words, is_clear, left_out, pick_moments, tracks_of
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.addresses import Address
    from callinsight.config import Config
    from callinsight.records import Call
    from callinsight.reports.playlist import Moment

LENGTH_S = 20 * 60.0  # of what is kept for the pages
PICKER = "callinsight"  # in the place of who collected it


def write_month_playlist(
    db: Database, config: Config, month: str, folder: Path, *, length_s: float
) -> tuple[Path, str]:
    """Write the playlist of a month into folder/month-playlist; its page, and what it leaves out.

    Raises InputError.
    """
    moments = playlist_of(db, config, month, length_s=length_s)
    names = Names(load_taxonomy(config.tagging.taxonomy))
    titles = {(p.call, p.name): p.title for p in store.all_participants(db)}
    sounds = _cut(moments, recordings(db, config), silences(db))
    heard = [(m, sound) for m, sound in zip(moments, sounds, strict=True) if sound is not None]
    if not heard:
        raise InputError(
            f"no moment of {month} can be played: no call with a clear recording raises a concern; "
            f"the words are in the report: 'callinsight report --month {month} --out DIR'"
        )
    mute = _mute(
        db, config, month, {m.call.id for m, s in zip(moments, sounds, strict=True) if not s}
    )
    page = write_playlist(
        tracks_of(heard, names, titles),
        [sound for _, sound in heard],
        folder / f"{month}-playlist",
        month=month,
        company=config.company,
        mute=[call_words(call) for call in mute],
    )
    return page, left_out(len(mute))


def playlist_of(db: Database, config: Config, month: str, *, length_s: float) -> list[Moment]:
    """What to listen to of a month, at most so many seconds."""
    recording_of = recordings(db, config)
    calls = {call.id: call for call in _read_in(db, config, month) if recording_of(call)}
    tags = [tag for tag in store.tags_of_month(db, month) if tag.call in calls]
    said = {u.id: u for call in {t.call: 1 for t in tags} for u in store.utterances_of(db, call)}
    clear = sorted(
        {t.utterance for t in tags if t.kind == "concern" and is_clear(said[t.utterance])}
    )
    vectors = dict(zip(clear, sentence_vectors(db, [said[id_].text for id_ in clear]), strict=True))
    return pick_moments(tags, said, calls, vectors, length_s=length_s)


def _read_in(db: Database, config: Config, month: str) -> list[Call]:
    """The calls of a month that count, the earliest first."""
    calls = [call for call in store.all_calls(db) if call.is_read]
    found = [call for call in calls if month_of(call.recorded_at, config.zone) == month]
    return sorted(found, key=lambda call: (call.recorded_at, call.id))


def _mute(db: Database, config: Config, month: str, unplayable: Collection[str]) -> list[Call]:
    """The calls of a month that nobody can listen to: no recording, or one that cannot be played."""
    recording_of = recordings(db, config)
    calls = _read_in(db, config, month)
    return [call for call in calls if call.id in unplayable or not recording_of(call)]


def keep_playlist(db: Database, config: Config, month: str) -> None:
    """Keep what is picked of a month for the pages, in place of what was picked of it before."""
    moments = playlist_of(db, config, month, length_s=LENGTH_S)
    picked = [moment.utterance.id for moment in moments]
    known = store.playlist_of_month(db, month)
    if known and [item.utterance for item in store.playlist_items(db, known.id)] == picked:
        return
    at = max((moment.call.recorded_at for moment in moments), default="")
    made = Playlist(name=month_name(month), who=PICKER, created_at=at, month=month)
    with store.transaction(db):
        if known is None and moments:
            known = store.add_playlist(db, made)
        if known is not None:  # its address stays
            store.empty_playlist(db, known.id)
            for one in moments:
                said = {"utterance": one.utterance.id, "call": one.call.id}
                item = PlaylistItem(playlist=known.id, who=PICKER, at=at, **said)
                store.add_to_playlist(db, item)


def _cut(
    moments: Sequence[Moment],
    recording_of: Callable[[Call], Path | Address | None],
    silent_in: Callable[[str], Iterable[tuple[float, float]]],
) -> list[bytes | None]:
    """The sound of each moment, silent where personal data was said; None where it cannot be had."""
    by_call: dict[str, list[int]] = defaultdict(list)
    for index, moment in enumerate(moments):
        by_call[moment.call.id].append(index)
    cut: list[bytes | None] = [None] * len(moments)
    for indices in by_call.values():
        call = moments[indices[0]].call
        recording = recording_of(call)
        spans = [(moments[index].start_s, moments[index].end_s) for index in indices]
        try:
            sound = sound_at(recording, call, spans) if recording else None
        except AudioError:
            continue
        for index in indices:
            moment = moments[index]
            if sound and moment.utterance.start_s < sound.duration_s:
                cut[index] = clip(
                    sound, moment.start_s, moment.end_s, silent=silent_in(moment.call.id)
                )
    return cut
