"""Definitions are kept each time they come into use, and the terminal says what changed."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from material import ROOT
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.config import load_config, settings_text
from callinsight.pipeline.definitions import keep_definitions, redefined, revisions
from callinsight.records import Edition, Snapshot
from callinsight.reports.definitions import content_of
from callinsight.reports.numbers import numbers_of, to_json
from callinsight.reports.redefined import Redefined
from callinsight.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(ROOT / "pipelines" / "taxonomy.toml")
CONFIG = load_config(ROOT / "pipelines" / "demo.toml")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Definitions of September, changed in October."""
    path = tmp_path / "callinsight.db"
    price = replace(TAXONOMY.concerns["price_budget"], description="Money.")
    older = replace(TAXONOMY, concerns={**TAXONOMY.concerns, "price_budget": price}, version="1")
    with store.opened(path, create=True) as db:
        store.save_setting(db, "settings", settings_text(CONFIG))
        for taxonomy, moment in (
            (older, "2026-09-01T08:00:00Z"),
            (TAXONOMY, "2026-10-05T08:00:00Z"),
        ):
            edition = Edition(
                version=taxonomy.version,
                digest=taxonomy.digest,
                used_from=moment,
                content=content_of(taxonomy),
            )
            assert store.add_edition(db, edition)
    return path


def test_only_definitions_that_differ_are_kept(database: Path) -> None:
    with store.opened(database) as db:
        keep_definitions(db, TAXONOMY)
        assert len(store.all_editions(db)) == 2

        keep_definitions(db, replace(TAXONOMY, version="2027-01"))
        (*_, last) = store.all_editions(db)
        assert (last.id, last.version) == (3, "2027-01")
        assert last.used_from > "2026"


def test_a_new_number_of_the_same_words_is_no_change(database: Path) -> None:
    with store.opened(database) as db:
        (october,) = revisions(db)
        assert october.changes == ("Concern “Price and budget”: its meaning changed.",)
        keep_definitions(db, replace(TAXONOMY, version="2027-01"))
        assert revisions(db) == [october]


def test_what_changed_is_told_against_the_month_that_is_compared(database: Path) -> None:
    with store.opened(database) as db:
        since_september = redefined(db, CONFIG, TAXONOMY, "2026-09", {})
        since_october = redefined(db, CONFIG, TAXONOMY, "2026-10", {})
        since_august = redefined(db, CONFIG, TAXONOMY, "2026-08", {})

    assert since_september == Redefined(
        since="the end of September 2026",
        sentence=(
            "Changed since the end of September 2026. A number before and after may mean different "
            "things."
        ),
        changes=("Concern “Price and budget”: its meaning changed.",),
    )
    assert since_october == Redefined(
        since="the end of October 2026",
        sentence="No definition changed since the end of October 2026.",
        changes=(),
    )
    assert since_august is not None
    assert since_august.sentence.startswith(
        "Changed since 1 September 2026, when they were first kept. "
    )


def test_what_changed_is_told_against_what_the_last_report_was_made_with(database: Path) -> None:
    with store.opened(database) as db:
        first, _ = store.all_editions(db)
        numbers = numbers_of(
            "2026-09",
            date(2026, 9, 30),
            calls=[],
            gaps=[],
            unused=[],
            items=[],
            requests=[],
            taxonomy=TAXONOMY,
            versions={},
            rules={"min_deals": 4, "target_supply": 2},
        )
        told = Snapshot(
            month="2026-09",
            taken_at="2026-10-20T08:00:00Z",  # after the change, but made with what was before
            as_of="2026-09-30",
            digest="d",
            definitions=f"{first.version} {first.digest}",
            tagger="",
            speech="",
            content=to_json(numbers),
        )
        store.add_snapshot(db, told)
        found = redefined(db, CONFIG, TAXONOMY, "2026-09", {"min_deals": 5, "target_supply": 2})

    assert found == Redefined(
        since="the report of 20 October 2026 on September 2026",
        sentence=(
            "Changed since the report of 20 October 2026 on September 2026. A number before and "
            "after may mean different things."
        ),
        changes=(
            "Concern “Price and budget”: its meaning changed.",
            "The fewest deals of a verdict: 4 before, 5 now.",
        ),
    )


def test_the_terminal_shows_words_and_changes(database: Path) -> None:
    shown = CliRunner().invoke(app, ["taxonomy", "show", "--db", str(database)])

    assert shown.exit_code == 0
    assert shown.stdout.startswith("# Definitions, version 2026-11.1\n")
    assert "- **Delivered, P1**: Within 10 business days of accepting it.\n" in shown.stdout
    assert shown.stdout.endswith(
        "\n## What has changed\n\nVersion 2026-11.1, in use from 5 October 2026:\n\n"
        "- Concern “Price and budget”: its meaning changed.\n"
    )


def test_the_page_shows_the_same_and_stands_alone(database: Path) -> None:
    shown = CliRunner().invoke(app, ["taxonomy", "show", "--format", "html", "--db", str(database)])

    page = shown.stdout
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert page.startswith("<!doctype html>\n")
    assert "<title>Definitions, version 2026-11.1 · Tallybrook</title>" in page
    assert '<h2 id="promises-on-content-requests">Promises on content requests</h2>' in page
    assert "<dt>Delivered, P1</dt><dd>Within 10 business days of accepting it</dd>" in page
    assert "<h3>Version 2026-11.1, in use from 5 October 2026</h3>" in page
    assert "<li>Concern “Price and budget”: its meaning changed.</li>" in page
    assert all(f'<a href="#{id_}">' in page for id_ in re.findall(r'<h2 id="([^"]+)"', page))
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_hostile_words_of_a_definition_stay_words(tmp_path: Path) -> None:
    text = (ROOT / "pipelines" / "taxonomy.toml").read_text(encoding="utf-8")
    file = tmp_path / "taxonomy.toml"
    file.write_text(text.replace('label = "Price and budget"', "label = '<b onclick=x>'"))

    shown = CliRunner().invoke(app, ["taxonomy", "show", str(file), "--format", "html"])

    assert "<dt>&lt;b onclick=x&gt;</dt>" in shown.stdout
    assert "<b onclick" not in shown.stdout


def test_without_a_database_a_file_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    shown = CliRunner().invoke(app, ["taxonomy", "show", str(ROOT / "pipelines" / "taxonomy.toml")])

    assert shown.exit_code == 0
    assert "What has changed" not in shown.stdout
