from __future__ import annotations

import dataclasses
import sqlite3
import threading
from datetime import date
from pathlib import Path

import pytest
from asking import GAP, NOW, add_turn, gap, make_desk, request

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.asking import list_requests
from callinsight.pipeline.briefs import brief_of, existing_assets, export_requests
from callinsight.pipeline.drafts import draft_from_gap
from callinsight.pipeline.embedding import load_embedder
from callinsight.pipeline.requests import (
    DuplicateError,
    accept,
    clocks_of,
    comment,
    decline,
    deliver,
    effects_of,
    get_request,
    new_request,
    not_counted,
    request_lines,
    requests_as_of,
    requests_in,
    similar_requests,
    start,
    vote,
)
from callinsight.pipeline.run import request_settings
from callinsight.records import ContentItem, UsageEvent
from callinsight.reports.wording import Names
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

NAMES = Names(load_taxonomy(DEFAULT_TAXONOMY))

LATER = "2026-11-04T10:00:00+00:00"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_desk(tmp_path, 'country = "GB"\nowner = "Content team"')


@pytest.fixture
def desk(database: Path):
    """The database and its settings."""
    with store.opened(database) as db:
        yield db, request_settings(db)


@pytest.fixture
def without_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "no models"))
    load_embedder.cache_clear()


def refusal(function, *args, **options) -> str:
    with pytest.raises(InputError) as caught:
        function(*args, **options)
    return str(caught.value)


def ask(desk, title: str = "ROI tool", *, who: str = "Mara", anyway: bool = True, **fields):
    db, config = desk
    draft = request(title=title, **fields)
    return new_request(db, config, draft, who=who, now=NOW, anyway=anyway)


def events(db) -> list[tuple[int, str, str, str]]:
    return [(e.request, e.who, e.event, e.note) for e in store.all_request_events(db)]


class TestFromAGap:
    def test_what_the_gap_says_is_filled_in(self, desk):
        draft = draft_from_gap(*desk, GAP)

        assert draft.title == "ROI tool: Value and return (Economic buyer at Decision)"
        assert draft.content_type == "roi_tool"  # a buyer asked for proof of return
        assert (draft.concern, draft.persona, draft.stage) == (
            "value_roi",
            "economic_buyer",
            "decision",
        )
        assert draft.deals == ("D-1", "D-2", "D-3")
        assert draft.evidence == ("c1:0001", "c2:0001", "c3:0001")
        assert (draft.gap, draft.tried) == (GAP, "")  # what was tried only the one who asks knows

    def test_what_exists_is_told_beside_it(self, desk):
        db, config = desk
        near = existing_assets(db, draft_from_gap(db, config, GAP))
        assert [(one.item.id, one.obstacle) for one in near] == [
            ("A-40", "stale"),
            ("A-41", "for end_user"),
        ]

    def test_without_an_ask_the_type_is_the_first_of_the_stage(self, desk):
        db, _ = desk
        store.replace_tags(db, "c3", ("ask",), [])
        assert draft_from_gap(*desk, GAP).content_type == "case_study"

    def test_the_rival_named_most_is_filled_in(self, desk):
        db, _ = desk
        (tag,) = store.tags_of_call(db, "c1")
        rival = dataclasses.replace(tag, kind="competitor", label="Paperlane")
        store.replace_tags(db, "c1", ("competitor",), [rival])
        assert draft_from_gap(*desk, GAP).competitor == "Paperlane"

    def test_a_theme_has_its_label_in_the_title(self, desk):
        from callinsight.records import Topic

        db, config = desk
        store.save_topics(db, [Topic(id=7, label="Fax", terms="", centroid=b"", size=3)])
        theme = gap(id="2026-10/topic:7/any/any", concern="topic:7", persona="any", stage="any")
        store.replace_gaps(db, "2026-10", [theme])
        draft = draft_from_gap(db, config, theme.id)
        assert draft.title == "ROI tool: Fax (All roles, all stages)"
        assert new_request(db, config, draft, who="Mara", now=NOW).concern == "topic:7"

    @pytest.mark.parametrize(
        ("gap_id", "message"),
        [
            (
                GAP.replace("decision", "decison"),
                f"there is no gap '2026-10/value_roi/economic_buyer/decison'; did you mean '{GAP}'?",
            ),
            (
                "2025-01/x/y/z",
                "no call of 2025-01 can be counted; there are calls of 2026-10",
            ),
            (
                "2026-10",
                "there is no gap '2026-10'; 'callinsight gaps --format csv' lists those there are",
            ),
            (
                "nothing",
                "there is no gap 'nothing'; 'callinsight gaps --format csv' lists those there are",
            ),
        ],
    )
    def test_an_unknown_gap_is_named(self, desk, gap_id, message):
        assert refusal(draft_from_gap, *desk, gap_id) == message


