"""Content requests: what may happen to one and when, which ask for the same, as pure functions."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from callinsight.content.matching import ANY
from callinsight.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from callinsight.records import ContentRequest, RequestEvent
    from callinsight.taxonomy import Taxonomy

STATES = ("new", "accepted", "in_progress", "delivered", "declined")
OPEN = ("new", "accepted", "in_progress")
PRIORITIES = ("P1", "P2", "P3")
TOPIC = "topic:"  # begins the id of a theme in the place of a concern
STEPS = {  # what may happen: in which states, and the state after it
    "accept": (("new",), "accepted"),
    "decline": (OPEN, "declined"),
    "start": (("accepted",), "in_progress"),
    "deliver": (("in_progress",), "delivered"),
}
DONE = {"accept": "accepted", "decline": "declined", "start": "started", "deliver": "delivered"}
LONGEST_TITLE = 200  # characters
# from which likeness two may ask for the same: cosine of titles and what the fields say; else, where no
# model is there to tell, the share of words in common with them (benchmarks/duplicates.py)
SAME_TITLE, SAME_WORDS = 0.42, 0.25
BY_CONCERN, BY_TYPE, BY_PLACE = 0.25, 0.05, 0.1  # what a field adds if the same, or takes
LITTLE_WORDS = {
    *("a", "an", "and", "at", "by", "for", "from", "how", "in", "of", "on", "or", "our"),
    *("that", "the", "to", "we", "with"),
}


def shown(number: int) -> str:
    """A request's number as people write it."""
    return f"R-{number}"


def number_of(text: str) -> int:
    """The number a user wrote, as R-3 or 3; raises InputError if it is none."""
    found = re.fullmatch(r"(?:[Rr]-?)?([1-9][0-9]{0,8})", text.strip())
    if found is None:
        raise InputError(f"'{text}' is no request; write its number, such as R-3")
    return int(found[1])


def one_line(text: str) -> str:
    """A text as one line without control characters, which a terminal or calendar would obey."""
    return " ".join(_printed(text).split())


def lines_of(text: str) -> str:
    """A text with its lines, each in order; empty ones left out."""
    return "\n".join(filter(None, map(one_line, text.splitlines())))


def checked(
    draft: ContentRequest, taxonomy: Taxonomy, topics: Collection[int], *, today: date
) -> ContentRequest:
    """The draft with its texts in order; raises InputError naming the field that cannot be."""
    clean = dataclasses.replace(
        draft,
        title=one_line(draft.title),
        deals=tuple(filter(None, map(one_line, draft.deals))),
        competitor=one_line(draft.competitor),
        tried=one_line(draft.tried),
        owner=one_line(draft.owner),
        claims=lines_of(draft.claims),
        use=lines_of(draft.use),
    )
    if not clean.title:
        raise InputError("a request needs a title: say what is missing (--title TEXT)")
    if len(clean.title) > LONGEST_TITLE:
        raise InputError(
            f"the title has {len(clean.title)} characters; {LONGEST_TITLE} are the most, "
            "say the rest under use (--use TEXT)"
        )
    _check_known("content type", clean.content_type, list(taxonomy.content_types))
    _check_known("persona", clean.persona, [*taxonomy.personas, ANY])
    _check_known("stage", clean.stage, [*taxonomy.stages, ANY])
    _check_known("priority", clean.priority, list(PRIORITIES), needed=True)
    _check_concern(clean.concern, taxonomy, topics)
    _check_day(clean.needed_by, today)
    return clean


def _check_known(noun: str, value: str, known: list[str], *, needed: bool = False) -> None:
    if value not in known and (value or needed):
        hint = nearest(value, known) or f"; it must be one of {', '.join(known)}"
        raise InputError(f"there is no {noun} '{value}'{hint}")


