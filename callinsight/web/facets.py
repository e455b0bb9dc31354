"""Excerpts counted by what they are: rows of numbers, so that every facet is counted in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int32]
    Mask = NDArray[np.bool_]

ONE = ("stance", "persona", "stage", "month", "account", "outcome", "confidence", "sound")
MANY = ("concern", "ask", "topic", "competitor", "rep")  # an excerpt may have several of each
FACETS = (
    *("concern", "stance", "ask", "topic", "competitor", "persona", "stage", "month"),
    *("account", "outcome", "rep", "confidence", "sound"),
)
CONFIDENCE = (("high", 0.9), ("medium", 0.7), ("low", 0.0))  # from which score
RECORDED, WRITTEN = "recording", "words"  # what there is to an excerpt
MOST = 60  # values of a facet that are counted out
NEWEST, SUREST, RECORDINGS = "newest", "surest", "recordings"
ORDERS = (RECORDINGS, NEWEST, SUREST)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A tagged turn with the facts of its call."""

    row: int  # its number in the table of utterances
    call: str
    position: int
    moment: int  # seconds since 1970
    score: float  # of its surest concern, else of its surest tag
    facts: Mapping[str, str]  # those of ONE
    lists: Mapping[str, Collection[str]]  # those of MANY


@dataclass
class Values:
    """The values of a facet, numbered as they come."""

    names: list[str]
    codes: dict[str, int]

    def code(self, name: str) -> int:
        """The number of a value."""
        found = self.codes.get(name)
        if found is None:
            found = self.codes[name] = len(self.names)
            self.names.append(name)
        return found


@dataclass(frozen=True, eq=False)
class Shelf:
    """Excerpts in the order in which recordings come first, then the newest; arrays by row."""

    calls: Values
    values: Mapping[str, Values]
    call: Codes
    position: NDArray[Any]  # whole numbers, here and below in as few bytes as they need
    row: NDArray[Any]
    moment: NDArray[Any]
    score: NDArray[np.float32]
    ones: Mapping[str, NDArray[Any]]
    lists: Mapping[str, tuple[Codes, Codes]]  # rows of the shelf, and the value each has
    newest: Codes  # rows in other orders
    surest: Codes

    def __len__(self) -> int:
        """How many excerpts there are."""
        return len(self.row)

    def utterance(self, row: int) -> tuple[str, int]:
        """Call and position of an excerpt."""
        return self.calls.names[int(self.call[row])], int(self.position[row])

    def holds(self, rows: NDArray[np.int64]) -> Mask:
        """Which excerpts are among these rows of the table of utterances."""
        among = np.zeros(max(int(rows.max(initial=0)), int(self.row.max(initial=0))) + 1, np.bool_)
        among[rows] = True
        found: Mask = among[self.row]
        return found

    def find(self, call: str, position: int) -> int | None:
        """The row of an excerpt; None if it is not here."""
        code = self.calls.codes.get(call)
        if code is None:
            return None
        found = np.flatnonzero((self.call == code) & (self.position == position))
        return int(found[0]) if len(found) else None


def empty_shelf() -> Shelf:
    """A shelf without an excerpt."""
    none = np.zeros(0, np.int32)
    return Shelf(
        calls=Values([], {}),
        values={facet: Values([], {}) for facet in FACETS},
        call=none,
        position=none,
        row=np.zeros(0, np.int64),
        moment=np.zeros(0, np.int64),
        score=np.zeros(0, np.float32),
        ones=dict.fromkeys(ONE, none),
        lists=dict.fromkeys(MANY, (none, none)),
        newest=none,
        surest=none,
    )


def restocked(shelf: Shelf, said: Iterable[Said], calls: Collection[str]) -> Shelf:
    """The shelf with these excerpts in the place of all that it has of these calls."""
    return restocked_in_parts(shelf, [columns_of(shelf, said)], calls)


def restocked_in_parts(shelf: Shelf, parts: Iterable[Columns], calls: Collection[str]) -> Shelf:
    """The same from `columns_of` of some calls at a time, for whoever cannot hold all at once."""
    gone = [shelf.calls.codes[call] for call in calls if call in shelf.calls.codes]
    kept = ~np.isin(shelf.call, np.array(gone, np.int32))
    return _sorted(_joined([_taken(shelf, kept), *parts]), shelf)