class TestAsking:
    def test_it_is_kept_with_who_and_when(self, desk):
        db, config = desk
        draft = request(id=9, title=" New  idea ", requester="", created_at="", state="delivered")

        kept = new_request(db, config, draft, who=" Mara ", now=NOW)

        assert kept == request(id=1, title="New idea")
        assert store.all_requests(db) == [kept]
        assert events(db) == [(1, "Mara", "new", "")]

    def test_the_same_cell_and_type_is_a_duplicate(self, desk):
        db, config = desk
        draft = draft_from_gap(db, config, GAP)
        new_request(db, config, draft, who="Mara", now=NOW)
        again = dataclasses.replace(draft, title="Quite different", persona="any")

        with pytest.raises(DuplicateError) as caught:
            new_request(db, config, again, who="Jo", now=NOW)

        assert str(caught.value) == (
            "this is asked for already: R-1 'ROI tool: Value and return (Economic buyer at "
            "Decision)'; vote for it with 'callinsight requests vote R-1', or add --anyway to ask "
            "for it all the same"
        )
        assert [one.id for one in caught.value.requests] == [1]
        assert len(store.all_requests(db)) == 1
        assert new_request(db, config, again, who="Jo", now=NOW, anyway=True).id == 2

    def test_similar_titles_are_found_by_what_they_mean(self, desk):
        load_embedder()  # fetched where no other test has done so yet
        db, _ = desk
        ask(desk, "Case study: manufacturing customer")
        ask(desk, "Pricing sheet for next year")
        alike = similar_requests(db, request(id=0, title="Customer story from a manufacturer"))
        assert [one.id for one in alike] == [1]
        assert not store.has_vectors(db)

    def test_the_same_wish_in_other_words_and_as_another_type_is_offered(self, desk):
        db, _ = desk
        ask(desk, "Comparison with Paperlane", concern="competitor", content_type="battle_card")
        ask(desk, "Comparison of our plans", concern="price_budget", content_type="one_pager")
        wish = request(
            id=0,
            title="How do we differ from Paperlane?",
            concern="competitor",
            content_type="blog",
        )
        assert [one.id for one in similar_requests(db, wish)] == [1]

    @pytest.mark.usefixtures("without_model")
    def test_without_the_model_they_are_found_by_their_words(self, desk):
        db, _ = desk
        ask(desk, "Whitepaper on security")
        ask(desk, "Case study: manufacturing customer")
        for title, found in (
            ("Security whitepapers", [1]),
            ("Customer story from a manufacturer", []),
        ):
            assert [one.id for one in similar_requests(db, request(id=0, title=title))] == found

    def test_what_is_closed_is_no_duplicate(self, desk):
        db, _ = desk
        ask(desk)
        decline(db, 1, who="Lena", now=NOW, note="no")
        assert ask(desk, anyway=False).id == 2

    def test_evidence_must_be_there(self, desk):
        message = refusal(ask, desk, evidence=("c1:0001", "c1:0099"))
        assert message == "there is no turn 'c1:0099' in any call; name it as reports do"
        assert store.all_requests(desk[0]) == []

    def test_somebody_must_ask(self, desk):
        assert refusal(ask, desk, who=" \x1b ") == (
            "it is not known who you are; say it with --who NAME"
        )


