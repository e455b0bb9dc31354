"""The commands as a person meets them: what they print where, and their exit codes."""

import dataclasses
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from material import ROOT, Project, call_row, calls_stored, hear_ctrl_c
from typer.testing import CliRunner

from callinsight import store, weights
from callinsight.cli import app
from callinsight.pipeline.run import list_calls, models_for
from callinsight.taxonomy import load_taxonomy

runner = CliRunner()


def test_it_says_its_version() -> None:
    told = runner.invoke(app, ["--version"])

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (told.exit_code, told.stdout) == (0, f"callinsight {declared['project']['version']}\n")


def test_a_run_says_what_it_did_and_where_things_are(project: Project) -> None:
    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.endswith(
        "Calls: 4 done\n"
        f"Database: {project.database}\n"
        f"Report: {project.folder}/report/2026-10/index.html\n"
    )


def test_a_run_with_a_bad_file_names_it_and_ends_with_1(project: Project) -> None:
    project.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("gone", "gone.wav")])
    (project.folder / "participants.csv").write_text("call_id,name,side\ntalk-1,Ann Lee,buyer\n")

    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert result.exit_code == 1
    assert (
        "failed: calls.csv:3: gone.wav: there is no such file; mend the path or remove the row\n"
        in result.stderr
    )
    assert result.stderr.endswith("1 input could not be used; see above.\n")


def test_a_refused_call_is_listed_and_gives_0(project: Project) -> None:
    project.write_calls(
        [call_row("talk-1", "talk-1.vtt"), call_row("rec-01", "rec-01.wav", consent="")]
    )
    (project.folder / "participants.csv").write_text("call_id,name,side\ntalk-1,Ann Lee,buyer\n")

    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert result.exit_code == 0
    assert (
        "refused: calls.csv:3: consent is empty, so rec-01.wav was not opened; "
        "fill in the basis of consent, or remove the row\n" in result.stderr
    )


def test_a_call_to_listen_to_is_named_on_every_run(project: Project) -> None:
    project.run()
    reason = "calls.csv:2: rec-01.wav: near 0:05 the speech engine repeated the same words"
    with store.opened(project.database) as db:
        call = store.get_call(db, "rec-01")
        store.update_call(
            db,
            dataclasses.replace(call, reason=reason),
            store.participants_of(db, "rec-01"),
        )

    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert result.exit_code == 0
    assert f"Calls: 4 done\ndone: {reason}\n" in result.stderr


def test_a_call_in_another_language_is_named_on_every_run(project: Project) -> None:
    project.run()
    with store.opened(project.database) as db:
        call = dataclasses.replace(store.get_call(db, "rec-01"), language="de")
        store.update_call(db, call, store.participants_of(db, "rec-01"))

    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert (
        "Calls: 4 done\nPrivacy: One call is not in English (de 1): personal data was looked for by "
        "written forms and English rules only, so more of it may be left.\n" in result.stderr
    )


def test_a_pipeline_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    result = runner.invoke(app, ["run", str(tmp_path / "none.toml")])

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {tmp_path}/none.toml: there is no such pipeline file. "
        "'callinsight init DIR --recordings FOLDER' writes one.\n"
    )


def test_a_place_where_no_database_can_be_made_ends_with_2(project: Project) -> None:
    place = project.pipeline / "below" / "calls.db"

    result = runner.invoke(app, ["run", str(project.pipeline), "--db", str(place)])

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {place}: no database can be made there (Not a directory); "
        "name another with --db FILE\n"
    )


def test_without_a_usable_call_a_run_says_why_there_is_no_report(project: Project) -> None:
    project.write_calls([call_row("rec-01", "rec-01.wav", consent="")])
    (project.folder / "participants.csv").write_text("call_id,name,side\n")

    result = runner.invoke(app, ["run", str(project.pipeline)])

    assert result.exit_code == 0
    assert result.stderr.endswith(
        "No call could be used, so there is no report; mend what is named above and run again.\n"
    )


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2026-13", "'2026-13' is no month; write it as 2026-10"),
        ("2026-11", "there is no call in 2026-11; there are calls of 2026-10"),
    ],
)
def test_a_report_of_no_month_says_which_there_are(
    project: Project, month: str, message: str
) -> None:
    project.run()

    result = runner.invoke(
        app,
        ["report", "--month", month, "--out", str(project.folder), "--db", str(project.database)],
    )

    assert result.exit_code == 2
    assert result.stderr == f"Error: {message}\n"


def test_a_report_says_that_its_database_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "none.db"

    result = runner.invoke(
        app, ["report", "--month", "2026-10", "--out", str(tmp_path), "--db", str(missing)]
    )

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {missing}: there is no such database. 'callinsight run PIPELINE.toml' makes one; "
        "name another with --db FILE.\n"
    )
    assert not missing.exists()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    letter = tmp_path / "letter.db"
    letter.write_text("Dear Sir or Madam, this is a letter and no database at all.\n" * 20)

    result = runner.invoke(
        app, ["report", "--month", "2026-10", "--out", str(tmp_path), "--db", str(letter)]
    )

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {letter}: this is no database that callinsight can use "
        "(file is not a database); name another with --db FILE\n"
    )
    assert letter.read_text().startswith("Dear Sir")