@dataclass(frozen=True, eq=False)
class Columns:
    """Excerpts by row, in any order."""

    call: Codes
    position: Codes
    row: NDArray[np.int64]
    moment: NDArray[np.int64]
    score: NDArray[np.float32]
    ones: dict[str, Codes]
    lists: dict[str, tuple[Codes, Codes]]


def columns_of(shelf: Shelf, said: Iterable[Said]) -> Columns:
    """Excerpts as arrays, with the numbers that the values have on a shelf."""
    from array import array

    call, position, row, moment = array("i"), array("i"), array("q"), array("q")
    score = array("f")
    ones = {facet: array("i") for facet in ONE}
    lists = {facet: (array("i"), array("i")) for facet in MANY}
    for number, one in enumerate(said):
        call.append(shelf.calls.code(one.call))
        position.append(one.position)
        row.append(one.row)
        moment.append(one.moment)
        score.append(one.score)
        for facet, codes in ones.items():
            codes.append(shelf.values[facet].code(one.facts[facet]))
        for facet, (rows, codes) in lists.items():
            for name in one.lists.get(facet, ()):
                rows.append(number)
                codes.append(shelf.values[facet].code(name))
    return Columns(
        call=np.array(call, np.int32),
        position=np.array(position, np.int32),
        row=np.array(row, np.int64),
        moment=np.array(moment, np.int64),
        score=np.array(score, np.float32),
        ones={facet: np.array(codes, np.int32) for facet, codes in ones.items()},
        lists={f: (np.array(r, np.int32), np.array(c, np.int32)) for f, (r, c) in lists.items()},
    )


def _taken(shelf: Shelf, kept: Mask) -> Columns:
    place = np.cumsum(kept, dtype=np.int32) - np.int32(1)
    return Columns(
        call=shelf.call[kept],
        position=shelf.position[kept],
        row=shelf.row[kept],
        moment=shelf.moment[kept],
        score=shelf.score[kept],
        ones={facet: codes[kept] for facet, codes in shelf.ones.items()},
        lists={f: (place[r[kept[r]]], c[kept[r]]) for f, (r, c) in shelf.lists.items()},
    )


