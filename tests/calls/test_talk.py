"""Who talked how long."""

import dataclasses

from callinsight.calls.talk import talk_of
from callinsight.records import Utterance


def turn(position: int, side: str, start_s: float, end_s: float, text: str = "Yes.") -> Utterance:
    return Utterance(
        id=f"c:{position:04d}",
        call="c",
        position=position,
        start_s=start_s,
        end_s=end_s,
        channel=None,
        speaker=side,
        side=side,
        side_confidence=1.0,
        text=text,
    )


def test_shares_questions_and_the_longest_monologue() -> None:
    said = [
        turn(0, "rep", 0, 10, "How are you? Is it fine?!"),
        turn(1, "buyer", 10, 20),
        turn(2, "buyer", 21, 40, "Why? see https://example.com/?q=1 there"),
        turn(3, "rep", 40, 41),
        turn(4, "buyer", 60, 65),
    ]

    rep, buyer = talk_of(said)

    assert (rep.side, rep.seconds, rep.turns, rep.questions) == ("rep", 11, 2, 2)
    assert (buyer.side, buyer.seconds, buyer.turns, buyer.questions) == ("buyer", 34, 3, 1)
    assert rep.share + buyer.share == 1
    assert (buyer.longest_s, buyer.longest_from) == (30, 1)


def test_a_long_silence_ends_a_monologue() -> None:
    (buyer,) = talk_of([turn(0, "buyer", 0, 10), turn(1, "buyer", 21, 30)])

    assert (buyer.longest_s, buyer.longest_from) == (10, 0)


def test_somebody_else_of_the_same_side_ends_it_too() -> None:
    other = dataclasses.replace(turn(1, "buyer", 10, 30), speaker="another")

    (buyer,) = talk_of([turn(0, "buyer", 0, 10), other])

    assert (buyer.longest_s, buyer.longest_from) == (20, 1)


def test_nobody_talked() -> None:
    assert talk_of([]) == []
