from __future__ import annotations

import dataclasses
import json

import pytest
from material import ROOT, Project
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.config import load_config
from callinsight.errors import InputError
from callinsight.pipeline.content import load_content
from callinsight.pipeline.inventory import import_items
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
    assert [(c.at, c.source, c.field, c.after) for c in store.item_changes(db, "1")] == [
        (NOW, "import export.csv", "", "A"),
        (LATER, "import export.csv", "title", "A2"),
        (LATER, "import export.csv", "owner", "Bo"),
    ]


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