def _check_concern(concern: str, taxonomy: Taxonomy, topics: Collection[int]) -> None:
    if concern.startswith(TOPIC):
        number = concern.removeprefix(TOPIC)
        if not (number.isdecimal() and int(number) in topics):
            raise InputError(
                f"there is no topic '{number}'; the list of topics shows them all ('callinsight topics list')"
            )
        return
    _check_known("concern", concern, list(taxonomy.concerns))


def _check_day(needed_by: str, today: date) -> None:
    if needed_by and needed_by < today.isoformat():
        raise InputError(
            f"'{needed_by}' lies in the past; say when it is needed (--needed-by), or leave it out"
        )


# What happens to a request


def advance(request: ContentRequest, step: str) -> ContentRequest:
    """The request after a step; raises InputError that names the step that is next."""
    states, after = STEPS[step]
    if request.state not in states:
        raise InputError(_refusal(request, DONE[step]))
    return dataclasses.replace(request, state=after)


def check_vote(request: ContentRequest, events: Iterable[RequestEvent], who: str) -> None:
    """Raises InputError if this person cannot vote: once each, not for one's own, while it is open."""
    name = shown(request.id)
    if request.state not in OPEN:
        raise InputError(_refusal(request, "voted for"))
    if who.casefold() == request.requester.casefold():
        raise InputError(f"{name} is {who}'s own request; others may vote for it")
    for event in events:
        if (event.event, event.who.casefold()) == ("vote", who.casefold()):
            raise InputError(f"{who} has voted for {name} already")


def _refusal(request: ContentRequest, done: str) -> str:
    name = shown(request.id)
    after = {
        "new": f"the next step is to accept it ('callinsight requests accept {name}')",
        "accepted": f"the next step is to start it ('callinsight requests start {name}')",
        "in_progress": f"the next step is to deliver it ('callinsight requests deliver {name} --asset ID')",
        "delivered": f"what it was delivered as stands there ('callinsight requests show {name}')",
        "declined": "ask for it anew ('callinsight requests new')",
    }[request.state]
    state = request.state.replace("_", " ")
    return f"{name} is {state} and cannot be {done}; {after}"


def as_it_stood(request: ContentRequest, events: Sequence[RequestEvent]) -> ContentRequest:
    """The request after these of its events; later ones are taken back."""
    state, votes = "new", 0
    for event in events:
        if event.event in STEPS:
            state = STEPS[event.event][1]
        votes += event.event == "vote"
    item = request.item if state == "delivered" else ""
    return dataclasses.replace(request, state=state, votes=votes, item=item)


# Which ask for the same


def same_cell(one: ContentRequest, other: ContentRequest) -> bool:
    """Whether both ask for a type of content in one cell; `any` or nothing is every persona or stage."""
    return (
        bool(one.concern)
        and (one.concern, one.content_type) == (other.concern, other.content_type)
        and _meet(one.persona, other.persona)
        and _meet(one.stage, other.stage)
    )


def fields_tell(one: ContentRequest, other: ContentRequest) -> float:
    """What the fields add to the likeness of two titles, or take from it; 0 where either is silent.

    A comparison and a battle card may be the same wish, so that the type weighs little.
    """
    weights = (
        (BY_CONCERN, one.concern, other.concern),
        (BY_TYPE, one.content_type, other.content_type),
    )
    told = sum(
        weight if mine == theirs else -weight for weight, mine, theirs in weights if mine and theirs
    )
    apart = (not _meet(one.persona, other.persona)) + (not _meet(one.stage, other.stage))
    return told - BY_PLACE * apart


def words_in_common(one: str, other: str) -> float:
    """Share of the words of two titles that both have, 0 to 1; little words and endings left out."""
    first, second = _words(one), _words(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def _meet(one: str, other: str) -> bool:
    return one == other or not {one, other}.isdisjoint(("", ANY))


def _words(title: str) -> set[str]:
    found = re.findall(r"\w+", title.casefold())
    return {word.removesuffix("s") or word for word in found if word not in LITTLE_WORDS}


def _printed(text: str) -> str:
    return "".join(c if c.isprintable() or c.isspace() else "" for c in text)
