"""Which moments of a month to listen to together: typical ones of every role and stage."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.records import DEMAND_STANCES, UNKNOWN
from callinsight.reports.excerpts import LONGEST_S, ROOM_S, span_of
from callinsight.reports.quotes import Passage, passages_of
from callinsight.reports.wording import Names, clock, count, day, many, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.records import Call, Tag, Utterance

LENGTH_S = 20 * 60.0  # of all moments together
CLEAR = 0.7  # mean probability of the words, as the speech engine sees them
KNOWN_VOICE = 0.8  # that the voice is the speaker's
SHORTEST_S = 2.0  # of talk; less says too little by itself
ALIKE = 0.9  # cosine from which on a moment says what another has said


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A turn to listen to; times are seconds from the call's start."""

    tag: Tag
    utterance: Utterance
    before: Utterance | None  # the turn before, if it is played too
    call: Call
    start_s: float
    end_s: float

    @property
    def place(self) -> tuple[str, str]:
        """Persona and stage."""
        return self.tag.persona, self.tag.stage


def pick_moments(
    tags: Iterable[Tag],
    utterances: Mapping[str, Utterance],
    calls: Mapping[str, Call],
    vectors: Mapping[str, NDArray[np.float32]],
    *,
    length_s: float = LENGTH_S,
) -> list[Moment]:
    """Moments of at most `length_s` together, grouped by place, that of most deals first.

    `utterances` (by id) are all of the month's, `calls` (by id) those with a recording, `vectors`
    (by utterance) unit vectors of what may be picked. Places take turns; each picks what is most
    typical of it, by the cosine to its mean, and prefers deals that it has not heard yet.
    """
    found = _moments(tags, utterances, calls)
    places: dict[tuple[str, str], list[Moment]] = defaultdict(list)
    for moment in found:
        if moment.utterance.id in vectors:
            places[moment.place].append(moment)
    ranked = sorted(places, key=lambda place: (-len({m.tag.deal for m in places[place]}), place))
    queues = [iter(_typical_first(places[place], vectors)) for place in ranked]
    picked: list[Moment] = []
    left_s = length_s
    for moment in _in_turns(queues):
        if moment.end_s - moment.start_s <= left_s and not _is_near(moment, picked):
            picked.append(moment)
            left_s -= moment.end_s - moment.start_s
    return sorted(picked, key=lambda m: ranked.index(m.place))


def is_clear(utterance: Utterance) -> bool:
    """Whether a turn can be followed by ear: one voice, sure words, times that are known."""
    sure = [word.probability for word in utterance.words]
    return (
        not utterance.estimated
        and not utterance.overlaps
        and utterance.voice_confidence >= KNOWN_VOICE
        and utterance.end_s - utterance.start_s >= SHORTEST_S
        and (not sure or float(np.mean(sure)) >= CLEAR)
    )


def _moments(
    tags: Iterable[Tag], utterances: Mapping[str, Utterance], calls: Mapping[str, Call]
) -> list[Moment]:
    """One for each clear turn that raises a concern, by its surest tag, in order of turns."""
    surest: dict[str, Tag] = {}
    for tag in tags:
        demands = tag.kind == "concern" and tag.stance in DEMAND_STANCES and tag.status == "sure"
        placed = UNKNOWN not in (tag.persona, tag.stage)
        known = surest.get(tag.utterance)
        if demands and placed and tag.call in calls and (not known or tag.score > known.score):
            surest[tag.utterance] = tag
    before = {
        after.id: turn
        for turn, after in itertools.pairwise(
            sorted(utterances.values(), key=lambda u: (u.call, u.position))
        )
        if turn.call == after.call
    }
    return [
        _moment(surest[id_], utterances[id_], before.get(id_), calls[surest[id_].call])
        for id_ in sorted(surest)
        if is_clear(utterances[id_])
    ]


def _moment(tag: Tag, utterance: Utterance, before: Utterance | None, call: Call) -> Moment:
    """From the turn before, where there is room for it."""
    start_s, end_s = span_of(utterance, tag.evidence, call.duration_s or utterance.end_s + ROOM_S)
    lead_s = max(0.0, before.start_s - ROOM_S) if before else start_s
    if before and not before.estimated and lead_s < start_s and end_s - lead_s <= LONGEST_S:
        start_s = round(lead_s, 2)
    else:
        before = None
    return Moment(
        tag=tag, utterance=utterance, before=before, call=call, start_s=start_s, end_s=end_s
    )


