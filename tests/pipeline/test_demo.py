"""The demo finds what PLANTED.md plants and not its noise."""

import re

import pytest
from material import DEMO, DemoRun
from spacy.lang.en.lex_attrs import like_num

from callinsight import store
from callinsight.months import last_day
from callinsight.pipeline.content import unused_of
from callinsight.records import Gap

MONTH = "2026-10"
PLANTED = (DEMO / "PLANTED.md").read_text(encoding="utf-8")


def table(first_column: str, *, number: int = 0) -> list[list[str]]:
    """The rows of the table in PLANTED.md whose header begins so, the first or a later one."""
    blocks = re.findall(
        rf"^\| {first_column} \|.*\n\|[-| ]+\n((?:\|.*\n?)+)", PLANTED, re.MULTILINE
    )
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in blocks[number].splitlines()
    ]


CELLS = table("concern")
NOISE = table("concern", number=1)
ASSETS = table("asset_id")


@pytest.fixture(scope="module")
def gaps(demo: DemoRun) -> dict[tuple[str, str, str], Gap]:
    with store.opened(demo.summary.database) as db:
        return {(g.concern, g.persona, g.stage): g for g in store.gaps_of_month(db, MONTH)}


def test_every_call_is_done(demo: DemoRun) -> None:
    assert demo.summary.statuses == {"done": 83}
    assert demo.summary.problems == ()


@pytest.mark.parametrize("row", CELLS, ids=lambda row: row[0])
def test_a_planted_cell_has_its_verdict(row: list[str], gaps: dict) -> None:
    concern, persona, stage, raising, eligible, verdict = row
    gap = gaps[concern, persona, stage]

    assert gap.verdict == verdict
    assert abs(gap.raising - int(raising)) <= 2
    assert gap.eligible in (int(eligible), int(eligible) + 1)
    assert gap.raising <= len(gap.evidence)


@pytest.mark.parametrize("row", NOISE, ids=lambda row: row[0])
def test_planted_noise_is_no_gap(row: list[str], gaps: dict) -> None:
    concern, persona, stage, _ = row

    assert gaps[concern, persona, stage].verdict not in ("gap", "weak")


def test_no_other_cell_is_a_gap(gaps: dict) -> None:
    planted = {(row[0], row[1], row[2]) for row in CELLS}
    found = {
        key for key, gap in gaps.items() if gap.verdict in ("gap", "weak") and "any" not in key
    }

    assert found <= planted


def test_the_assets_that_earn_nothing_are_found_and_no_other(demo: DemoRun, gaps: dict) -> None:
    with store.opened(demo.summary.database) as db:
        unused = unused_of(db, demo.config, list(gaps.values()), last_day(MONTH))
    planted = {(asset, what.partition(":")[0]) for asset, what in ASSETS}

    assert {(one.item, one.kind) for one in unused} == planted
    advice = {one.item: one.advice for one in unused}
    assert advice["TA-031"] == "promote"
    assert advice["TA-028"] == "retag"
    assert advice["TA-015"] == "retire"


def test_each_gap_opens_the_seconds_behind_it(demo: DemoRun, gaps: dict) -> None:
    page = demo.summary.report.read_text(encoding="utf-8")
    with store.opened(demo.summary.database) as db:
        for gap in gaps.values():
            said = store.utterances_by_id(db, gap.evidence)
            assert set(said) == set(gap.evidence)
            assert all(utterance.side == "buyer" for utterance in said.values())

    assert page.count("<audio") >= 4  # the gaps that recordings stand behind
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_topics_surface_and_carry_no_names(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        topics = store.all_topics(db)
        names = {w.lower() for p in store.all_participants(db) for w in p.name.split()}

    words = {word for topic in topics for word in topic.terms.replace(";", " ").split()}
    assert len(topics) >= 4
    assert len({topic.label for topic in topics}) == len(topics)
    assert not names & words
    assert not words & {"paperlane", "paperlanes", "invoq", "invoqs"}
    assert not [word for word in words if word + "s" in words or like_num(word)]


def test_hold_music_is_no_speech(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        said = store.utterances_of(db, "rec-04")
    held = [u for u in said if u.start_s > 52 and u.end_s < 104]

    assert held == []
