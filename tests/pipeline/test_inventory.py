from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest
from material import ROOT, Project, write_vtt
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.config import load_config
from callinsight.errors import InputError
from callinsight.pipeline.content import load_content
from callinsight.pipeline.inventory import import_items
from callinsight.pipeline.matching import judge, match_gap
from callinsight.pipeline.report import report_of
from callinsight.pipeline.run import stored_config
from callinsight.records import Suggestion
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

EXAMPLE = ROOT / "content_inventory" / "example"
TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
NOW = "2026-10-31T12:00:00+00:00"
LATER = "2026-11-01T12:00:00+00:00"
runner = CliRunner()


@pytest.fixture
def db(tmp_path):
    with store.opened(tmp_path / "callinsight.db", create=True) as opened:
        yield opened


@pytest.fixture
def export(tmp_path):
    def write(*rows: str, name: str = "export.csv"):
        path = tmp_path / name
        path.write_text("\n".join(["Id,Title,Type,Owner", *rows]), encoding="utf-8")
        return path

    return write


def test_an_import_is_an_upsert_and_its_history_is_kept(db, export):
    first = import_items(db, export("1,A,blog,", "2,B,ebook,Ann"), mapping=None, now=NOW)
    again = import_items(db, export("1,A,blog,", "2,B,ebook,Ann"), mapping=None, now=LATER)
    changed = import_items(db, export("1,A2,blog,Bo"), mapping=None, now=LATER)

    assert ([i.id for i in first.new], first.changed, first.unchanged) == (["1", "2"], (), 0)
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)
    assert [(c.field, c.before, c.after) for c in changed.changed] == [
        ("title", "A", "A2"),
        ("owner", "", "Bo"),
    ]
    assert changed.gone == ("2",)
    assert [i.title for i in store.all_items(db)] == ["A2", "B"]
    assert [i.listed_at for i in store.all_items(db)] == ["export.csv:2", "export.csv:3"]
    assert [(c.at, c.source, c.field, c.after) for c in store.item_changes(db, "1")] == [
        (NOW, "import export.csv", "", "A"),
        (LATER, "import export.csv", "title", "A2"),
        (LATER, "import export.csv", "owner", "Bo"),
    ]


def test_a_row_that_moves_is_no_change(db, export):
    import_items(db, export("1,A,blog,"), mapping=None, now=NOW)
    moved = import_items(db, export("2,B,ebook,Ann", "1,A,blog,"), mapping=None, now=LATER)

    assert (moved.changed, moved.unchanged) == ((), 1)
    assert store.all_items(db)[0].listed_at == "export.csv:3"


def test_a_dry_run_before_there_is_a_database_makes_none(export, tmp_path):
    database = tmp_path / "new" / "callinsight.db"
    told = runner.invoke(
        app, ["inventory", "import", str(export("1,A,blog,")), "--dry-run", "--db", str(database)]
    )

    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout == "1 would be new, 0 would be changed, 0 unchanged\nnew: 1  A  [blog]\n"
    assert not database.parent.exists()


def test_an_inventory_that_no_run_came_to_is_listed_and_reported_on(db, export, tmp_path):
    import_items(db, export("1,A,blog,", "2,B,ebook,Ann"), mapping=None, now=NOW)
    base = ["--db", str(tmp_path / "callinsight.db")]
    month = ["--month", "2026-10", "--out", str(tmp_path / "reports")]

    gaps = runner.invoke(app, ["gaps", "--as-of", "2026-10-31", *base])
    unused = runner.invoke(app, ["unused", "--as-of", "2026-10-31", *base])
    report = runner.invoke(app, ["report", *month, "--format", "html,md,csv,xlsx,json", *base])

    assert [told.exit_code for told in (gaps, unused, report)] == [0, 0, 0]
    page = (tmp_path / "reports" / "2026-10" / "report.md").read_text()
    assert page.splitlines()[6:12] == [
        (
            "There are no calls in this month. Nothing can be said of demand; what follows is about the "
            "inventory."
        ),
        "",
        "- 2 assets of 2 are live.",
        "- Of what is live: 2 without any date, which nobody knows to be fresh.",
        (
            "- Two name no concern and answer nothing until somebody names one; 'callinsight inventory "
            "suggest' proposes."
        ),
        "- 1 of 2 live assets has an owner.",
    ]
    assert "What changed since" not in page