def _typical_first(
    moments: Sequence[Moment], vectors: Mapping[str, NDArray[np.float32]]
) -> Iterator[Moment]:
    """The most typical of each deal, then the second of each; what says the same again is left out."""
    rows = np.stack([vectors[m.utterance.id] for m in moments])
    typical = rows @ rows.mean(axis=0)
    heard: dict[str, int] = defaultdict(int)
    rounds: list[tuple[int, int, int]] = []
    for index in sorted(range(len(moments)), key=lambda i: (-typical[i], moments[i].utterance.id)):
        rounds.append((heard[moments[index].tag.deal], len(rounds), index))
        heard[moments[index].tag.deal] += 1
    taken: list[int] = []
    for _, _, index in sorted(rounds):
        if not any(rows[index] @ rows[other] >= ALIKE for other in taken):
            taken.append(index)
            yield moments[index]


def _in_turns(queues: Sequence[Iterator[Moment]]) -> Iterator[Moment]:
    """The first of each, the second of each, and so on."""
    for round_ in itertools.zip_longest(*queues):
        yield from (moment for moment in round_ if moment is not None)


def _is_near(moment: Moment, picked: Iterable[Moment]) -> bool:
    """Whether part of it is played already."""
    return any(
        other.call.id == moment.call.id
        and other.start_s < moment.end_s
        and moment.start_s < other.end_s
        for other in picked
    )


@dataclass(frozen=True, kw_only=True)
class Track:
    """A moment as the page shows it."""

    number: int
    place: str
    place_rank: int
    concern: str
    stance: str
    before: str
    before_speaker: str
    passages: tuple[Passage, ...]
    details: tuple[str, ...]  # who, of which account, in which call, when
    sound: str  # what a screen reader says of the player
    length_s: float
    clip_name: str


def tracks_of(
    moments: Sequence[tuple[Moment, bytes]], names: Names, titles: Mapping[tuple[str, str], str]
) -> list[Track]:
    """Moments with their sound in words, numbered; `titles` are job titles by call and name."""
    places = list(dict.fromkeys(moment.place for moment, _ in moments))
    return [
        _track(number, moment, sound, places.index(moment.place), names, titles)
        for number, (moment, sound) in enumerate(moments, 1)
    ]


def _track(
    number: int,
    moment: Moment,
    sound: bytes,
    place_rank: int,
    names: Names,
    titles: Mapping[tuple[str, str], str],
) -> Track:
    said, call, before = moment.utterance, moment.call, moment.before
    who = ", ".join(filter(None, (said.speaker, titles.get((call.id, said.speaker), ""))))
    place, at = names.place(*moment.place), clock(said.start_s)
    return Track(
        number=number,
        place=place,
        place_rank=place_rank,
        concern=names.concern(moment.tag.label),
        stance=moment.tag.stance,
        before=before.text if before else "",
        before_speaker=(before.speaker or before.side.capitalize()) if before else "",
        passages=passages_of(said.text, moment.tag.evidence),
        details=tuple(
            filter(None, (who, call.account, day(call.recorded_at), f"{call.title} {at}"))
        ),
        sound=f"Recording: {who}, {call.account or call.id}, at {at}",
        length_s=moment.end_s - moment.start_s,
        clip_name=f"{number:02d}-{slug(said.id)[:60]}-{hashlib.sha256(sound).hexdigest()[:8]}.mp3",
    )


def call_words(call: Call) -> str:
    """A call as a list names it: its title, account and day."""
    account = "" if call.account in call.title else call.account
    return ", ".join(filter(None, (call.title or call.id, account, day(call.recorded_at))))


def left_out(calls: int) -> str:
    """How many calls of the month nobody can listen to; empty for none."""
    if not calls:
        return ""
    are = "call of the month is" if calls == 1 else "calls of the month are"
    return f"{many(calls, are, are)} without sound and left out."


def m3u(tracks: Sequence[Track], title: str) -> str:
    """The tracks as an extended M3U playlist in UTF-8."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_one_line(title)}"]
    for track in tracks:
        name = _one_line(f"{track.place}: {track.concern}")
        lines += [f"#EXTINF:{round(track.length_s)},{name}", f"clips/{track.clip_name}"]
    return "\n".join(lines) + "\n"


def spoken_length(tracks: Sequence[Track]) -> str:
    """How long all tracks last, as `12 minutes`."""
    return count(max(1, round(sum(track.length_s for track in tracks) / 60)), "minute")


def _one_line(text: str) -> str:
    return " ".join(text.split())
