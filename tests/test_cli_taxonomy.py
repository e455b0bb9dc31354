"""`callinsight taxonomy lint` as a person or a program runs it."""

import json

import pytest
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

STARTER = DEFAULT_TAXONOMY.read_text(encoding="utf-8")
HORSE = '\n[asks.horse]\nlabel = "Horse"\ncontent_types = ["demo"]\npatterns = []\n'
UNASKED = (
    "[content_types]: no ask is answered by blog, ebook, infographic, talk_track, newsletter; "
    "name them under an ask that they answer; if none asks for them, leave it so"
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALLINSIGHT_DB", raising=False)
    path = tmp_path / "taxonomy.toml"
    path.write_text(STARTER, encoding="utf-8")
    return path


def lint(*words):
    return CliRunner().invoke(app, ["taxonomy", "lint", *map(str, words)])


def test_warnings_do_not_fail(file):
    result = lint(file)

    assert (result.exit_code, result.stdout) == (0, f"Warnings:\n{file}: {UNASKED}\n")


def test_errors_come_first_and_fail(file):
    file.write_text(STARTER + HORSE, encoding="utf-8")

    result = lint(file)

    assert result.exit_code == 1
    assert result.stdout == (
        f"Errors:\n{file}: [asks.horse]: has no phrase, so it is never found; "
        f"write phrases under patterns, or remove the ask\nWarnings:\n{file}: {UNASKED}\n"
    )


def test_for_a_program(file):
    file.write_text(STARTER + HORSE, encoding="utf-8")

    result = lint(file, "--format", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0] == {
        "file": str(file),
        "level": "error",
        "section": "[asks.horse]",
        "problem": "has no phrase, so it is never found",
        "advice": "write phrases under patterns, or remove the ask",
    }


def test_nothing_to_mend_is_said_on_stderr(file):
    unasked = ["blog", "ebook", "infographic", "talk_track", "newsletter"]
    listed = 'content_types = ["case_study"]'
    more = f'content_types = ["case_study", {", ".join(map(json.dumps, unasked))}]'
    file.write_text(STARTER.replace(listed, more, 1), encoding="utf-8")

    result = lint(file)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{file}: nothing to mend.\n"


def test_the_database_knows_what_the_version_stood_for(file, tmp_path):
    taxonomy = load_taxonomy(file)
    path = tmp_path / "calls.db"
    with store.opened(path, create=True) as db:
        store.save_setting(db, "taxonomy", f"{taxonomy.version} {taxonomy.digest}")
    assert lint(file, "--db", path).exit_code == 0

    file.write_text(STARTER.replace("Value and return", "Value for money"), encoding="utf-8")
    result = lint(file, "--db", path)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == (
        f"{file}: version: the definitions are not those that version '{taxonomy.version}' "
        "was last used with; write a new version, for it stands on each tag"
    )
    assert lint(file).exit_code == 0


def test_a_database_that_is_not_there_is_no_error_unless_it_is_named(file, tmp_path):
    assert lint(file).exit_code == 0
    assert lint(file, "--db", tmp_path / "gone.db").exit_code == 2