def test_nothing_at_all_is_no_report(tmp_path):
    store.opened(tmp_path / "new.db", create=True).__enter__().close()
    told = runner.invoke(app, ["gaps", "--db", str(tmp_path / "new.db")])
    assert (told.exit_code, told.stderr) == (
        2,
        "Error: no pipeline has run into this database yet: 'callinsight run PIPELINE.toml'\n",
    )


class TestAcceptAll:
    @pytest.fixture
    def proposed(self, db, export, tmp_path):
        """A database with proposals for two assets, and one for an asset that is gone."""
        import_items(db, export("1,A,blog,", "2,B,ebook,Ann"), mapping=None, now=NOW)
        store.save_suggestions(
            db,
            [
                Suggestion(item=id_, field=field, value=value, score=score, why="")
                for id_, field, value, score in (
                    ("1", "concerns", "value_roi", 0.9),
                    ("1", "concerns", "need_fit", 0.6),
                    ("2", "concerns", "value_roi", 0.8),
                    ("2", "personas", "champion", 0.64),
                    ("gone", "concerns", "value_roi", 0.95),
                )
            ],
        )
        return tmp_path / "callinsight.db"

    def run(self, database, *words):
        return runner.invoke(app, ["inventory", "accept", *words, "--db", str(database)])

    def test_what_is_likely_enough_is_taken_and_kept_in_the_history(self, proposed, db):
        told = self.run(proposed, "--all", "--at-least", "0.8", "--who", "Mara")

        assert told.stdout == (
            "1  concerns=value_roi  0.90 [accepted]\n2  concerns=value_roi  0.80 [accepted]\n"
        )
        assert told.stderr == (
            "Tags: 2 accepted, of 2 assets. Nobody has looked at them one by one, so such an asset makes "
            "a gap weak, and nothing covered, until 'callinsight inventory accept ID' says that it is "
            "right.\n"
        )
        assert [(i.concerns, i.personas) for i in store.all_items(db)] == [(("value_roi",), ())] * 2
        change = store.item_changes(db, "2")[-1]
        assert (change.source, change.field, change.after) == ("Mara", "concerns", "value_roi")
        left = [s.value for s in store.all_suggestions(db) if s.status == "proposed"]
        assert sorted(left) == ["champion", "need_fit", "value_roi"]

    def bulk(self, db):
        return {(s.item, s.value) for s in store.all_suggestions(db) if s.in_bulk}

    def test_who_looks_at_an_asset_takes_its_tags_out_of_the_bulk(self, proposed, db):
        self.run(proposed, "--all", "--at-least", "0.8")
        assert self.bulk(db) == {("1", "value_roi"), ("2", "value_roi")}

        told = self.run(proposed, "1", "concerns=value_roi", "--who", "Ida")

        assert told.stdout == "1: concerns value_roi accepted\n"
        assert self.bulk(db) == {("2", "value_roi")}
        told = self.run(proposed, "2", "--who", "Ida")
        assert told.stdout == "2: concerns value_roi accepted\n2: personas champion accepted\n"
        assert self.bulk(db) == set()

    def test_an_export_that_names_the_tag_takes_it_out_of_the_bulk(self, proposed, db, tmp_path):
        self.run(proposed, "--all", "--at-least", "0.8")
        (tmp_path / "export.csv").write_text(
            "id,title,type,concerns\n1,A,blog,value_roi\n2,B,ebook,\n"
        )
        import_items(db, tmp_path / "export.csv", mapping=None, now=NOW)

        assert self.bulk(db) == {("2", "value_roi")}

    def test_a_dry_run_lists_and_leaves_all_as_it_is(self, proposed, db):
        told = self.run(proposed, "--all", "--dry-run")

        assert told.stdout == (
            "1  concerns=value_roi  0.90\n1  concerns=need_fit  0.60\n"
            "2  concerns=value_roi  0.80\n2  personas=champion  0.64\n"
        )
        assert told.stderr == "Tags: 4 would be accepted, of 2 assets.\n"
        assert [i.concerns for i in store.all_items(db)] == [(), ()]

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            ([], "name an asset, or say --all for all that is proposed"),
            (["1", "--all"], "name an asset, or say --all for all that is proposed"),
            (["1", "--dry-run"], "--at-least and --dry-run go with --all"),
            (
                ["--all"],
                (
                    "--all needs --at-least SHARE, such as 0.8: concerns are proposed from 0.5 on, of which "
                    "three to nine in ten were right in inventories that people tagged, and the score of a "
                    "persona or stage is a share of deals; 'accept --all --dry-run' lists all"
                ),
            ),
            (
                ["--all", "--at-least", "0.96"],
                (
                    "nothing is proposed that is at least 0.96 likely; 'callinsight inventory "
                    "suggestions' lists what is, 'callinsight inventory suggest' proposes anew"
                ),
            ),
        ],
    )
    def test_what_cannot_be(self, proposed, words, problem):
        told = self.run(proposed, *words)
        assert (told.exit_code, told.stderr) == (2, f"Error: {problem}\n")