class TestSteps:
    def test_the_way_to_delivery_is_told_with_who_and_when(self, desk):
        db, config = desk
        ask(desk)
        vote(db, 1, who="Jo", now=LATER, note="for Globex")
        accepted = accept(db, config, 1, who="Lena", now=LATER)
        comment(db, 1, who="Mara", now=LATER, note="one\n\n two\x1b")
        started = start(db, config, 1, who="Ed", now=LATER)
        done = deliver(db, 1, item="A-41", who="Ed", now=LATER, note="v1")

        assert (accepted.owner, started.owner) == ("Content team", "Ed")
        assert (done.state, done.item, done.votes) == ("delivered", "A-41", 1)
        assert get_request(db, 1) == done
        assert events(db) == [
            (1, "Mara", "new", ""),
            (1, "Jo", "vote", "for Globex"),
            (1, "Lena", "accept", ""),
            (1, "Mara", "comment", "one\ntwo"),
            (1, "Ed", "start", ""),
            (1, "Ed", "deliver", "v1"),
        ]

    def test_whom_it_was_given_to_keeps_it_when_another_starts_it(self, desk):
        db, config = desk
        ask(desk)
        accept(db, config, 1, who="Lena", now=NOW, owner="Ed")
        assert start(db, config, 1, who="Lena", now=NOW).owner == "Ed"

    def test_a_refused_step_leaves_no_trace(self, desk):
        db, config = desk
        ask(desk)
        before = store.all_requests(db), events(db)
        assert refusal(start, db, config, 1, who="Ed", now=NOW).startswith("R-1 is new")
        assert refusal(vote, db, 1, who="Mara", now=NOW).startswith("R-1 is Mara's")
        assert refusal(decline, db, 1, who="Lena", now=NOW, note=" ") == (
            "R-1 needs a reason to be declined: say it in a note (--note TEXT)"
        )
        assert refusal(comment, db, 1, who="Lena", now=NOW) == (
            "a comment needs words: say them in a note (--note TEXT)"
        )
        assert (store.all_requests(db), events(db)) == before

    def test_an_unknown_asset_names_the_nearest(self, desk):
        db, _ = desk
        ask(desk)
        assert refusal(deliver, db, 1, item="A-400", who="Ed", now=NOW) == (
            "there is no asset 'A-400' in the inventory; did you mean 'A-40'? A new one is there "
            "once it is listed in items.csv and 'callinsight run' has read it."
        )
        assert refusal(deliver, db, 1, item="zzz", who="Ed", now=NOW) == (
            "there is no asset 'zzz' in the inventory. A new one is there "
            "once it is listed in items.csv and 'callinsight run' has read it."
        )

    def test_an_asset_that_does_not_name_the_concern_is_told(self, desk):
        db, _ = desk
        asked = request(concern="value_roi")
        today = date(2026, 11, 2)
        assert not_counted(db, NAMES, dataclasses.replace(asked, item="A-41"), today) == ""
        assert not_counted(db, NAMES, dataclasses.replace(asked, item="A-40"), today) == (
            "A-40 does not name “Value and return” (value_roi) among its concerns: "
            "until it does, no report counts it as an answer."
        )

    def test_an_asset_that_is_out_of_date_or_for_others_is_told(self, desk):
        db, _ = desk
        old = ContentItem(
            id="A-42",
            title="Old",
            content_type="blog",
            concerns=("value_roi",),
            personas=("end_user",),
            expires_on="2026-01-31",
        )
        store.save_items(db, [old])
        asked = request(concern="value_roi", persona="champion", item="A-42")

        assert not_counted(db, NAMES, asked, date(2026, 11, 2)) == (
            "A-42 is expired, for End user: until that changes, no report counts it as an answer."
        )
        assert (
            not_counted(db, NAMES, dataclasses.replace(asked, item="gone"), date(2026, 11, 2)) == ""
        )

    def test_all_that_keeps_an_asset_from_counting_is_told_and_a_draft_owes_no_use(self, desk):
        db, config = desk
        draft = ContentItem(id="A-43", title="Soon", content_type="blog", status="draft")
        store.save_items(db, [draft])
        ask(desk, concern="value_roi")
        accept(db, config, 1, who="Ed", now=NOW)
        start(db, config, 1, who="Ed", now=NOW)
        delivered = deliver(db, 1, item="A-43", who="Ed", now=NOW)

        assert not_counted(db, NAMES, delivered, date(2026, 11, 2)) == (
            "A-43 does not name “Value and return” (value_roi) among its concerns and is draft: "
            "until that changes, no report counts it as an answer."
        )
        (listed,) = list_requests(db, config, "all", now=NOW, overdue=False)
        assert listed.endswith(
            " · does not count: A-43 does not name “Value and return” (value_roi) among its concerns and is "
            "draft: until that changes, no report counts it as an answer."
        )
        (line,) = request_lines(db, config, date(2026, 11, 2))
        assert line.not_counted == not_counted(db, NAMES, delivered, date(2026, 11, 2))

        def owed() -> list[str]:
            found = clocks_of(
                db, [delivered], store.all_request_events(db), config, date(2027, 3, 1)
            )
            return [clock.promise for clock in found[1] if clock.is_overdue]

        assert owed() == []
        store.save_items(db, [dataclasses.replace(draft, status="live")])
        assert owed() == ["use"]

    def test_an_unknown_request_is_named(self, desk):
        assert refusal(accept, *desk, 8, who="Lena", now=NOW) == (
            "there is no request R-8; 'callinsight requests list --state all' shows them all"
        )

    def test_two_who_decide_at_once_do_not_both_decide(self, database, desk):
        ask(desk)
        told: list[str] = []
        together = threading.Barrier(2)

        def decide(who: str) -> None:
            with store.opened(database) as db:
                config = request_settings(db)
                together.wait()
                try:
                    told.append(accept(db, config, 1, who=who, now=NOW).state)
                except InputError as error:
                    told.append(str(error).partition(";")[0])

        threads = [threading.Thread(target=decide, args=(who,)) for who in ("Lena", "Ed")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == ["R-1 is accepted and cannot be accepted", "accepted"]

    def test_what_happened_is_never_changed(self, desk):
        db, _ = desk
        ask(desk)
        for change in ("UPDATE request_events SET who = 'x'", "DELETE FROM request_events"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed: add another"):
                db.execute(change)
            db.rollback()


class TestStanding:
    def test_a_past_day_is_told_as_it_was(self, desk):
        db, config = desk
        ask(desk)
        accept(db, config, 1, who="Lena", now=LATER)
        requests, happened = store.all_requests(db), store.all_request_events(db)

        def standing(day: int) -> list[str]:
            return [
                one.state for one in requests_as_of(requests, happened, config, date(2026, 11, day))
            ]

        assert [standing(day) for day in (1, 2, 4)] == [[], ["new"], ["accepted"]]

    def test_holidays_of_the_pipeline_file_count(self, desk):
        db, config = desk
        before = {**config.requests.deliver_days, "P1": 1}
        config = dataclasses.replace(
            config, requests=dataclasses.replace(config.requests, deliver_days={"P1": 1})
        )
        assert before["P3"] == 60
        draft = request(title="x", priority="P1")
        new_request(db, config, draft, who="Mara", now="2026-12-24T09:00:00+00:00")
        accept(db, config, 1, who="Lena", now="2026-12-24T09:00:00+00:00")
        clocks = clocks_of(
            db, store.all_requests(db), store.all_request_events(db), config, date(2026, 12, 24)
        )
        assert [c.due for c in clocks[1]] == ["2026-12-29", "2027-01-05", "2026-12-29"]

    def test_what_is_due_first_comes_first_and_late_ones_can_be_picked(self, desk):
        db, config = desk
        ask(desk, "first")
        ask(desk, "second", priority="P1")
        ask(desk, "third")
        decline(db, 3, who="Lena", now=NOW, note="no")
        accept(db, config, 1, who="Lena", now=NOW)
        day = date(2026, 11, 4)

        def listed(state: str, **options) -> list[int]:
            return [r.id for r, _ in requests_in(db, config, state, as_of=day, **options)]

        assert listed("open") == [2, 1]
        assert listed("all") == [2, 1, 3]
        assert listed("declined") == [3]
        assert listed("all", overdue=True) == [2]

    def test_settings_are_those_of_the_file_today_and_addresses_are_not_stored(self, tmp_path):
        database = make_desk(tmp_path, 'notify = ["json://user:secret@localhost"]')
        assert b"secret" not in database.read_bytes()
        with store.opened(database) as db:
            assert request_settings(db).requests.notify == ("json://user:secret@localhost",)
            (tmp_path / "sales_calls.toml").unlink()
            assert request_settings(db).requests.notify == ()

    def test_what_became_of_the_demand_is_told_once_it_is_delivered(self, desk):
        db, config = desk
        for month, raising in (("2026-09", 18), ("2026-12", 2)):
            cell = gap(id=GAP.replace("2026-10", month), month=month, raising=raising, eligible=20)
            store.replace_gaps(db, month, [cell])
        new_request(db, config, draft_from_gap(db, config, GAP), who="Mara", now=NOW)
        accept(db, config, 1, who="Lena", now=NOW)
        start(db, config, 1, who="Ed", now=NOW)
        assert effects_of(db, config) == {}
        deliver(db, 1, item="A-40", who="Ed", now=NOW)

        effect = effects_of(db, config)[1]

        assert effect.before.months == ("2026-09", "2026-10")
        assert (effect.before.raising, effect.before.eligible) == (21, 24)
        assert (effect.after.months, effect.verdict) == (("2026-12",), "fell")
        assert effects_of(db, config, until="2026-11")[1].verdict == "too_early"

    def test_a_report_shows_them_as_they_stood_with_what_became_of_the_demand(self, desk):
        db, config = desk
        store.replace_gaps(db, "2026-12", [gap(id="x", month="2026-12", raising=0, eligible=40)])
        new_request(db, config, draft_from_gap(db, config, GAP), who="Mara", now=NOW)
        accept(db, config, 1, who="Lena", now=NOW)
        start(db, config, 1, who="Ed", now=LATER)
        deliver(db, 1, item="A-40", who="Ed", now=LATER)

        def told(day: str) -> list[tuple[object, ...]]:
            return [
                (one.id, one.state, one.next_step, one.due, one.age_days, one.item, one.effect)
                for one in request_lines(db, config, date.fromisoformat(day))
            ]

        assert told("2026-11-01") == []
        assert told("2026-11-03") == [("R-1", "accepted", "deliver", "2026-11-30", 1, "", "")]
        before = "3 of 4 deals before, in October 2026 (28% to 97%)"
        early = f"too early to say: no later month has calls; {before}"
        fell = f"the demand fell; {before}, 0 of 40 deals after, in December 2026 (0% to 6%)"
        assert told("2026-11-30") == [("R-1", "delivered", "", "", 28, "A-40", early)]
        assert told("2026-12-31") == [("R-1", "delivered", "", "", 59, "A-40", fell)]
        assert told("2027-12-31")[0][-1] == ""


class TestWhatSalesOwes:
    def test_a_delivered_asset_that_nobody_uses_is_late_on_board_and_in_the_report(self, desk):
        db, config = desk
        ask(desk)
        accept(db, config, 1, who="Ed", now=NOW)
        start(db, config, 1, who="Ed", now=NOW)
        deliver(db, 1, item="A-41", who="Ed", now=NOW)
        later = date(2027, 1, 15)

        (line,) = request_lines(db, config, later)
        assert line.owed.startswith("use 2026-1")
        found = requests_in(db, config, "all", as_of=later, overdue=True)
        assert [one.id for one, _ in found] == [1]

        used = UsageEvent(id="u", item="A-41", occurred_at="2026-11-10", event="share")
        store.add_event(db, used)
        (line,) = request_lines(db, config, later)
        assert (line.owed, requests_in(db, config, "all", as_of=later, overdue=True)) == ("", [])


LEFT_OUT = " turn that may be about something else: left out here."
NONE_SURE = "None of these turns is sure to be about the concern: hear them first."


class TestBrief:
    def test_it_says_who_asks_what_is_said_what_is_there_and_by_when(self, desk):
        db, config = desk
        draft = dataclasses.replace(
            draft_from_gap(db, config, GAP),
            claims="Payback in months\n# a number",
            use="Board meetings",
            tried="A-40: too general",
            needed_by="2026-12-01",
        )
        new_request(db, config, draft, who="Mara", now=NOW)
        vote(db, 1, who="Jo <b>", now=NOW)
        accept(db, config, 1, who="Lena", now=NOW)

        text = brief_of(db, config, 1, as_of=date(2026, 11, 2))

        assert text == (Path(__file__).parent / "brief.md").read_text(encoding="utf-8")

    def test_the_surest_turns_come_first_one_of_each_account(self, desk):
        db, config = desk
        for call, account, score in (
            ("c1", "Globex", 0.9),
            ("c2", "Globex", 0.97),
            ("c3", "Acme", 0.8),
        ):
            db.execute(
                "UPDATE tags SET score = ? WHERE call = ? AND kind = 'concern'", [score, call]
            )
            db.execute("UPDATE calls SET account = ? WHERE id = ?", [account, call])
        ask(desk, concern="value_roi", persona="economic_buyer", stage="decision")

        text = brief_of(db, config, 1, as_of=date(2026, 11, 2))

        quoted = [line.rpartition("(")[2] for line in text.splitlines() if line.startswith("> —")]
        assert quoted == ["c2:0001)", "c3:0001)", "c1:0001)"]

    @pytest.mark.parametrize(
        ("scores", "quoted", "told"),
        [
            ((0.9, 0.79, 0.97), ["c3", "c1"], ["1" + LEFT_OUT]),
            ((0.9, 0.8, 0.8), ["c1", "c2", "c3"], []),
            ((0.4, 0.5, 0.6), ["c3", "c2", "c1"], [NONE_SURE]),
        ],
    )
    def test_what_may_be_about_something_else_is_not_quoted(self, desk, scores, quoted, told):
        db, config = desk
        for number, score in enumerate(scores, 1):
            db.execute("UPDATE tags SET score = ? WHERE call = ?", [score, f"c{number}"])
        ask(desk, concern="value_roi", persona="economic_buyer", stage="decision")

        text = brief_of(db, config, 1, as_of=date(2026, 11, 2))

        lines = text.splitlines()
        names = [line.rpartition("(")[2] for line in lines if line.startswith("> —")]
        assert names == [f"{call}:0001)" for call in quoted]
        assert [line for line in lines if line.endswith((LEFT_OUT, NONE_SURE))] == told

    def test_turns_that_no_longer_say_it_are_left_out(self, desk):
        db, config = desk
        new_request(db, config, draft_from_gap(db, config, GAP), who="Mara", now=NOW)
        store.replace_tags(db, "c1", ("concern",), [])
        add_turn(db, "c2", "D-2", "I like your office.")
        store.replace_tags(db, "c2", ("concern",), [])

        text = brief_of(db, config, 1, as_of=date(2026, 11, 2))

        assert "Show me the" not in text
        assert "office" not in text
        assert text.count("\n> “") == 1
        assert "2 turns of the evidence are not as it was: heard anew, or removed." in text

    def test_a_free_request_finds_the_latest_demand_of_its_cell(self, desk):
        ask(desk, concern="value_roi", persona="economic_buyer", stage="decision")
        text = brief_of(*desk, 1, as_of=date(2026, 11, 2))
        assert "October 2026: 3 of 4 deals raise it" in text
        assert text.count("\n> “") == 3

    def test_a_free_request_without_a_concern_has_a_brief_too(self, desk):
        ask(desk, deals=("D-1", "D-77"))
        text = brief_of(*desk, 1, as_of=date(2026, 11, 2))
        assert "2 deals behind it, £10,000 in those that are open:" in text
        assert "- D-77\n" in text
        assert "No call stands behind this request." in text
        assert "- Persona: all roles\n- Stage: all stages" in text


class TestExport:
    def test_no_cell_of_the_sheet_is_a_formula(self, desk):
        ask(desk, "=HYPERLINK(1)", competitor="@x", use="+1", claims='a "b"; c')
        rows = export_requests(*desk, "csv", as_of=date(2026, 11, 4)).decode("utf-8-sig")
        head, row = rows.splitlines()
        assert head.startswith("request,title,state,priority,next_step,due,late_business_days,")
        assert row == (
            "R-1,'=HYPERLINK(1),new,P2,acknowledge,2026-11-03,1,,,,,,Mara,0,,"
            '2026-11-02T10:00:00+00:00,,\'@x,"a ""b""; c",,\'+1,,'
        )

    @pytest.mark.parametrize("shape", ["ics", "csv", "json"])
    def test_the_same_requests_give_the_same_bytes(self, desk, shape):
        ask(desk)
        ask(desk, "Another")
        day = date(2026, 11, 4)
        first = export_requests(*desk, shape, as_of=day)
        assert export_requests(*desk, shape, as_of=day) == first
        assert b"Another" in first
        assert b"Another" not in export_requests(*desk, shape, as_of=day, ids={1})

    def test_json_has_everything(self, desk):
        import json

        ask(desk, deals=("D-1",))
        (one,) = json.loads(export_requests(*desk, "json", as_of=date(2026, 11, 4)))
        assert one["effect"] == ""
        assert (one["id"], one["deals"]) == ("R-1", ["D-1"])
        assert one["clocks"][0] == {
            "promise": "acknowledge",
            "due": "2026-11-03",
            "done_on": "",
            "late_days": 1,
        }
        assert one["events"] == [{"at": NOW, "who": "Mara", "event": "new", "note": ""}]
