"""`callinsight gaps` and `unused`: what was said in any period, set against the inventory."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from material import ROOT
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.config import Config, load_config, settings_text
from callinsight.content.gaps import Presence
from callinsight.errors import InputError
from callinsight.pipeline.content import (
    deals_of,
    gaps_of,
    presence_in,
    raised_in,
    unused_of,
    update_gaps,
    usable_calls,
)
from callinsight.pipeline.gaps import get_gap
from callinsight.pipeline.report import report_of
from callinsight.progress import silent
from callinsight.records import (
    Call,
    ContentItem,
    Gap,
    Judgement,
    Suggestion,
    Tag,
    Topic,
    UsageEvent,
    Utterance,
)
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()
AS_OF = date(2026, 10, 31)
NO_CALL = "no call of 2026-08 can be counted; there are calls of 2026-09, 2026-10"
ONE_OR_TWO = "say --month YYYY-MM, or --from YYYY-MM and --to YYYY-MM together"
CELL = ("price_budget", "champion", "decision")


class Desk:
    """A database that a test fills, with its settings."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        (folder / "taxonomy.toml").symlink_to(ROOT / "pipelines" / "taxonomy.toml")
        pipeline = folder / "pipeline.toml"
        pipeline.write_text(
            f'[calls]\nmanifest = "calls.csv"\n[tagging]\ntaxonomy = "taxonomy.toml"\n{settings}'
        )
        self.config: Config = load_config(pipeline)
        self.path = folder / "callinsight.db"
        self.db = store.open_store(self.path, create=True)
        self.db.conn.isolation_level = None  # what a test writes is there for the command
        store.save_setting(self.db, "settings", settings_text(self.config))

    def call(
        self,
        id_: str,
        *turns: tuple[str, str, str],
        day: str = "2026-10-05",
        persona: str = "champion",
        **facts: Any,
    ) -> None:
        """A call with buyer's turns (kind, label, stance); a kind may be `ask`, `topic` or empty."""
        known = {"deal": f"D-{id_}", "stage": "decision", "currency": "GBP", "status": "done"}
        call = Call(id=id_, file=id_, recorded_at=f"{day}T10:00:00+00:00", **{**known, **facts})
        said, tags = [], []
        for position, (kinds, labels, stance) in enumerate(turns or (("", "", ""),)):
            text = "How is that done?" if stance == "question" else "That is so."
            said.append(
                Utterance(
                    id=f"{id_}:{position:04d}",
                    call=id_,
                    position=position,
                    start_s=0.0,
                    end_s=1.0,
                    channel=None,
                    speaker="Ann",
                    side="buyer",
                    side_confidence=1.0,
                    persona=persona,
                    text=text,
                )
            )
            for kind, label in zip(kinds.split("+"), labels.split("+"), strict=True):
                if kind:
                    tags.append(tag_of(call, said[-1], kind, label, stance))
        store.save_call(self.db, call, [], said)
        store.replace_tags(self.db, id_, ("concern", "ask", "topic"), tags)

    def inventory(self, *items: ContentItem, events: tuple[UsageEvent, ...] = ()) -> None:
        store.replace_content(self.db, list(items), list(events))

    def gaps(self, period: str = "2026-10", as_of: date = AS_OF) -> dict[tuple[str, ...], Gap]:
        taxonomy = load_taxonomy(self.config.tagging.taxonomy)
        found = gaps_of(self.db, self.config, taxonomy, period, as_of)
        return {(gap.concern, gap.persona, gap.stage): gap for gap in found}

    def tell(self, *words: str) -> Any:
        return runner.invoke(app, [*words, "--db", str(self.path)])


def tag_of(call: Call, said: Utterance, kind: str, label: str, stance: str) -> Tag:
    return Tag(
        utterance=said.id,
        kind=kind,
        label=label,
        stance=stance if kind == "concern" else "none",
        score=0.9,
        status="sure",
        source="test",
        evidence=said.text,
        call=call.id,
        deal=call.deal or call.id,
        persona=said.persona,
        stage=call.stage,
        month=call.recorded_at[:7],
    )