def test_a_dry_run_writes_nothing(db, export):
    done = import_items(db, export("1,A,blog,"), mapping=None, now=NOW, dry_run=True)

    assert [i.id for i in done.new] == ["1"]
    assert store.all_items(db) == []
    assert store.item_changes(db, "1") == []


def test_what_was_imported_stays_when_the_sheets_are_loaded_again(
    db, export, project: Project
) -> None:
    config = project.config()
    import_items(db, export("1,A,blog,"), mapping=None, now=NOW)
    (project.folder / "usage.csv").write_text(
        "asset_id,occurred_at,event\nA-1,2026-10-02,share\n1,2026-10-03,download\n"
    )
    load_content(db, config, TAXONOMY)
    load_content(db, config, TAXONOMY)
    assert [(i.id, i.source) for i in store.all_items(db)] == [
        ("1", "import export.csv"),
        ("A-1", "items.csv"),
    ]
    assert [e.item for e in sorted(store.all_events(db), key=lambda e: e.item)] == ["1", "A-1"]
    assert store.problems(db) == []
    assert len(store.item_changes(db, "A-1")) == 1

    (project.folder / "items.csv").write_text("asset_id,title,content_type\nA-2,B,blog\n")
    (project.folder / "usage.csv").write_text("asset_id,occurred_at,event\n")
    load_content(db, config, TAXONOMY)
    assert [i.id for i in store.all_items(db)] == ["1", "A-2"]
    assert [(c.field, c.before, c.after) for c in store.item_changes(db, "A-1")] == [
        ("", "", "Price list"),
        ("", "Price list", ""),
    ]


def test_an_asset_that_a_sheet_lists_is_not_overwritten(db, export, project: Project) -> None:
    load_content(db, project.config(), TAXONOMY)
    done = import_items(db, export("A-1,Other,blog,"), mapping=None, now=NOW)

    assert done.problems == (
        "A-1: items.csv lists this asset; change it there, or remove its row there and import again",
    )
    assert [i.title for i in store.all_items(db)] == ["Price list"]


def test_a_file_that_is_not_there(db, tmp_path):
    with pytest.raises(InputError) as caught:
        import_items(db, tmp_path / "gone.csv", mapping=None, now=NOW)
    assert str(caught.value) == (
        f"{tmp_path / 'gone.csv'}: there is no such file or folder; name an export as CSV, or a "
        "folder of Markdown"
    )