def _joined(parts: Sequence[Columns]) -> Columns:
    starts = np.cumsum([0, *(len(part.row) for part in parts)], dtype=np.int32)
    return Columns(
        call=np.concatenate([part.call for part in parts]),
        position=np.concatenate([part.position for part in parts]),
        row=np.concatenate([part.row for part in parts]),
        moment=np.concatenate([part.moment for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        ones={f: np.concatenate([part.ones[f] for part in parts]) for f in ONE},
        lists={
            f: (
                np.concatenate([p.lists[f][0] + s for p, s in zip(parts, starts, strict=False)]),
                np.concatenate([part.lists[f][1] for part in parts]),
            )
            for f in MANY
        },
    )


def _sorted(columns: Columns, shelf: Shelf) -> Shelf:
    written = columns.ones["sound"] != shelf.values["sound"].code(RECORDED)
    order = np.lexsort((columns.position, columns.call, -columns.moment, written))
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    score, moment = columns.score[order], columns.moment[order]
    return Shelf(
        calls=shelf.calls,
        values=shelf.values,
        call=columns.call[order],
        position=_narrow(columns.position[order]),
        row=_narrow(columns.row[order]),
        moment=_narrow(moment),
        score=score,
        ones={facet: _narrow(codes[order]) for facet, codes in columns.ones.items()},
        lists={f: (place[rows], _narrow(codes)) for f, (rows, codes) in columns.lists.items()},
        newest=np.argsort(-moment, kind="stable").astype(np.int32),
        surest=np.argsort(-score, kind="stable").astype(np.int32),
    )


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in as few bytes as they need, with their sign: most are below a hundred."""
    most, least = int(numbers.max(initial=0)), int(numbers.min(initial=0))
    fits = (
        kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).max >= max(most, -least)
    )
    return numbers.astype(next(fits, np.int64))


def confidence(score: float) -> str:
    """The band of a probability."""
    return next(name for name, least in CONFIDENCE if score >= least)


@dataclass(frozen=True, eq=False)
class Count:
    """What a choice leaves: which excerpts, and how many each value of a facet would give."""

    chosen: Mask
    total: int
    calls: int
    facets: Mapping[str, Sequence[tuple[str, int]]]  # value and number, the most first


def count(shelf: Shelf, choice: Mapping[str, Collection[str]], found: Mask | None = None) -> Count:
    """Count a choice: values of one facet by OR, facets by AND, and only what a search `found`.

    A facet counts what the others leave, so that its numbers say what one more value would add.
    """
    everything = np.ones(len(shelf), np.bool_) if found is None else found
    fits = {facet: _fitting(shelf, facet, names) for facet, names in choice.items() if names}
    chosen = _all_of(everything, fits.values())
    facets = {}
    for facet in FACETS:
        others = [mask for name, mask in fits.items() if name != facet]
        left = _all_of(everything, others) if facet in fits else chosen
        facets[facet] = _numbers(shelf, facet, left, choice.get(facet, ()))
    calls = np.bincount(shelf.call[chosen], minlength=1)
    return Count(chosen, int(chosen.sum()), int((calls > 0).sum()), facets)


def ordered(shelf: Shelf, chosen: Mask, order: str) -> Codes:
    """The chosen rows in an order."""
    if order == NEWEST:
        return shelf.newest[chosen[shelf.newest]]
    if order == SUREST:
        return shelf.surest[chosen[shelf.surest]]
    return np.flatnonzero(chosen).astype(np.int32)


def _all_of(start: Mask, masks: Iterable[Mask]) -> Mask:
    result = start
    for mask in masks:
        result = result & mask
    return result


def _fitting(shelf: Shelf, facet: str, names: Collection[str]) -> Mask:
    values = shelf.values[facet]
    wanted = np.zeros(len(values.names), np.bool_)
    wanted[[values.codes[name] for name in names if name in values.codes]] = True
    if facet in shelf.ones:
        found: Mask = wanted[shelf.ones[facet]]
        return found
    rows, codes = shelf.lists[facet]
    mask = np.zeros(len(shelf), np.bool_)
    mask[rows[wanted[codes]]] = True
    return mask


def _numbers(
    shelf: Shelf, facet: str, left: Mask, chosen: Collection[str]
) -> list[tuple[str, int]]:
    names = shelf.values[facet].names
    if facet in shelf.ones:
        codes = shelf.ones[facet][left]
    else:
        rows, all_codes = shelf.lists[facet]
        codes = all_codes[left[rows]]
    numbers = np.bincount(codes, minlength=len(names))
    best = np.argsort(-numbers, kind="stable")[: min(MOST, int((numbers > 0).sum()))]
    shown = [(names[code], int(numbers[code])) for code in best]
    listed = {name for name, _ in shown}
    known = shelf.values[facet].codes
    rest = [name for name in chosen if name not in listed]
    return [*shown, *((name, int(numbers[known[name]]) if name in known else 0) for name in rest)]


def said_of(
    tags: Iterable[tuple[object, ...]],
    facts: Mapping[str, CallFacts],
    *,
    only_sure: bool,
) -> Iterator[Said]:
    """The excerpts that rows of `store.tagged_rows` make."""
    turns: dict[int, list[tuple[object, ...]]] = {}
    for tag in tags:
        if tag[7] == "sure" or not only_sure:
            turns.setdefault(int(tag[0]), []).append(tag)  # type: ignore[call-overload]
    for row, own in turns.items():
        call = facts.get(str(own[0][1]))
        if call is not None:
            yield _said(row, own, call)


@dataclass(frozen=True)
class CallFacts:
    """What excerpts of a call are counted by."""

    moment: int
    account: str
    outcome: str
    sound: str
    reps: tuple[str, ...]


def _said(row: int, tags: Sequence[tuple[object, ...]], call: CallFacts) -> Said:
    first = tags[0]
    concerns = [tag for tag in tags if tag[3] == "concern"]
    leading = concerns or [tag for tag in tags if tag[3] == "ask"] or tags
    score = max(float(tag[6]) for tag in leading)  # type: ignore[arg-type]
    lists: dict[str, list[str]] = {}
    for tag in tags:
        lists.setdefault(str(tag[3]), []).append(str(tag[4]))
    return Said(
        row=row,
        call=str(first[1]),
        position=int(first[2]),  # type: ignore[call-overload]
        moment=call.moment,
        score=score,
        facts={
            "stance": str(leading[0][5]),
            "persona": str(first[8]) or UNKNOWN,
            "stage": str(first[9]) or UNKNOWN,
            "month": str(first[10]),
            "account": call.account,
            "outcome": call.outcome,
            "confidence": confidence(score),
            "sound": call.sound,
        },
        lists={**lists, "rep": call.reps},
    )
