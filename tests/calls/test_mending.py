"""What people mend finds its place, and words keep their times."""

import dataclasses

from callinsight.calls.mending import (
    PERSONA,
    SIDE,
    TITLE,
    TURN,
    UNDO,
    WRITTEN,
    holding,
    mended_people,
    placed,
    retimed,
    sides_of,
)
from callinsight.calls.turns import Turn
from callinsight.records import Mending, Participant, Word

ANN = Participant(
    call="c", name="Ann", side="buyer", title="CISO", persona="security", persona_source="title"
)


def mending(id_: int, what: str, subject: str, after: str, **more: object) -> Mending:
    made = Mending(
        id=id_,
        call="c",
        at="2026-11-01",
        who="Mara",
        what=what,
        subject=subject,
        before="",
        after=after,
    )
    return dataclasses.replace(made, **more)


def turns(*texts: str) -> list[Turn]:
    return [Turn(None, number, number + 1, text) for number, text in enumerate(texts)]


def test_the_latest_of_a_thing_holds_until_it_is_taken_back() -> None:
    first, second = mending(1, SIDE, "voice 1", "rep"), mending(2, SIDE, "voice 1", "buyer")
    undo = mending(3, UNDO, "voice 1", "rep", undoes=2)

    assert sides_of([first, second]) == {"voice 1": "buyer"}
    assert holding([first, second, undo]) == [first]


def test_a_mended_turn_is_found_by_its_words() -> None:
    made = [
        mending(1, WRITTEN, "c:0000", "new", text="Yes."),
        mending(2, TURN, "c:0002", "rep", text="No."),
    ]

    found = placed(made, turns("Hello.", "No.", "Yes.", "Yes."), WRITTEN)

    assert found == {2: made[0]}


def test_a_turn_that_is_heard_a_little_otherwise_is_the_same() -> None:
    text = "we will pay eleven thousand pounds for all of it in one year"
    made = mending(1, WRITTEN, "c:0003", "new", text=text)

    heard = turns("a", "b", text.replace("eleven", "seven"), "c")

    assert placed([made], heard, WRITTEN) == {2: made}
    assert placed([made], turns("a", "b", "something else altogether"), WRITTEN) == {}


def test_words_that_stay_keep_their_times() -> None:
    words = (Word(0, 1, " We"), Word(1, 2, " use"), Word(2, 4, " in vox"), Word(4, 5, " now."))

    assert retimed(words, "We use Invoq now.") == (
        words[0],
        words[1],
        Word(2.0, 4.0, " Invoq"),
        words[3],
    )
    assert [w.start_s for w in retimed(words, "We really do use in vox now.")] == sorted(
        w.start_s for w in retimed(words, "We really do use in vox now.")
    )
    assert retimed((), "We use Invoq.") == ()


def test_a_persona_follows_the_title_unless_somebody_named_it() -> None:
    def persona_of(title: str) -> str:
        return {"CFO": "economic_buyer"}.get(title, "unknown")

    title, persona = mending(1, TITLE, "Ann", "CFO"), mending(2, PERSONA, "Ann", "champion")
    sheet = dataclasses.replace(ANN, persona_source="manifest")

    (by_title,) = mended_people([ANN], [title], persona_of)
    (named,) = mended_people([ANN], [title, persona], persona_of)
    (from_sheet,) = mended_people([sheet], [title], persona_of)

    assert (by_title.title, by_title.persona, by_title.persona_source) == (
        "CFO",
        "economic_buyer",
        "title",
    )
    assert (named.persona, named.persona_source) == ("champion", "people")
    assert (from_sheet.title, from_sheet.persona) == ("CFO", "security")


def test_a_placeholder_keeps_the_time_of_what_it_stands_for() -> None:
    words = (Word(0, 1, " Call"), Word(1, 4, " ([phone 1])."), Word(4, 5, " Thanks."))

    assert retimed(words, "Ring ([phone 1]). Thanks.")[1:] == words[1:]