def test_a_file_with_nothing_in_it(db, tmp_path):
    (tmp_path / "export.csv").write_text("\n")
    with pytest.raises(InputError) as caught:
        import_items(db, tmp_path / "export.csv", mapping=None, now=NOW)
    assert str(caught.value) == (
        f"{tmp_path / 'export.csv'}: there is nothing in this file; export it again, with a first line "
        "that names the columns"
    )


class TestCommands:
    def run(self, *args, code: int = 0):
        result = runner.invoke(app, ["inventory", *map(str, args)])
        assert result.exit_code == code, result.output
        return result

    def test_from_an_export_to_a_list_and_a_history(self, tmp_path):
        db = ["--db", tmp_path / "new.db"]
        told = self.run("import", EXAMPLE / "export.csv", "--map", EXAMPLE / "mapping.toml", *db)
        listed = json.loads(self.run("list", "--format", "json", *db).stdout)
        sheet = self.run("list", "--format", "csv", *db).stdout
        past = self.run("history", listed[0]["id"], *db).stdout

        assert told.stdout == "47 new, 0 changed, 0 unchanged, 1 skipped\n"
        assert len(listed) == 47 == sheet.count("import export.csv")
        assert past.endswith(f"  import export.csv: came: {listed[0]['title']}\n")

    def test_a_mapping_is_written_once(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        told = self.run("map", EXAMPLE / "export.csv")
        assert told.stderr == (
            f"mapping.toml: check the guesses, then 'callinsight inventory import "
            f"{EXAMPLE / 'export.csv'} --map mapping.toml --dry-run'\n"
        )
        again = self.run("map", EXAMPLE / "export.csv", code=2)
        assert again.stderr == (
            "Error: mapping.toml: this file is there already; name another with --out FILE\n"
        )

    def test_formulas_in_a_title_are_no_formulas_in_a_sheet(self, tmp_path):
        file = tmp_path / "export.csv"
        file.write_text('Title,Type\n"=HYPERLINK(""http://x"")",blog\n')
        self.run("import", file, "--db", tmp_path / "new.db")
        sheet = self.run("list", "--format", "csv", "--db", tmp_path / "new.db").stdout
        assert "\"'=HYPERLINK(" in sheet


def test_the_config_of_the_demo_loads_its_inventory(db) -> None:
    config = load_config(ROOT / "pipelines" / "demo.toml")
    load_content(db, config, TAXONOMY)
    before = [dataclasses.astuple(e) for e in store.all_events(db)]
    load_content(db, config, TAXONOMY)
    assert [dataclasses.astuple(e) for e in store.all_events(db)] == before
    assert len(before) == 301


class TestAnswers:
    @pytest.fixture
    def held(self, tmp_path):
        """A database with two assets and what is proposed of one."""
        path = tmp_path / "held.db"
        file = tmp_path / "export.csv"
        file.write_text("Id,Title,Type\n1,A,blog\n2,B,case study\n")
        with store.opened(path, create=True) as opened:
            import_items(opened, file, mapping=None, now=NOW)
            proposed = [
                Suggestion(item="1", field=field, value=value, score=0.8, why="")
                for field, value in (("concerns", "value_roi"), ("personas", "economic_buyer"))
            ]
            store.save_suggestions(opened, proposed)
        return path

    def run(self, *args, code: int = 0):
        result = runner.invoke(app, ["inventory", *map(str, args)])
        assert result.exit_code == code, result.output
        return result

    def tags(self, path) -> dict[str, tuple]:
        with store.opened(path) as opened:
            return {i.id: (i.concerns, i.personas) for i in store.all_items(opened)}

    def test_what_is_accepted_applies_and_survives_another_import(self, held, tmp_path):
        told = self.run("accept", "1", "--who", "Mara", "--db", held)
        assert (
            told.stdout == "1: concerns value_roi accepted\n1: personas economic_buyer accepted\n"
        )
        assert self.tags(held)["1"] == (("value_roi",), ("economic_buyer",))

        self.run("import", tmp_path / "export.csv", "--db", held)
        assert self.tags(held)["1"] == (("value_roi",), ("economic_buyer",))
        with store.opened(held) as opened:
            past = store.item_changes(opened, "1")
        assert [(c.source, c.field, c.after) for c in past] == [
            ("import export.csv", "", "A"),
            ("Mara", "concerns", "value_roi"),
            ("Mara", "personas", "economic_buyer"),
        ]

    def test_a_rejected_value_is_taken_back_and_a_value_of_ones_own_is_taken(self, held):
        self.run("accept", "1", "concerns=value_roi", "concerns=need_fit", "--db", held)
        self.run("reject", "1", "concerns=value_roi", "--db", held)
        assert self.tags(held)["1"] == (("need_fit",), ())
        listed = json.loads(self.run("suggestions", "--format", "json", "--db", held).stdout)
        assert {(one["value"], one["status"]) for one in listed} == {
            ("value_roi", "rejected"),
            ("need_fit", "accepted"),
            ("economic_buyer", "proposed"),
        }

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (
                ("9",),
                "there is no asset '9'; 'callinsight inventory list' shows the ids of all",
            ),
            (
                ("2",),
                (
                    "nothing is proposed of '2'; 'callinsight inventory suggest' proposes, or name a "
                    "value, such as concerns=price_budget"
                ),
            ),
            (
                ("1", "concern=x"),
                (
                    "'concern=x' is no FIELD=VALUE; write concerns, personas or stages, and a value, such "
                    "as concerns=price_budget"
                ),
            ),
            (
                ("1", "concerns=value_roy"),
                "'value_roy' is none of your concerns; did you mean 'value_roi'?",
            ),
        ],
    )
    def test_what_cannot_be_accepted(self, held, args, message):
        assert self.run("accept", *args, "--db", held, code=2).stderr == f"Error: {message}\n"

    def test_proposals_come_from_the_words(self, held, tmp_path):
        file = tmp_path / "more.csv"
        file.write_text(
            "Id,Title,Type,Summary\n3,Roles and permissions,data sheet,"
            '"Who may see personal data, encryption at rest, and the log of who looked."\n'
        )
        self.run("import", file, "--db", held)
        told = json.loads(self.run("suggest", "--format", "json", "--db", held).stdout)
        assert [(o["field"], o["value"]) for o in told if o["item"] == "3"] == [
            ("concerns", "security_compliance"),
        ]

    def test_without_calls_it_says_from_what_little_it_proposes(self, held):
        assert self.run("suggest", "--db", held).stderr.endswith(
            "No calls are counted yet: personas are not proposed, and stages only from what titles and "
            "summaries say. Propose again once 'callinsight run PIPELINE.toml' has read calls.\n"
        )

    def test_lint_says_what_to_mend(self, held):
        told = self.run("lint", "--as-of", "2026-10-31", "--db", held)
        assert told.stdout.splitlines()[:2] == [
            "Advice:",
            (
                "export.csv:2: 1: nothing says when it was published or checked; fill in published_on "
                "or updated_on; without them nobody knows whether it is fresh"
            ),
        ]
        assert told.stderr == (
            "Found: 2 no date, 2 no owner, 2 no concern, 2 no summary, 2 no word on product\n"
        )
        with store.opened(held) as opened:
            twin = dataclasses.replace(store.all_items(opened)[0], personas=("plumber",))
            store.save_items(opened, [twin])
        listed = json.loads(self.run("lint", "--format", "json", "--db", held, code=1).stdout)
        assert (listed[0]["level"], listed[0]["rule"], listed[0]["asset"]) == (
            "error",
            "unknown word",
            "1",
        )