OBJECTS = ("concern", "price_budget", "objection")
ASKS = ("topic", "3", "question")


def asset(id_: str, **facts: Any) -> ContentItem:
    known = {
        "title": f"Asset {id_}",
        "content_type": "blog",
        "url": "https://content.example",
        "concerns": ("price_budget",),
        "owner": "Dana",
        "published_on": "2026-01-01",
    }
    return ContentItem(id=id_, **{**known, **facts})


def topic(id_: int, label: str, **facts: Any) -> Topic:
    return Topic(id=id_, label=label, terms="", centroid=b"", size=9, **facts)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ten deals in October, eight of which object to the price; four in September."""
    made = Desk(tmp_path)
    for number in range(10):
        made.call(f"o{number}", *([OBJECTS] if number < 8 else []))
    for number in range(4):
        made.call(f"s{number}", OBJECTS, day="2026-09-20")
    return made


def test_a_period_of_several_months_is_cut_like_a_month(desk: Desk) -> None:
    month, both = desk.gaps()[CELL], desk.gaps("2026-09..2026-10")[CELL]

    assert (month.id, month.raising, month.eligible) == (
        "2026-10/price_budget/champion/decision",
        8,
        10,
    )
    assert (both.id, both.month, both.raising, both.eligible) == (
        "2026-09..2026-10/price_budget/champion/decision",
        "2026-09..2026-10",
        12,
        14,
    )
    assert desk.gaps("2026-09-20..2026-09-20")[CELL].raising == 4


def test_only_what_was_heard_at_the_stage_could_have_raised_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.call("a", stage="awareness", deal="D")
    desk.call("b", stage="decision", deal="D")
    desk.call("c", stage="decision", deal="E")  # what it said at awareness, nobody heard

    found = desk.gaps()

    assert found["price_budget", "champion", "awareness"].eligible == 1
    assert found["price_budget", "champion", "decision"].eligible == 2
    assert found["price_budget", "any", "any"].eligible == 2


@pytest.mark.parametrize(
    ("facts", "counts"),
    [
        ({"status": "partial"}, True),
        ({"status": "failed"}, False),
        ({"language": "de"}, False),
        ({"language": "en"}, True),
    ],
)
def test_only_calls_that_are_read_count(
    tmp_path: Path, facts: dict[str, str], counts: bool
) -> None:
    desk = Desk(tmp_path)
    desk.call("a", OBJECTS, **facts)

    assert bool(desk.gaps()) is counts


def test_presence_is_each_persona_of_a_call_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.call("a", OBJECTS, OBJECTS, persona="champion", deal="")
    calls = {call.id: call for call in usable_calls(desk.db)}

    assert presence_in(desk.db, calls) == [Presence("a", "champion", "decision")]


def test_presence_is_of_all_personas_that_speak_as_buyers(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.call("a", OBJECTS, OBJECTS, OBJECTS, persona="champion", deal="D")
    desk.call("b", OBJECTS, persona="champion", deal="D")
    turns = [said.id for said in store.utterances_of(desk.db, "a")]
    for column, value, turn in (("persona", "end_user", turns[1]), ("side", "rep", turns[2])):
        desk.db.execute(f"UPDATE utterances SET {column} = ? WHERE id = ?", [value, turn])
    desk.db.execute("UPDATE utterances SET side = 'unknown' WHERE call = 'b'")

    assert sorted(store.personas_heard(desk.db, ["a", "b", "none"])) == [
        ("a", "champion"),
        ("a", "end_user"),
    ]


class TestStanding:
    def deals(self, desk: Desk, period_days: tuple[str, ...], as_of: date = AS_OF) -> dict:
        calls = usable_calls(desk.db)
        within = {call.id: call for call in calls if call.recorded_at[:10] in period_days}
        return deals_of(desk.db, desk.config, within, as_of)

    def test_an_open_deal_that_is_silent_has_stalled(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, "[gaps]\nstall_days = 21\n")
        for id_, outcome in (("a", "open"), ("b", "won"), ("c", "lost")):
            desk.call(id_, day="2026-10-10", outcome=outcome)
        desk.call("d", day="2026-10-11")  # 20 days ago
        desk.call("e", day="2026-10-10", deal="")  # no deal, so none that stalls

        deals = self.deals(desk, ("2026-10-10", "2026-10-11"))

        assert {id_ for id_, deal in deals.items() if deal.stalled} == {"D-a"}
        assert {id_ for id_, deal in deals.items() if deal.outcome == "lost"} == {"D-c"}

    def test_a_later_call_says_that_a_deal_goes_on(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.call("a", day="2026-10-01", deal="D", amount=10.0)
        desk.call("b", day="2026-10-25", deal="D", amount=70.0, outcome="lost")

        before = self.deals(desk, ("2026-10-01",), date(2026, 10, 24))["D"]
        after = self.deals(desk, ("2026-10-01",))["D"]

        assert (before.stalled, before.outcome, before.amount) == (True, "open", 10.0)
        assert (after.stalled, after.outcome, after.amount) == (False, "lost", 70.0)

    def test_a_concern_came_back_if_two_calls_raise_it_until_the_day(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.call("a", OBJECTS, OBJECTS, day="2026-09-20", deal="D", persona="end_user")
        desk.call("b", OBJECTS, day="2026-10-05", deal="D")
        desk.call("c", ("concern", "price_budget", "mention"), day="2026-10-06", deal="E")
        desk.call("d", OBJECTS, day="2026-10-06", deal="E")

        gap = desk.gaps()[CELL]
        first = desk.gaps("2026-09", date(2026, 9, 30))["price_budget", "end_user", "decision"]

        assert (gap.raising, gap.returned) == (2, 1)
        assert first.returned == 0
        assert desk.gaps("2026-09")["price_budget", "end_user", "decision"].returned == 1


class TestTopics:
    def test_a_theme_that_no_concern_names_can_be_a_gap(self, desk: Desk) -> None:
        store.save_topics(desk.db, [topic(3, "carbon"), topic(4, "parking", status="retired")])
        for number in range(6):
            turns = [("topic", str(3), "question"), ("topic", str(4), "question")]
            desk.call(f"t{number}", *turns, persona="executive_sponsor")

        found = desk.gaps()

        gap = found["topic:3", "executive_sponsor", "decision"]
        assert (gap.raising, gap.eligible, gap.verdict, gap.questions) == (6, 6, "gap", 6)
        assert gap.evidence_as == ("question",) * 6
        assert not [key for key in found if key[0] == "topic:4"]
        desk.inventory(asset("A", concerns=(), topics=("Carbon",)))
        assert desk.gaps()["topic:3", "executive_sponsor", "decision"].verdict == "weak"

    def test_a_theme_whose_turns_a_concern_names_is_no_demand_of_its_own(self, desk: Desk) -> None:
        known = [topic(3, "proof"), topic(4, "carbon"), topic(5, "mine", label_source="user")]
        store.save_topics(desk.db, known)
        named = ("concern+topic+topic", "trust_proof+3+5", "objection")
        for number in range(6):
            turns = [("topic+topic", "3+5", "question"), named, ("topic", "4", "question")]
            desk.call(f"t{number}", *turns, persona="executive_sponsor")
        taxonomy = load_taxonomy(desk.config.tagging.taxonomy)

        update_gaps(desk.db, desk.config, taxonomy, progress=silent)

        found = {key[0] for key, gap in desk.gaps().items() if gap.raising}
        assert {id_ for id_ in found if id_.startswith("topic:")} == {"topic:4", "topic:5"}
        assert [one.named_by for one in store.all_topics(desk.db)] == [
            *("trust_proof", "", "trust_proof"),
        ]

    @pytest.mark.parametrize(
        ("turn", "counted"),
        [
            (("topic", "3", "question"), [("topic:3", "question", False)]),
            (("topic", "3", "none"), []),  # said, but nothing is asked
            (("topic+ask", "3+case_study", "none"), [("topic:3", "none", True)]),
            (
                ("topic+concern", "3+price_budget", "question"),
                [("price_budget", "question", False)],
            ),
            (("topic+concern", "3+price_budget", "mention"), []),
        ],
    )
    def test_a_turn_speaks_for_its_topic_where_no_concern_names_it(
        self, tmp_path: Path, turn: tuple[str, str, str], counted: list
    ) -> None:
        desk = Desk(tmp_path)
        desk.call("a", turn)

        found = [(one.concern, one.stance, one.asks) for one in raised_in(desk.db, ["a"])]
        assert found == counted


def test_what_people_said_of_an_asset_counts(desk: Desk) -> None:
    desk.inventory(asset("A"), asset("B", concerns=()))
    facts = dict(zip(("concern", "persona", "stage"), CELL, strict=True))
    said = [
        Judgement(id=1, item="A", answers=False, who="Ann", at="2026-10-01", **facts),
        Judgement(id=2, item="B", answers=True, who="Ann", at="2026-10-01", **facts),
    ]
    before = desk.gaps()[CELL]
    for one in said:
        desk.db.table("judgements").insert(dataclasses.asdict(one))

    after = desk.gaps()[CELL]

    assert (before.supply, before.candidates) == (1, ("A",))
    assert (after.supply, after.candidates) == (1, ("B", "A"))


class TestDoubts:
    """Assets that fit, and nobody vouches for."""

    def stock(self, desk: Desk) -> None:
        desk.inventory(asset("A-1", published_on=""), asset("A-2"), asset("A-3", owner=""))
        accepted = [
            Suggestion(
                item=id_, field="concerns", value="price_budget", score=0.9, why="", in_bulk=True,
                status="accepted",
            )
            for id_ in ("A-2", "A-3")
        ]  # fmt: skip
        store.save_suggestions(desk.db, accepted)

    def test_they_make_a_gap_weak_and_the_reason_says_why(self, desk: Desk) -> None:
        self.stock(desk)
        gap = desk.gaps()[CELL]

        assert (gap.verdict, gap.supply, gap.unvouched) == ("weak", 3, 3)
        assert gap.reason == (
            "3 fitting assets (nobody vouches for them: 1 without a date, 2 tagged in bulk; "
            "1 without an owner)"
        )
        assert gap.candidate_obstacles[0] == "fits, but without a date"

    def test_the_pipeline_file_may_count_them(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, "[gaps]\ncount_undated = true\ncount_bulk_tags = true\n")
        for number in range(8):
            desk.call(f"c{number}", OBJECTS)
        self.stock(desk)

        gap = desk.gaps()[CELL]

        assert (gap.verdict, gap.unvouched) == ("covered", 0)
        assert (
            gap.reason
            == "3 fitting assets (1 without a date, 2 tagged in bulk, 1 without an owner)"
        )

    def test_the_answer_to_a_gap_says_the_same(self, desk: Desk) -> None:
        self.stock(desk)
        told = desk.tell("inventory", "match", "2026-10/price_budget/champion/decision")

        lines = told.stdout.splitlines()
        assert lines[1] == (
            "Supply: fits, 3 assets named for it, live; 1 without a date, 2 tagged in bulk, "
            "1 without an owner"
        )
        assert sorted(lines[2:]) == [
            "  A-1  Asset A-1: fits, but without a date",
            "  A-2  Asset A-2: fits, but tagged in bulk",
            "  A-3  Asset A-3: fits, but tagged in bulk and without an owner",
        ]

    def test_what_somebody_vouches_for_comes_first(self, desk: Desk) -> None:
        desk.inventory(asset("A-1", published_on=""), asset("A-2", owner=""), asset("A-3"))
        told = desk.tell("inventory", "match", "2026-10/price_budget/champion/decision")

        assert desk.gaps()[CELL].candidates == ("A-2", "A-3", "A-1")
        assert told.stdout.splitlines()[-1] == "  A-1  Asset A-1: fits, but without a date"


def test_use_in_the_window_makes_an_asset_findable(desk: Desk) -> None:
    hidden = asset("A", url="", owner="")
    for day, supply in (("2026-05-03", 0), ("2026-05-04", 1), ("2026-11-01", 0)):
        used = UsageEvent(id="e", item="A", occurred_at=day, event="share")
        desk.inventory(hidden, events=(used,))
        assert desk.gaps()[CELL].supply == supply


def test_the_money_weighs_if_the_pipeline_file_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[gaps]\nweight = "pipeline"\n')
    for number in range(8):
        desk.call(f"c{number}", *([OBJECTS] if number < 6 else []), amount=10.0 * (number + 1))

    gap = desk.gaps()[CELL]

    assert gap.weight == round(210 / 360, 6)
    assert gap.amount == 210.0


class TestGapsCommand:
    def test_the_text_tells_verdict_deals_interval_and_evidence(self, desk: Desk) -> None:
        told = desk.tell("gaps", "--month", "2026-10")

        assert told.exit_code == 0, told.stderr
        assert told.stdout == (
            "2026-10, supply as of 2026-10-31\n"
            "\n"
            "1. GAP  Price and budget: Champion at Decision\n"
            "   8 of 10 deals (80%, 95 % interval 50% to 96%) (8 objection)\n"
            "   8 of 8 unresolved (8 stalled); score 0.47, rank 1 to 1\n"
            "   no asset names this concern\n"
            "   o0:0000 o1:0000 o2:0000 o3:0000 o4:0000 and 3 more\n"
            "   2026-10/price_budget/champion/decision\n"
            "\n"
            "Not listed: 11 of low demand; --format csv lists all.\n"
        )

    def test_deals_that_are_unresolved_for_two_reasons_are_told_as_such(self, desk: Desk) -> None:
        for number in range(3):
            desk.call(
                f"again{number}", OBJECTS, deal=f"D-o{number}", day="2026-10-20", outcome="lost"
            )

        told = desk.tell("gaps", "--month", "2026-10")

        assert (
            "8 of 8 unresolved (3 lost, 5 stalled, 3 came back; some are several);" in told.stdout
        )

    def test_a_roll_up_is_told_where_the_roles_have_too_few_calls(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        for number in range(6):
            desk.call(f"c{number}", OBJECTS, persona=("champion", "end_user")[number % 2])

        told = desk.tell("gaps").stdout

        assert "Where a role has too few calls, all roles together say:" in told
        assert "1. GAP  Price and budget: All roles at Decision\n   6 of 6 deals" in told

    def test_json_and_csv_hold_every_cell_and_every_field(self, desk: Desk) -> None:
        cells = desk.gaps("2026-09..2026-10")
        period = ["--from", "2026-09", "--to", "2026-10"]

        as_json = json.loads(desk.tell("gaps", *period, "--format", "json").stdout)
        as_csv = [
            *csv.DictReader(io.StringIO(desk.tell("gaps", *period, "--format", "csv").stdout))
        ]

        assert [row["id"] for row in as_json] == [gap.id for gap in cells.values()]
        assert [row["id"] for row in as_csv] == [gap.id for gap in cells.values()]
        first = next(iter(cells.values()))
        assert as_json[0] == json.loads(
            json.dumps(
                {"level": "concern", "label": "Price and budget"} | dataclasses.asdict(first)
            )
        )
        assert as_csv[0]["evidence"].split(";") == list(first.evidence)

    def test_a_call_named_like_a_formula_is_no_formula(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.call("=1+1", OBJECTS)

        rows = csv.DictReader(io.StringIO(desk.tell("gaps", "--format", "csv").stdout))

        assert next(r for r in rows if r["raising"] == "1")["evidence"] == "'=1+1:0000"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--month", "2026-08"], NO_CALL),
            (["--from", "2026-08"], ONE_OR_TWO),
            (["--month", "2026-10", "--from", "2026-08", "--to", "2026-10"], ONE_OR_TWO),
            (["--month", "october"], "'october' is no month; write it as 2026-10"),
            (["--as-of", "now"], "'now' is no date; write it as 2026-10-31"),
        ],
    )
    def test_what_cannot_be_listed(self, desk: Desk, words: list[str], message: str) -> None:
        told = desk.tell("gaps", *words)

        assert (told.exit_code, told.stderr) == (2, f"Error: {message}\n")

    def test_without_any_call(self, tmp_path: Path) -> None:
        told = Desk(tmp_path).tell("gaps")

        assert told.exit_code == 2
        assert told.stderr == (
            "Error: no call can be counted yet; 'callinsight run PIPELINE.toml' reads them\n"
        )

    def test_without_any_call_the_text_says_what_there_is(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.inventory(asset("A-1"), asset("A-2", published_on="", concerns=(), owner=""))

        told = desk.tell("gaps", "--as-of", "2026-10-31")
        sheet = desk.tell("gaps", "--format", "csv")

        assert told.exit_code == 0, told.stderr
        lines = told.stdout.splitlines()
        assert lines[:5] == [
            "No call can be counted yet, so that nobody can tell what buyers ask for.",
            "",
            "What there is, as of 2026-10-31:",
            "2 assets of 2 are live.",
            "Of what is live: 1 fresh and 1 without any date, which nobody knows to be fresh.",
        ]
        assert lines[-1] == "'callinsight run PIPELINE.toml' reads calls."
        assert desk.tell("gaps", "--format", "json").stdout == "[]\n"
        assert sheet.stdout.startswith("level,label,id,month,")
        assert sheet.stdout.count("\n") == 1

    def test_supply_may_be_of_another_day(self, desk: Desk) -> None:
        desk.inventory(asset("A", published_on="2026-11-02"))

        assert "1 not yet published" in desk.tell("gaps").stdout
        assert "1 fitting asset" in desk.tell("gaps", "--as-of", "2026-11-02").stdout


def test_a_gap_is_found_by_its_id_in_any_period(desk: Desk) -> None:
    gap = get_gap(desk.db, desk.config, "2026-09..2026-10/price_budget/champion/decision")

    assert gap == desk.gaps("2026-09..2026-10")[CELL]
    with pytest.raises(InputError) as caught:
        get_gap(desk.db, desk.config, "2026-10/price_budget/nobody/decision")
    assert str(caught.value) == (
        "there is no gap '2026-10/price_budget/nobody/decision'; "
        "did you mean '2026-10/price_budget/any/decision'?"
    )
    with pytest.raises(InputError) as caught:
        get_gap(desk.db, desk.config, "price_budget")
    assert str(caught.value) == (
        "there is no gap 'price_budget'; 'callinsight gaps --format csv' lists those there are"
    )


class TestUnusedCommand:
    @pytest.fixture
    def stocked(self, desk: Desk) -> Desk:
        used = UsageEvent(id="e", item="B", occurred_at="2026-10-01", event="share")
        desk.inventory(
            asset("A", cost=300.0),
            asset("B", concerns=(), owner="", cost=100.0, title="=cmd()"),
            asset("C", stages=("retention",), cost=600.0),
            events=(used,),
        )
        return desk

    def test_the_text_tells_what_why_and_what_to_do(self, stocked: Desk) -> None:
        told = stocked.tell("unused", "--as-of", "2026-10-31")

        assert told.exit_code == 0, told.stderr
        assert told.stdout == (
            "As of 2026-10-31; use and demand since 2026-05-04\n"
            "3 of 3 live assets need attention as they stand\n"
            "\n"
            "  unused: 2 (67% of the live assets, 90% of what they cost to make)\n"
            "  low use: 1 (33% of the live assets, 10% of what they cost to make)\n"
            "  unowned: 1 (33% of the live assets, 10% of what they cost to make)\n"
            "\n"
            "Why they are not or little used:\n"
            "  asked for but not used: 1 (33% of the live assets, 30% of what they cost to make)\n"
            "  wrong persona or stage: 1 (33% of the live assets, 60% of what they cost to make)\n"
            "  nobody can tell: 1 (33% of the live assets, 10% of what they cost to make)\n"
            "\n"
            "Unused:\n"
            "  A  Asset A\n"
            "    never used; buyers ask for this: unfindable or untrusted → promote\n"
            "  C  Asset C\n"
            "    never used; its concern is raised by Champion at Decision, a stage for which it is "
            "not tagged → retag\n"
            "\n"
            "Low use:\n"
            "  B  =cmd()\n"
            "    used once in 180 days; it names no concern, so nobody can tell who "
            "asks for it → retag\n"
            "\n"
            "Unowned:\n"
            "  B  =cmd()\n"
            "    no owner → assign an owner\n"
        )

    def test_json_and_csv_hold_the_same(self, stocked: Desk) -> None:
        told = stocked.tell("unused", "--as-of", "2026-10-31", "--format", "json")
        as_json = json.loads(told.stdout)
        told = stocked.tell("unused", "--as-of", "2026-10-31", "--format", "csv")
        as_csv = [*csv.DictReader(io.StringIO(told.stdout))]

        kinds = [("A", "unused"), ("B", "low use"), ("B", "unowned"), ("C", "unused")]
        assert [(row["item"], row["kind"]) for row in as_json["assets"]] == kinds
        assert [(row["item"], row["kind"]) for row in as_csv] == kinds
        assert as_csv[1]["title"] == "'=cmd()"
        assert as_json["parts"][0] == {
            "name": "all",
            "assets": 3,
            "share": 1.0,
            "cost": 1000.0,
            "cost_share": 1.0,
        }

    def test_as_of_another_day_other_assets_are_idle(self, stocked: Desk) -> None:
        told = stocked.tell("unused", "--as-of", "2026-03-31", "--format", "csv").stdout

        assert [row["item"] for row in csv.DictReader(io.StringIO(told))] == ["B"]

    def test_of_a_month_it_counts_as_the_months_report(self, stocked: Desk) -> None:
        report, _ = report_of(stocked.db, stocked.config, "2026-10")
        (reported,) = (table for table in report.tables if table.name == "unused")
        place = [column.name for column in reported.columns].index

        told = stocked.tell("unused", "--month", "2026-10", "--format", "csv").stdout

        listed = [*csv.DictReader(io.StringIO(told))]
        names = Names(load_taxonomy(stocked.config.tagging.taxonomy))
        assert [(one["item"], one["kind"], names.sentence(one["why"])) for one in listed] == [
            (row[place("asset_id")], row[place("state")], row[place("why")])
            for row in reported.rows
        ]
        assert told == stocked.tell("unused", "--as-of", "2026-10-31", "--format", "csv").stdout

    def test_a_month_and_a_day_are_not_taken_together(self, stocked: Desk) -> None:
        told = stocked.tell("unused", "--month", "2026-10", "--as-of", "2026-10-31")

        assert told.exit_code == 2
        assert told.stderr == "Error: say --month YYYY-MM or --as-of DATE, not both\n"

    def test_without_assets_and_calls_there_is_nothing(self, tmp_path: Path) -> None:
        told = Desk(tmp_path).tell("unused", "--as-of", "2026-10-31")

        assert told.stdout == (
            "As of 2026-10-31; use and demand since 2026-05-04\n"
            "0 of 0 live assets need attention as they stand\n"
        )

    def test_without_calls_and_use_it_says_what_nobody_can_tell(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.inventory(asset("A-1"), asset("A-2", published_on=""))

        told = desk.tell("unused", "--as-of", "2026-10-31")

        assert told.stdout.splitlines()[:5] == [
            "As of 2026-10-31; use and demand since 2026-05-04",
            "1 of 2 live assets need attention as they stand",
            "No call can be counted yet, so that nobody can tell which of them buyers ask for",
            "No use of any asset is known, so that 'never used' says nothing yet",
            "1 of them has no date: it is called neither unused nor out of date",
        ]

    def test_a_topic_is_a_demand_for_assets_too(self, desk: Desk) -> None:
        store.save_topics(desk.db, [topic(3, "carbon")])
        for number in range(6):
            desk.call(f"t{number}", ASKS, persona="executive_sponsor")
        desk.inventory(asset("A", concerns=(), topics=("carbon",)))

        (one,) = unused_of(desk.db, desk.config, [*desk.gaps().values()], AS_OF)

        assert (one.cause, one.advice) == ("asked for but not used", "promote")