def test_supply_counts_as_it_stood_on_the_day(project: Project) -> None:
    project.run()
    arguments = ["report", "--month", "2026-10", "--db", str(project.database), "--out"]

    runner.invoke(app, [*arguments, str(project.folder / "then")])
    runner.invoke(app, [*arguments, str(project.folder / "later"), "--as-of", "2027-12-31"])

    then, later = (
        next(
            line
            for line in (project.folder / name / "2026-10" / "report.md").read_text().splitlines()
            if line.startswith("| Price list")
        )
        for name in ("then", "later")
    )
    assert "Low use" in then  # it was fresh, and used once
    assert "Stale" not in then
    assert "Stale" in later


def test_an_agenda_goes_with_the_formats_that_are_named(project: Project) -> None:
    project.run()
    arguments = ["report", "--month", "2026-10", "--db", str(project.database), "--agenda", "--out"]

    both = runner.invoke(app, [*arguments, str(project.folder / "a"), "--format", "csv,md"])
    only = runner.invoke(app, [*arguments, str(project.folder / "b")])

    a, b = project.folder / "a" / "2026-10", project.folder / "b" / "2026-10"
    assert both.stdout == f"{a}\n{a / 'agenda.html'}\n"
    assert (a / "gaps.csv").exists()
    assert only.stdout == f"{b / 'agenda.html'}\n"
    assert sorted(path.name for path in b.iterdir()) == ["agenda.html", "agenda.md"]


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(project: Project) -> None:
    command = [sys.executable, "-m", "callinsight.cli", "run", str(project.pipeline)]

    pipe = subprocess.PIPE
    with subprocess.Popen(command, stderr=pipe, text=True, preexec_fn=hear_ctrl_c) as process:
        while not calls_stored(project):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Stopped. What is done is kept; run the same command again to go on.\n" in told
    assert "Traceback" not in told
    assert project.run().statuses == {"done": 4}


def test_models_are_listed_with_what_is_here() -> None:
    weights.folder("tiny.en")

    result = runner.invoke(app, ["models", "list"])

    lines = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines()}
    assert lines.keys() == weights.MODELS.keys()
    assert lines["tiny.en"] == "here"


def test_a_wrong_byte_is_found_and_the_file_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(weights.folder("tiny.en"), tmp_path / "tiny.en")
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path))
    vocabulary = tmp_path / "tiny.en" / "vocabulary.txt"
    vocabulary.write_bytes(b"x" + vocabulary.read_bytes()[1:])

    result = runner.invoke(app, ["models", "verify"])

    assert result.exit_code == 1
    assert result.stdout.split() == ["tiny.en", "wrong"]
    assert "callinsight models pull tiny.en" in result.stderr
    assert not vocabulary.exists()


def test_a_model_is_taken_from_a_folder_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = weights.folder("tiny.en")
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path))
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")

    offline = runner.invoke(app, ["models", "pull", "tiny.en"])
    brought = runner.invoke(app, ["models", "pull", "tiny.en", "--from", str(source)])

    assert offline.exit_code == 2
    assert "callinsight models pull tiny.en" in offline.stderr
    assert brought.exit_code == 0
    assert brought.stdout == f"{tmp_path / 'tiny.en'}\n"


def test_without_names_all_that_a_pipeline_needs_is_pulled(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = project.pipeline.read_text()
    project.pipeline.write_text(text.replace('model = "tiny.en"\n', ""))
    config = project.config()
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    needed = models_for(config, list_calls(config, taxonomy), taxonomy)
    for name in needed:
        weights.folder(name)
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")  # they are here: nothing is fetched

    pulled = runner.invoke(app, ["models", "pull"])

    assert pulled.exit_code == 0
    assert pulled.stdout.splitlines() == [str(weights.cache_folder() / name) for name in needed]


def test_transcripts_need_no_model(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")
    files = project.folder / "files"

    written = runner.invoke(app, ["transcribe", str(files / "talk-2.vtt"), "--format", "txt"])
    spoken = runner.invoke(app, ["transcribe", str(files / "rec-01.wav"), "--model", "tiny.en"])

    assert written.exit_code == 0
    assert "Lovely, we went to the lake." in written.stdout
    assert spoken.exit_code == 2
    assert spoken.stderr == (
        f"Error: the models tiny.en and voice-embedding are not in {tmp_path}/none, and "
        "CALLINSIGHT_OFFLINE forbids fetching them. On a machine with a network run 'callinsight "
        "models pull tiny.en voice-embedding'; bring a model's files over and run 'callinsight "
        "models pull NAME --from FOLDER'.\n"
    )