class TestMatching:
    GAP = "2026-10/price_budget/economic_buyer/decision"

    @pytest.fixture
    def ran(self, project: Project):
        """A project that has run, and one more asset."""
        project.run()
        with store.opened(project.database) as opened:
            file = project.folder / "more.csv"
            file.write_text("Id,Title,Type\nB-1,Discounts for small budgets,pricing sheet\n")
            import_items(opened, file, mapping=None, now=NOW)
        return project

    def test_tags_then_likeness_then_a_persons_word(self, ran):
        with store.opened(ran.database) as opened:
            gaps = {gap.id for gap in store.gaps_of_month(opened, "2026-10")}
            assert self.GAP in gaps
            cell, before = match_gap(opened, self.GAP)
            judge(opened, self.GAP, "A-1", answers_it=False, who="Mara", now=LATER[:10])
            judge(opened, self.GAP, "b-1", answers_it=True, who="Mara", now="2026-10-31")
            _, after = match_gap(opened, self.GAP)
            _, in_november = match_gap(opened, self.GAP, as_of=date(2026, 11, 30))

        assert (before.supply, [m.item.id for m in before.candidates]) == ("fits", ["A-1", "B-1"])
        assert (cell.verdict, cell.supply) == ("too_few_calls", 1)
        assert before.candidates[1].obstacles == ("names no such concern",)
        # the first was denied after the period's last day: it says what the asset is, then too
        assert "A-1" not in [m.item.id for m in after.candidates]
        assert "A-1" not in [m.item.id for m in in_november.candidates]

    def test_the_command_keeps_the_verdict_apart_from_what_there_is(self, ran):
        told = runner.invoke(app, ["inventory", "match", self.GAP, "--db", str(ran.database)])
        as_json = runner.invoke(
            app,
            ["inventory", "match", self.GAP, "--format", "json", "--db", str(ran.database)],
        )

        assert told.stdout.splitlines()[:2] == [
            f"{self.GAP}: too_few_calls",
            "Supply: fits, 1 asset named for it, live and fresh",
        ]
        said = json.loads(as_json.stdout)
        assert (said["verdict"], said["supply"]) == ("too_few_calls", "fits")

    def test_a_persons_word_is_shown_as_one(self, ran):
        with store.opened(ran.database) as opened:
            judge(opened, self.GAP, "A-1", answers_it=False, who="Mara", now="2026-10-30")
            judge(opened, self.GAP, "B-1", answers_it=True, who="Anna", now="2026-10-31T09:00:00Z")
            report, _ = report_of(opened, stored_config(opened), "2026-10")
        told = runner.invoke(app, ["inventory", "match", self.GAP, "--db", str(ran.database)])

        assert told.stdout.splitlines()[2:] == [
            "  B-1  Discounts for small budgets: unfindable; confirmed by Anna on 31 October 2026",
            "  A-1: denied by Mara on 30 October 2026",
        ]
        (gaps,) = (table for table in report.tables if table.name == "gaps")
        at = [column.name for column in gaps.columns].index("judged")
        assert [row[at] for row in gaps.rows if row[0] == self.GAP] == [
            "A-1 denied by Mara on 30 October 2026; B-1 confirmed by Anna on 31 October 2026"
        ]

    def test_confirming_says_why_it_does_not_count(self, ran):
        confirm = ["inventory", "confirm", self.GAP, "B-1", "--db", str(ran.database)]
        unfindable = runner.invoke(app, confirm)
        with store.opened(ran.database) as opened:
            opened["content_items"].update("B-1", {"status": "archived"})
        archived = runner.invoke(app, confirm)

        assert (unfindable.exit_code, unfindable.stdout) == (0, f"B-1 answers {self.GAP}\n")
        assert unfindable.stderr.splitlines()[-1] == (
            "it does not count as an answer yet: unfindable; mend that in the inventory"
        )
        assert (archived.exit_code, archived.stderr) == (
            2,
            (
                "Error: B-1 is archived, so that it answers nothing, whatever people say; set its status to "
                "live in the inventory and import it, or confirm another asset\n"
            ),
        )

    def test_commands_that_change_what_answers_count_the_gaps_anew(self, ran):
        more = ran.folder / "other.csv"
        more.write_text(
            "Id,Title,Type,Concerns,Link\nC-1,Budgets,pricing sheet,price_budget,https://c.example\n"
        )

        def after(*words: str) -> int:
            done = runner.invoke(app, ["inventory", *words, "--db", str(ran.database)])
            assert done.exit_code == 0, done.stderr
            told = runner.invoke(app, ["gaps", "--format", "json", "--db", str(ran.database)])
            (fresh,) = [one for one in json.loads(told.stdout) if one["id"] == self.GAP]
            with store.opened(ran.database) as opened:
                kept = store.get_gap(opened, self.GAP)
            assert (kept.supply, kept.verdict) == (fresh["supply"], fresh["verdict"])
            return kept.supply

        supplies = [
            after("deny", self.GAP, "A-1", "--who", "Mara"),
            after("confirm", self.GAP, "A-1", "--who", "Mara"),
            after("import", str(more)),
        ]
        assert supplies == [0, 1, 2]

    def test_the_word_counts_in_the_gaps_of_the_next_run(self, ran):
        with store.opened(ran.database) as opened:
            judge(opened, self.GAP, "A-1", answers_it=False, who="Mara", now="2026-10-01T00:00:00Z")
        ran.run()
        with store.opened(ran.database) as opened:
            (gap,) = [g for g in store.gaps_of_month(opened, "2026-10") if g.id == self.GAP]
            assert gap.supply == 0
            assert [i.id for i in store.all_items(opened)] == ["A-1", "B-1"]

    def test_a_gap_that_is_not_there(self, ran):
        result = runner.invoke(
            app, ["inventory", "confirm", "2026-10/x", "A-1", "--db", str(ran.database)]
        )
        assert (result.exit_code, result.stderr) == (
            2,
            (
                "Error: there is no gap '2026-10/x'; 'callinsight gaps --format csv' lists those there "
                "are\n"
            ),
        )


