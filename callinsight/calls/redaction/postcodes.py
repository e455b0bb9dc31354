"""Postcodes and house numbers that somebody tells alone: spelt, or in answer to a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.contexts import ADDRESS, HARMLESS, UNIT
from callinsight.calls.redaction.numbers import by_turn, context_of, is_amount
from callinsight.calls.redaction.spoken import is_said_between, part_of, runs_of, words_in
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callinsight.calls.redaction.spoken import Run
    from callinsight.calls.redaction.talk import Talk

AREAS = words_in(  # the letters that postcodes of Britain begin with
    """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC
    EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS
    LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP
    SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE
    """
)
CODES = (
    re.compile(r"(?P<area>[A-Z]{1,2})\d[A-Z\d]?\d[A-Z]{2}"),  # of Britain,
    re.compile(r"[ABCEGHJ-NPRSTVXY]\d[A-Z]\d[A-Z]\d"),  # Canada,
    re.compile(r"[AC-FHKNPRTV-Y]\d[\dW](?=\w{0,3}[A-Z])[\dAC-FHKNPRTV-Y]{4}"),  # and Ireland
)
NEAR = re.compile(r"post ?code|zip|eir ?code|address|\[address \d+\]")
STATES = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho"
    "|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota"
    "|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york"
    "|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina"
    "|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming"
    # and provinces
    "|ontario|quebec|british columbia|alberta|manitoba|saskatchewan|nova scotia|new brunswick"
)
BEHIND_STATE = re.compile(rf"\b(?:{STATES}),? (?:zip(?: code)?(?: is)? )?$", re.I)
HOUSE = re.compile(
    r"\b(?:house|flat|door|street|building|unit) (?:number|name)|\bwhat number\b|\bwhich (?:flat|house)\b"
)
FLAT = re.compile(r"\b(?:flat|apartment|apt|unit|suite|floor|number|door)\W*$", re.I)
TOLD = re.compile(r"\[address \d+\]")
LETTER = re.compile(r" ?[a-d]\b(?=\W*(?:$|\n))", re.I)  # of flat four b
SHORTEST, LONGEST = 4, 6  # figures of a postcode
ZIP = 5
READ_OUT = 0.5


def find_postcodes(talk: Talk) -> Iterator[Found]:
    """Postcodes that are spelt, and numbers that answer where somebody lives."""
    for run in runs_of(talk.text, letters=True):
        if span := _code(talk, run):
            yield Found(*part_of(run, span), ADDRESS, run.value[slice(*span)].casefold())
    for run in (part for whole in runs_of(talk.text) for part in by_turn(talk.text, whole)):
        if _is_zip(talk, run) or _is_answer(talk, run):
            letter = LETTER.match(talk.text, run.end)
            yield Found(run.start, letter.end() if letter else run.end, ADDRESS, run.value)


def _code(talk: Talk, run: Run) -> tuple[int, int] | None:
    """Where a postcode of letters and figures stands in what is spelt."""
    matches = [match for code in CODES if (match := code.match(run.value.upper()))]
    found = next((m for m in matches if m.groupdict().get("area", "B") in AREAS), None)
    if found is None or context_of(talk, run) not in ("", ADDRESS, HARMLESS):
        return None
    told = talk.asked_at(run.start) == ADDRESS or NEAR.search(talk.lead(run.start))
    return found.span() if told or BEHIND_STATE.search(talk.own(run.start)) else None


def _is_zip(talk: Talk, run: Run) -> bool:
    """Whether five figures follow the name of a state."""
    own = talk.own(run.start)
    return (
        len(run.value) == ZIP and bool(BEHIND_STATE.search(own)) and not is_amount(talk.text, run)
    )


def _is_answer(talk: Talk, run: Run) -> bool:
    """Whether figures alone say where somebody lives, where that is what the talk is about."""
    if talk.asked_at(run.start) != ADDRESS or run.large or UNIT.match(talk.text, run.end):
        return False
    sentence = re.split(r"[.?!]\s", talk.own(run.start))[-1]
    alone = is_said_between(sentence) and bool(
        re.match(r"\W*(?:$|[.,?!\n\f]|not\b)", talk.text[run.end :])
    )
    if FLAT.search(sentence) and TOLD.search(talk.lead(run.start)):
        return len(run.value) < LONGEST
    if not alone:
        return False
    size = len(run.value)
    if HOUSE.search(talk.lead(run.start)):
        return size < LONGEST
    return SHORTEST <= size <= LONGEST and (run.digitwise >= READ_OUT or _begins(talk, run))


def _begins(talk: Talk, run: Run) -> bool:
    """Whether a turn begins with it and says nothing else."""
    return is_said_between(talk.own(run.start)) and not talk.trail(run.end).partition("\n")[
        0
    ].strip(" .,?!")
