import dataclasses
import json

import pytest

from callinsight.records import Tag, Topic, Utterance
from callinsight.reports.topics import (
    TopicList,
    month_before,
    topics_json,
    topics_of,
    topics_text,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

SPOKE = {"2026-01": {f"D{i}" for i in range(20)}, "2025-12": {f"D{i}" for i in range(20)}}


def topic(id_: int, **facts: str) -> Topic:
    given = {"label": f"topic {id_}", "terms": f"topic {id_};paper", "first_seen": "2025-12"}
    return Topic(id=id_, centroid=b"", size=1, **(given | facts))


def tag(number: int, *, month: str = "2026-01", call: str = "", deal: str = "", **facts) -> Tag:
    given = {"label": "1", "score": 0.5, "persona": "champion", "stage": "decision"}
    return Tag(
        utterance=f"u{number}",
        kind="topic",
        stance="none",
        status="sure",
        source="test",
        evidence="",
        call=call or f"c{number}",
        deal=deal or f"D{number}",
        month=month,
        **(given | facts),
    )


def said(tags: list[Tag]) -> dict[str, Utterance]:
    return {
        one.utterance: Utterance(
            id=one.utterance,
            call=one.call,
            position=0,
            start_s=65.0,
            end_s=70.0,
            channel=None,
            speaker="Ann Lee",
            side="buyer",
            side_confidence=1.0,
            text=f"These are the words of {one.utterance}.",
        )
        for one in tags
    }


def listed(tags: list[Tag], *topics: Topic, spoke: dict = SPOKE) -> TopicList:
    return topics_of("2026-01", topics or [topic(1)], tags, said(tags), spoke, min_deals=5)


def text_of(given: TopicList) -> str:
    return topics_text(given, load_taxonomy(DEFAULT_TAXONOMY), min_calls=50)


def months(now: int, before: int) -> list[Tag]:
    later = [tag(i) for i in range(now)]
    return later + [tag(100 + i, month="2025-12", deal=f"D{i}") for i in range(before)]


@pytest.mark.parametrize(
    ("now", "before", "spoke", "told"),
    [
        (
            *(12, 2, SPOKE),
            "12 of 20 deals, 2 of 20 in December: rising (+50 points, between +22 and +70)",
        ),
        (
            *(2, 12, SPOKE),
            "2 of 20 deals, 12 of 20 in December: falling (-50 points, between -70 and -22)",
        ),
        (
            *(6, 4, SPOKE),
            "6 of 20 deals, 4 of 20 in December: no clear trend (+10 points, between -16 and +35)",
        ),
        (
            *(3, 0, SPOKE | {"2025-12": {"D1", "D2", "D3", "D4"}}),
            (
                "3 of 20 deals, 0 of 4 in December: too few for a trend "
                "(5 deals in each month are needed)"
            ),
        ),
        (
            *(3, 0, {"2026-01": SPOKE["2026-01"]}),
            "3 of 20 deals; no calls in December to compare with",
        ),
    ],
)
def test_a_trend_says_how_sure_it_is(now: int, before: int, spoke: dict, told: str) -> None:
    lines = text_of(listed(months(now, before), spoke=spoke)).splitlines()

    assert lines[4] == f"    {told}"


def test_a_topic_is_told_in_full() -> None:
    tags = [tag(1), tag(2, persona="unknown", stage="awareness"), tag(3, call="c1", deal="D1")]

    assert text_of(listed(tags, topic(1), topic(2))) == (
        "What buyers talked about in January 2026: 1 topic.\n\n"
        "1  topic 1\n"
        "    3 turns in 2 calls of 2 deals; first heard in December 2025\n"
        "    2 of 20 deals, 0 of 20 in December: no clear trend (+10 points, between -4 and +28)\n"
        "    who: Champion 1, Unknown role 1\n"
        "    when: Awareness 1, Decision 1\n"
        "    also: paper\n"
        "    - c1 at 01:05, Ann Lee: These are the words of u1.\n"
        "    - c2 at 01:05, Ann Lee: These are the words of u2.\n\n"
        "Nobody spoke of 1 more topic in this month."
    )


def test_a_topic_says_of_which_concern_it_is_another_word() -> None:
    named = topic(1, named_by="security_compliance")
    mine = dataclasses.replace(named, label_source="user")

    told = "    another word for: Security and compliance; counted there"
    assert told in text_of(listed([tag(1)], named)).splitlines()
    assert told not in text_of(listed([tag(1)], mine)).splitlines()
    rows = [json.loads(topics_json(listed([tag(1)], one)))["topics"][0] for one in (named, mine)]
    assert [row["named_by"] for row in rows] == ["security_compliance", ""]


def test_excerpts_are_typical_and_of_different_calls_and_deals() -> None:
    tags = [
        tag(1, score=0.9),
        tag(2, score=0.8, call="c1", deal="D1"),  # the same call
        tag(3, score=0.7, call="c3", deal="D1"),  # the same deal
        tag(4, score=0.6),
        tag(5, score=0.5),
        tag(6, score=0.4),
    ]

    (line,) = listed(tags).lines

    assert [excerpt.text[-3:-1] for excerpt in line.excerpts] == ["u1", "u4", "u5"]


def test_the_widest_spread_comes_first_and_what_is_retired_stays_out() -> None:
    tags = [tag(i) for i in range(2)] + [tag(10 + i, label="2") for i in range(3)]
    retired = dataclasses.replace(topic(3), status="retired")

    given = listed([*tags, tag(30, label="3")], topic(1), topic(2), retired)

    assert [line.topic.id for line in given.lines] == [2, 1]
    assert given.silent == 0
    assert [row["id"] for row in json.loads(topics_json(given))["topics"]] == [2, 1]


def test_a_long_turn_is_cut_in_the_text_only() -> None:
    words = " ".join(["word"] * 100)
    tags = [tag(1)]
    turns = {k: dataclasses.replace(u, text=words) for k, u in said(tags).items()}

    given = topics_of("2026-01", [topic(1)], tags, turns, SPOKE, min_deals=5)

    assert text_of(given).endswith(" ...")
    assert max(map(len, text_of(given).splitlines())) <= 100
    assert json.loads(topics_json(given))["topics"][0]["excerpts"][0]["text"] == words


def test_the_month_before() -> None:
    assert (month_before("2026-01"), month_before("2026-12")) == ("2025-12", "2026-11")