def test_mentions_are_found_on_each_run_once(project: Project) -> None:
    (project.folder / "items.csv").write_text(
        "asset_id,title,content_type,concerns,url\n"
        "A-1,Gravel handbook,ebook,price_budget,\nA-2,Price list,pricing_sheet,price_budget,\n"
    )
    (project.folder / "usage.csv").write_text("asset_id,occurred_at,event\n")
    write_vtt(
        project.folder / "files" / "talk-1.vtt",
        [
            ("Dana Whitfield", "I'll send you the gravel handbook this afternoon."),
            ("Ann Lee", "Could you send me a price list?"),
        ],
    )
    project.run()
    rows = project.rows()
    project.run()
    assert project.rows() == rows
    with store.opened(project.database) as opened:
        (event,) = [e for e in store.all_events(opened) if e.confidence >= 0.6]
    assert (event.item, event.event, event.source, event.call, event.occurred_at) == (
        "A-1",
        "call_mention",
        "call",
        "talk-1",
        "2026-10-05",
    )
    assert event.utterance == "talk-1:0000"


def test_a_page_outside_the_folders_that_say_the_type(db, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "about.md").write_text("# About us\n\nSome words.\n")

    done = import_items(db, tmp_path / "pages", mapping=None, now=NOW)

    told = (
        "about.md: it lies in no folder that could say its content_type; put it into one, or write "
        'content_type = "..." below [defaults] in mapping.toml'
    )
    assert done.problems == (told,)


def test_a_folder_without_types_is_told_by_its_folders(db, tmp_path):
    pages = tmp_path / "pages"
    for name in ("case-studies/alder.md", "blog/one.md", "odds/two.md"):
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(f"# About {name}\n\nSome words.\n")

    done = import_items(db, pages, mapping=None, now=NOW)

    assert sorted(item.content_type for item in done.new) == ["blog", "case_study"]
    assert done.notes[0] == (
        "pages: no column says the content type, so that the folder does; 'callinsight inventory map "
        "pages' shows what each folder was taken for"
    )
    assert done.problems[0].startswith(
        "odds/two.md: 'odds' is no content_type; write what it means"
    )
