"""What is forgotten is in no byte of any file that is left, and does not come back."""

import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from material import ROOT, Project, call_row, write_vtt, write_wave
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.doctor import check_up
from callinsight.pipeline.erasing import carry_out
from callinsight.pipeline.forget import LIFT, plan_call
from callinsight.pipeline.purge import plan_purge
from callinsight.pipeline.quotes import keys_of_calls
from callinsight.pipeline.recordings import silences
from callinsight.pipeline.run import run, stored_config
from callinsight.progress import silent
from callinsight.records import (
    AuditEntry,
    ContentRequest,
    Correction,
    Mending,
    Playlist,
    PlaylistItem,
    RequestEvent,
    Voice,
)
from callinsight.tagging.embed import text_hash
from callinsight.taxonomy import load_taxonomy

SAID = "It is far too expensive for us, the zebrafish budget was cut by quokkaholm."
SHARED = "Could you send me a pricing sheet with the discount in it?"
PLANTED = (
    *("zebrafish", "quokkaholm", "Ottoline", "Vandersloot", "Wombatworks", "narwhalgate"),
    *("talk-x.vtt",),
)
AT = "2026-11-02T09:00:00+00:00"
ACCOUNT = "no call is with the account 'Wombatwork'; did you mean 'Wombatworks'?"
OPPOSITE = "--yes and --dry-run say the opposite; leave one out"
GONE = "names of buyers are taken out of this database"
HINT = "write an id of the list of participants, or name the call with --call"
runner = CliRunner()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder that the pipeline has run in, and what it was then."""
    folder = tmp_path_factory.mktemp("erasing")
    project = Project(folder / "project")
    (folder / "project" / "files").mkdir(parents=True)
    (folder / "tmp").mkdir()
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", project.folder / "taxonomy.toml")
    fill(project)
    run_again(project)
    touch(project, folder / "tmp")
    kept = tmp_path_factory.mktemp("kept") / "all"
    shutil.copytree(folder, kept)
    return folder, kept


@pytest.fixture
def planted(built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three calls, one of them full of words that are nowhere else, and touched by people."""
    folder, kept = built
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    return Project(folder / "project")


def fill(project: Project) -> None:
    files = project.folder / "files"
    rep, buyer = "Dana Whitfield", "Ottoline Vandersloot"
    write_vtt(
        files / "talk-1.vtt",
        [
            (rep, "What did you think of the proposal?"),
            ("Ann Lee", "It is far too expensive for us, we do not have the budget for that."),
            (rep, "I see. Anything else?"),
            ("Ann Lee", SHARED),
        ],
    )
    write_vtt(files / "talk-2.vtt", [(rep, "How was it?"), ("Bo Berg", "Lovely, at the lake.")])
    write_vtt(
        files / "talk-x.vtt",
        [
            (rep, "What did you think of it, Ottoline?"),
            (buyer, SAID),
            (rep, "I see, Ms Vandersloot. Anything else?"),
            (buyer, SHARED),
            ("Bo Berg", "How does it integrate with narwhalgate, our billing system?"),
        ],
    )
    project.write_calls(
        [
            call_row("talk-1", "talk-1.vtt"),
            call_row("talk-2", "talk-2.vtt", recorded_at="2026-09-07T10:00"),
            call_row("talk-x", "talk-x.vtt", account="Wombatworks", title=f"With {buyer}"),
        ]
    )
    rep_row = f"{rep},rep,Account Executive"
    (project.folder / "participants.csv").write_text(
        "call_id,name,side,title\n"
        f"talk-1,{rep_row}\ntalk-1,Ann Lee,buyer,Chief Financial Officer\n"
        f"talk-2,{rep_row}\ntalk-2,Bo Berg,buyer,IT Director\n"
        f"talk-x,{rep_row}\ntalk-x,{buyer},buyer,Chief Financial Officer\n"
        "talk-x,Bo Berg,buyer,IT Director\n",
        encoding="utf-8",
    )
    project.pipeline.write_text(
        'company = "Acme"\ntimezone = "Europe/London"\n'
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[speech]\nmodel = "tiny.en"\nmishearings = { "qx" = "qy" }\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n',
        encoding="utf-8",
    )


def run_again(project: Project, *, now: str = AT):
    return run(
        project.config(), database=project.database, workers=1, retry_failed=False, progress=silent,
        now=now,
    )  # fmt: skip


def touch(project: Project, temporary: Path) -> None:
    """What people leave behind in pages: corrections, mendings, lists, requests, looks, copies."""
    with store.opened(project.database) as db, store.transaction(db):
        turn = store.utterances_of(db, "talk-x")[1]
        store.add_correction(
            db,
            Correction(
                call="talk-x", utterance=turn.id, context="", text=turn.text, at=AT, who="Mara",
                action="change", before="/none/", after="price_budget/objection/",
            ),
        )  # fmt: skip
        store.add_mending(
            db,
            Mending(
                call="talk-x", at=AT, who="Mara", what="title", subject="Ottoline Vandersloot",
                before="", after="Head of the zebrafish",
            ),
        )  # fmt: skip
        store.replace_voices(
            db, "talk-x",
            [Voice(call="talk-x", voice="Ottoline Vandersloot", vector=bytes(8), seconds=1, model="m")],
        )  # fmt: skip
        listed = store.add_playlist(db, Playlist(name="Good ones", who="Mara", created_at=AT))
        for id_ in (turn.id, "talk-1:0001"):
            item = PlaylistItem(playlist=listed.id, utterance=id_, call=id_[:-5], who="Mara", at=AT)
            store.add_to_playlist(db, item)
        request = store.add_request(
            db,
            ContentRequest(
                title="Price list", requester="Mara", created_at=AT,
                evidence=(turn.id, "talk-1:0001"),
                claims="Ottoline Vandersloot: “the zebrafish budget was cut by quokkaholm”, so be cheap",
            ),
        )  # fmt: skip
        note = "they said the zebrafish budget was cut by QUOKKAHOLM!"
        store.add_request_event(
            db, RequestEvent(request=request.id, at=AT, who="Mara", event="comment", note=note)
        )
        store.add_audit(db, AuditEntry(at=AT, who="Mara", action="play", subject="/audio/talk-x"))
    copies = temporary / "callinsight-temporary-abc"
    (copies / "2026-10").mkdir(parents=True)  # as a server leaves it that is killed
    for name in ("0123.mp3", "4567.part", "2026-10/index.html"):
        (copies / name).write_bytes(b"zebrafish")


def found(project: Project, words=PLANTED) -> dict[str, list[str]]:
    """Which of the words stand in the bytes of which file, the sources apart."""
    left = {}
    folders = [project.folder, Path(tempfile.gettempdir())]
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.is_file()):
        if path.suffix in (".csv", ".vtt", ".toml") and path.parent.name != "2026-10":
            continue
        content = path.read_bytes().lower()
        held = [word for word in words if word.lower().encode() in content]
        if held:
            left[path.name] = held
    return left


def nobody(project: Project) -> None:
    """The list of participants is empty: else it would name calls that are not listed."""
    sheet = project.folder / "participants.csv"
    sheet.write_text("call_id,name,side\n", encoding="utf-8")


def words_in(project: Project) -> set[str]:
    return {word for words in found(project).values() for word in words}


def receipts(project: Project) -> list[tuple[str, str, int, int]]:
    """Of each receipt who erased, why, and how many calls and turns."""
    with store.opened(project.database) as db:
        kept = [(one.who, one.what, json.loads(one.content)) for one in store.all_receipts(db)]
    return [
        (who, why, *(told["erased"][k] for k in ("calls", "utterances"))) for who, why, told in kept
    ]


def command(project: Project, *args: str, code: int = 0):
    result = runner.invoke(app, [*args, "--db", str(project.database)])
    assert result.exit_code == code, result.output
    return result


class TestForgettingACall:
    def test_nothing_of_it_is_in_any_byte_that_is_left(self, planted: Project) -> None:
        assert words_in(planted) == set(PLANTED)
        keeper = sqlite3.connect(planted.database)  # its log and index lie beside the database
        keeper.execute("SELECT count(*) FROM calls").fetchall()

        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        names = {p.name for p in planted.folder.glob("callinsight.db*")}
        assert names == {f"callinsight.db{end}" for end in ("", "-wal", "-shm", ".lock")}
        assert found(planted) == {}
        keeper.close()
        assert found(planted) == {}

    def test_it_is_not_read_again_though_it_is_listed(self, planted: Project) -> None:
        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        summary = run_again(planted)

        assert summary.statuses == {"done": 2}
        (message,) = summary.forgotten
        assert re.sub(r"on [\d-]{10},", "on DAY,", message) == (
            "calls.csv:4: this call was forgotten on DAY, so it is not read again; "
            "remove the row and its file"
        )
        assert found(planted) == {}

    @pytest.mark.parametrize(
        "change", ["another id", "another name", "exported anew", "the file is gone"]
    )
    def test_it_is_known_by_its_bytes_and_by_its_file(self, planted: Project, change: str) -> None:
        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")
        sheet = planted.folder / "calls.csv"
        text = sheet.read_text(encoding="utf-8")
        nobody(planted)
        files = planted.folder / "files"
        if change == "another id":
            sheet.write_text(text.replace("talk-x,talk-x.vtt", "other,talk-x.vtt"))
        elif change == "exported anew":
            with (files / "talk-x.vtt").open("a", encoding="utf-8") as file:
                file.write("\n")
            sheet.write_text(text.replace("talk-x,talk-x.vtt", ",talk-x.vtt"))
        elif change == "another name":
            (files / "talk-x.vtt").rename(files / "moved.vtt")
            sheet.write_text(text.replace("talk-x,talk-x.vtt", "other,moved.vtt"))
        else:
            (files / "talk-x.vtt").unlink()
            sheet.write_text(text.replace("talk-x,talk-x.vtt", "other,talk-x.vtt"))

        summary = run_again(planted)

        assert (summary.statuses, len(summary.forgotten)) == ({"done": 2}, 1)
        assert found(planted) == {}

    def test_a_file_that_cannot_be_removed_is_named(
        self, planted: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (page,) = (planted.folder / "report" / "2026-10").glob("index.html")
        unlink = Path.unlink

        def of_another_user(path: Path, *, missing_ok: bool = False) -> None:
            if path == page:
                raise PermissionError(13, "Permission denied", str(path))
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", of_another_user)

        told = command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines", code=2)

        assert told.stderr.splitlines()[-1] == (
            "Error: what was to go is erased from the database, but these files hold words of it and cannot "
            f"be removed: {page}; remove them as the user who owns them"
        )
        with store.opened(planted.database) as db:
            assert store.get_call(db, "talk-x") is None

    def test_what_others_say_stays(self, planted: Project) -> None:
        with store.opened(planted.database) as db:
            before = store.utterances_of(db, "talk-1"), store.tags_of_call(db, "talk-1")
            months = {g.id: g for g in store.gaps_of_month(db, "2026-09")}
            vectors = dict(db.execute("SELECT text_hash, vector FROM embeddings").fetchall())
            raising = next(
                g.raising for g in store.gaps_of_month(db, "2026-10")
                if g.id == "2026-10/price_budget/economic_buyer/decision"
            )  # fmt: skip

        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        with store.opened(planted.database) as db:
            assert (store.utterances_of(db, "talk-1"), store.tags_of_call(db, "talk-1")) == before
            assert {g.id: g for g in store.gaps_of_month(db, "2026-09")} == months
            left = dict(db.execute("SELECT text_hash, vector FROM embeddings").fetchall())
            assert left[text_hash(SHARED)] == vectors[text_hash(SHARED)]
            assert text_hash(SAID) in vectors
            assert text_hash(SAID) not in left
            assert left.items() < vectors.items()
            (gap,) = (
                g for g in store.gaps_of_month(db, "2026-10")
                if g.id == "2026-10/price_budget/economic_buyer/decision"
            )  # fmt: skip
            assert (gap.raising, raising) == (1, 2)
            (request,) = store.all_requests(db)
            assert request.evidence == ("talk-1:0001",)
            assert request.claims == "[forgotten]: “[forgotten]”, so be cheap"
            (event,) = store.all_request_events(db)
            assert event.note == "they said [forgotten]!"
            assert [item.call for item in store.playlist_items(db, 1)] == ["talk-1"]
            assert [entry.subject for entry in store.audit_log(db, limit=9)] == ["/audio/talk-x"]
            assert store.snapshots_of(db, "2026-10")
            assert store.faults(db) == []
            with pytest.raises(sqlite3.IntegrityError, match="is never changed"):
                db.execute("UPDATE request_events SET note = ''")

    @pytest.mark.parametrize(
        "args", [("--call", "talk-x"), ("--person", "Ottoline Vandersloot"), ("--call", "talk-2")]
    )
    def test_the_gaps_are_those_that_counting_all_months_gives(self, planted: Project, args):
        command(planted, "forget", *args, "--yes", "--who", "Ines")

        with store.opened(planted.database) as db:
            config = planted.config()
            kept = db.execute("SELECT * FROM gaps ORDER BY id").fetchall()
            update_gaps(db, config, load_taxonomy(config.tagging.taxonomy), progress=silent)
            assert db.execute("SELECT * FROM gaps ORDER BY id").fetchall() == kept != []

    def test_a_dry_run_says_what_would_go_and_changes_nothing(self, planted: Project) -> None:
        rows = planted.rows()

        result = command(planted, "forget", "--call", "talk-x")

        lines = result.stdout.splitlines()
        assert lines[:6] == [
            *("Would erase:", "  1 call", "  3 participants", "  5 turns"),
            *(lines[4], "  1 voice print"),
        ]
        assert "  1 correction" in lines
        assert "  3 temporary files" in lines
        assert f"  {planted.folder / 'files' / 'talk-x.vtt'}" in lines
        assert lines[-1] == "Nothing is erased yet: add --yes."
        assert planted.rows() == rows
        assert found(planted)

    def test_a_receipt_is_kept_that_says_nothing_of_it(self, planted: Project) -> None:
        result = command(
            planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines", "--format", "json"
        )

        told = json.loads(result.stdout)
        assert (told["id"], told["who"], told["what"], told["held"]) == (1, "Ines", "call", 0)
        assert told["erased"]["utterances"] == 5
        assert told["erased"]["corrections"] == 1
        assert told["erased"]["requests"] == 1
        assert told["erased"]["copies"] == 3
        kept = command(planted, "receipts").stdout
        assert kept.startswith("Receipt 1. Erased on 20")
        assert " by Ines (call):\n  1 call\n  3 participants\n  5 turns\n" in kept

    def test_a_receipt_counts_the_vectors_of_its_words_and_no_others(
        self, planted: Project
    ) -> None:
        with store.opened(planted.database) as db:
            (gone,) = (call for call in store.all_calls(db) if call.id == "talk-x")
            rest = [call for call in store.all_calls(db) if call != gone]
            own = (keys_of_calls(db, [gone]) - keys_of_calls(db, rest)) & store.vector_keys(db)
            older = "SELECT 'of an older definition', model, vector FROM embeddings LIMIT 1"
            db.execute(f"INSERT INTO embeddings (text_hash, model, vector) {older}")
            db.conn.commit()

        result = command(
            planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines", "--format", "json"
        )

        with store.opened(planted.database) as db:
            assert "of an older definition" not in store.vector_keys(db)
        assert json.loads(result.stdout)["erased"]["embeddings"] == len(own) == 5

    def test_another_program_that_reads_keeps_the_log_and_is_named(self, planted, monkeypatch):
        monkeypatch.setattr("callinsight.store.upkeep.WAIT_S", 0.3)
        reader = sqlite3.connect(planted.database)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM utterances").fetchall()

        result = command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines", code=2)

        assert result.stderr[result.stderr.index("Error: ") :] == (
            "Error: what was to go is erased, but another program reads the database, so its log "
            "may still hold it; stop that program (such as 'callinsight serve'), then run "
            "'callinsight purge --yes', which cuts the log off\n"
        )
        assert found(planted)
        reader.close()
        command(planted, "purge", "--yes", "--who", "Ines")
        assert found(planted) == {}

    def test_mistakes_are_named(self, planted: Project) -> None:
        for args, message in (
            (["--call", "talk-y"], "there is no call 'talk-y'; did you mean 'talk-x'?"),
            (["--account", "Wombatwork"], ACCOUNT),
            (["--account", ""], "no call is with the account ''"),  # not all that have none
            ([], "say what to forget: one of --call ID, --person NAME or --account NAME"),
            (["--call", "talk-x", "--yes", "--dry-run"], OPPOSITE),
        ):  # fmt: skip
            assert command(planted, "forget", *args, code=2).stderr == f"Error: {message}\n"


class TestTwoAtOnce:
    @pytest.mark.parametrize(
        "args",
        [("forget", "--call", "talk-x", "--yes"), ("purge", "--yes"), ("topics", "rebuild")],
    )
    def test_whatever_changes_much_waits_for_nobody(self, planted: Project, args) -> None:
        rows = planted.rows()
        with store.claimed(planted.database, now=AT, command="forget"):
            result = command(planted, *args, code=2)
            command(planted, "forget", "--call", "talk-x")  # to look is always possible

        assert result.stderr == (
            f"Error: {planted.database}: 'callinsight forget' (process {os.getpid()}) has been at "
            f"work on it since {AT}; wait until it has ended and start this one again, or name "
            "another database with --db FILE\n"
        )
        assert planted.rows() == rows

    def test_a_link_is_the_same_database(self, planted: Project, tmp_path: Path) -> None:
        link = tmp_path / "other name.db"
        link.symlink_to(planted.database)
        args = ["purge", "--yes", "--who", "Ines", "--db", str(link)]

        with store.claimed(planted.database, now=AT, command="forget"):
            result = CliRunner().invoke(app, args)

        assert result.exit_code == 2
        assert result.stderr.startswith(
            f"Error: {link}: 'callinsight forget' (process {os.getpid()})"
        )

    def test_a_database_with_several_names_is_not_worked_on(
        self, planted: Project, tmp_path: Path
    ) -> None:
        name = tmp_path / "other name.db"
        name.hardlink_to(planted.database)
        rows = planted.rows()

        result = CliRunner().invoke(app, ["purge", "--yes", "--who", "Ines", "--db", str(name)])

        assert result.exit_code == 2
        assert result.stderr == (
            f"Error: {name}: the file has 2 names on the disk (hard links), and whoever opens it by "
            "another one would damage it; make a copy of its own with 'callinsight backup FILE' and "
            "use that\n"
        )
        assert planted.rows() == rows

    @pytest.mark.parametrize("args", [("purge", "--yes"), ("run",), ("check",)])
    def test_a_folder_is_no_database(self, planted: Project, args: tuple[str, ...]) -> None:
        args = (*args, str(planted.pipeline)) if args == ("run",) else args
        told = runner.invoke(app, [*args, "--db", str(planted.folder)])

        assert (told.exit_code, told.stderr) == (
            2,
            f"Error: {planted.folder}: this is a folder; name the database in it with --db FILE\n",
        )
        assert not planted.folder.with_name(f"{planted.folder.name}.lock").exists()


class TestCutShort:
    @pytest.mark.parametrize(
        ("begun", "killed_at", "then"),
        [
            ("forget", "callinsight.pipeline.erasing.update_gaps", "forget"),
            ("forget", "callinsight.store.scrub", "run"),
            ("forget", "callinsight.store.scrub", "purge"),
            ("run", "callinsight.store.scrub", "run"),
        ],
    )
    def test_what_a_killed_command_took_out_leaves_the_file_with_the_next(
        self, planted: Project, begun: str, killed_at: str, then: str
    ) -> None:
        if begun == "run":
            sheet = planted.folder / "calls.csv"
            text = sheet.read_text(encoding="utf-8")
            row = next(line for line in text.splitlines() if line.startswith("talk-x"))
            sheet.write_text(
                text.replace(row, row.replace("notice", "withdrawn")), encoding="utf-8"
            )
        self.killed(planted, begun, killed_at)
        assert found(planted, ("zebrafish",))["callinsight.db"]
        assert [why for _, why, *_ in receipts(planted)] == [
            "refused" if begun == "run" else "call"
        ]
        assert command(planted, "check", code=1).stderr == (
            f"{planted.database} is whole.\nWords that were erased may still stand in it, for that was "
            "cut short: 'callinsight purge --yes' takes them out, as does the next run.\n"
        )
        told = {one.name: one for one in check_up(planted.pipeline, None, now=AT)}
        assert told["database"].told == (
            f"{planted.database}: words that were erased may still stand in it, for that was cut short"
        )

        if then == "forget":
            again = command(planted, "forget", "--call", "talk-x", "--yes", code=2)
            assert again.stderr == "Error: there is no call 'talk-x'; it is forgotten already\n"
        elif then == "purge":
            command(planted, "purge", "--yes")
        else:
            run_again(planted)

        assert "callinsight.db" not in found(planted, ("zebrafish", "narwhalgate"))
        assert command(planted, "check").stderr == f"{planted.database} is whole.\n"

    def test_what_interrupts_an_erasure_does_not_keep_words_in_the_file(
        self, planted: Project
    ) -> None:
        @contextmanager
        def closed(step: str, _total: int) -> Iterator[Callable[[float], None]]:
            if step == "Find gaps":
                raise BrokenPipeError  # as when nobody reads how far it is
            yield lambda _seconds: None

        with store.opened(planted.database) as db:
            config = stored_config(db)
            plan = plan_call(db, config, "talk-x")
            with pytest.raises(BrokenPipeError):
                carry_out(db, config, plan, who="Ines", at=AT, progress=closed)

        assert found(planted) == {}
        assert receipts(planted) == [("Ines", "call", 1, 5)]

    def test_a_run_after_a_killed_erasure_says_so(self, planted: Project, caplog) -> None:
        self.killed(planted, "forget", "callinsight.store.scrub")
        caplog.set_level(logging.INFO)

        run_again(planted)

        assert (
            "'callinsight forget' was killed; start it again if no receipt names it"
            in caplog.messages
        )
        assert (
            "words that were taken out before may still stand in the file of the database; they "
            "leave it now" in caplog.messages
        )

    def killed(self, project: Project, name: str, at: str) -> None:
        """Start a command in a process that is killed as it comes to a function."""
        module, _, function = at.rpartition(".")
        args = ["run", str(project.pipeline), "--workers", "1"]
        if name == "forget":
            args = ["forget", "--call", "talk-x", "--yes", "--who", "Ines"]
        script = (
            "import importlib, os, signal\n"
            f"module = importlib.import_module({module!r})\n"
            f"module.{function} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
            "from callinsight.cli import app\n"
            f"app({[*args, '--db', str(project.database)]!r})\n"
        )
        environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
        ended = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, check=False
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


class TestLegalHold:
    @pytest.mark.parametrize("by", ["id", "file"])
    def test_a_hold_that_was_just_typed_in_counts(self, planted: Project, by: str) -> None:
        sheet = planted.folder / "calls.csv"
        self.hold(planted, run=False)
        if by == "file":
            text = sheet.read_text(encoding="utf-8")
            sheet.write_text(text.replace("\ntalk-x,", "\n,"), encoding="utf-8")

        forgotten = command(planted, "forget", "--call", "talk-x", "--yes", code=1)
        purged = command(planted, "purge", "--older-than", "1d", "--yes")

        assert "Kept: talk-x is under legal hold" in forgotten.stderr
        assert "Kept: talk-x is under legal hold" in purged.stderr
        with store.opened(planted.database) as db:
            assert [call.id for call in store.all_calls(db)] == ["talk-x"]

    def test_without_a_list_that_can_be_read_the_last_run_tells(self, planted: Project) -> None:
        self.hold(planted)
        sheet = planted.folder / "calls.csv"
        sheet.unlink()

        held = command(planted, "forget", "--call", "talk-x", "--yes", code=1)
        free = command(planted, "forget", "--call", "talk-1", "--yes")

        assert "Kept: talk-x is under legal hold" in held.stderr
        assert free.stderr.splitlines()[-1] == (
            f"Mind: legal hold is as the last run read it, for {sheet}: there is no such file; mend "
            "the path in the pipeline file"
        )

    def hold(self, project: Project, *, run: bool = True) -> None:
        project.write_calls(
            [
                call_row("talk-1", "talk-1.vtt"),
                call_row("talk-2", "talk-2.vtt", recorded_at="2026-09-07T10:00"),
                call_row("talk-x", "talk-x.vtt", account="Wombatworks"),
            ]
        )
        sheet = project.folder / "calls.csv"
        header, *rows = sheet.read_text(encoding="utf-8").splitlines()
        rows = [f"{row},{'yes' if row.startswith('talk-x') else ''}" for row in rows]
        sheet.write_text("\n".join([f"{header},legal_hold", *rows]) + "\n", encoding="utf-8")
        if run:
            run_again(project)

    @pytest.mark.parametrize(
        "args",
        [
            ("forget", "--call", "talk-x"),
            ("forget", "--account", "Wombatworks"),
            ("forget", "--person", "Ottoline Vandersloot"),
        ],
    )
    def test_a_call_under_legal_hold_stays_and_is_named(self, planted: Project, args) -> None:
        self.hold(planted)
        with store.opened(planted.database) as db:
            before = store.utterances_of(db, "talk-x"), store.participants_of(db, "talk-x")

        result = command(planted, *args, "--yes", "--who", "Ines", code=1)

        assert result.stderr[result.stderr.index("Kept: ") :] == (
            "Kept: talk-x is under legal hold; lift the hold in the list of calls and run the "
            "pipeline, or leave the call\n"
        )
        assert "Kept: 1 call" in result.stdout
        with store.opened(planted.database) as db:
            assert (
                store.utterances_of(db, "talk-x"), store.participants_of(db, "talk-x")
            ) == before  # fmt: skip

    def test_a_row_that_is_removed_takes_no_held_call_along(self, planted: Project) -> None:
        self.hold(planted)
        planted.write_calls([call_row("talk-1", "talk-1.vtt")])
        nobody(planted)

        summary = run_again(planted)

        assert summary.removed == 1
        (noted,) = summary.noted
        assert noted.reason == (
            "the list of calls names talk-x.vtt no more, but it is under legal hold, so it is kept; "
            "to let it go, bring its row back with legal_hold no, run, and remove the row"
        )

    def test_withdrawn_consent_closes_a_held_call_and_keeps_it(self, planted: Project) -> None:
        self.hold(planted)
        sheet = planted.folder / "calls.csv"
        text = sheet.read_text(encoding="utf-8")
        row = next(line for line in text.splitlines() if line.startswith("talk-x"))
        sheet.write_text(text.replace(row, row.replace("notice", "withdrawn")), encoding="utf-8")

        for _ in range(2):
            summary = run_again(planted)
            (noted,) = summary.noted
            assert noted.status == "refused"
            assert noted.reason == (
                "calls.csv:4: consent is 'withdrawn', so talk-x.vtt was not opened; fill in the "
                "basis of consent, or remove the row; it is under legal hold, so what is stored of "
                "it is kept, and counts in nothing"
            )
            with store.opened(planted.database) as db:
                assert len(store.utterances_of(db, "talk-x")) == 5
                assert store.tags_of_call(db, "talk-x") == []
                assert store.get_call(db, "talk-x").consent == ""
        sheet.write_text(text, encoding="utf-8")
        assert run_again(planted).statuses == {"done": 3}
        with store.opened(planted.database) as db:
            assert store.get_call(db, "talk-x").consent == "notice"


def test_withdrawn_consent_leaves_nothing_but_the_refusal(planted: Project) -> None:
    sheet = planted.folder / "calls.csv"
    text = sheet.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("talk-x"))
    sheet.write_text(text.replace(row, row.replace("notice", "withdrawn")), encoding="utf-8")

    run_again(planted)

    assert words_in(planted) == {"talk-x.vtt"}  # the refusal names its file
    assert receipts(planted) == [("callinsight run", "refused", 1, 5)]
    with store.opened(planted.database) as db:
        call = store.get_call(db, "talk-x")
        assert (call.status, call.title, call.account, call.deal) == ("refused", "", "", "")
        assert store.rows_of_calls(db, ["talk-x"]) == {
            table: int(table == "calls") for table in store.rows_of_calls(db, ["talk-x"])
        }


class TestForgettingAPerson:
    def test_their_words_and_name_go_and_others_stay(self, planted: Project) -> None:
        command(planted, "forget", "--person", "ottoline vandersloot", "--yes", "--who", "Ines")

        mine = ("zebrafish", "quokkaholm", "Ottoline", "Vandersloot")
        assert found(planted, mine) == {}
        with store.opened(planted.database) as db:
            said = store.utterances_of(db, "talk-x")
            people = {p.name: (p.side, p.title) for p in store.participants_of(db, "talk-x")}
            assert store.faults(db) == []
        assert [(u.speaker, u.text) for u in said] == [
            ("Dana Whitfield", "What did you think of it, [forgotten]?"),
            ("[forgotten]", "[forgotten]"),
            ("Dana Whitfield", "I see, Ms [forgotten]. Anything else?"),
            ("[forgotten]", "[forgotten]"),
            ("Bo Berg", "How does it integrate with narwhalgate, our billing system?"),
        ]
        assert people == {
            "[forgotten]": ("buyer", ""),
            "Bo Berg": ("buyer", "IT Director"),
            "Dana Whitfield": ("rep", "Account Executive"),
        }

    def test_their_name_goes_however_it_is_written(self, planted: Project) -> None:
        write_vtt(
            planted.folder / "files" / "talk-2.vtt",
            [
                ("Dana Whitfield", "ottoline vandersloot said it, and OTTOLINE VANDERSLOOT knows."),
                ("Bo Berg", "I know Öttoline Vandersloot."),
            ],
        )
        text = planted.pipeline.read_text(encoding="utf-8")
        words = 'vocabulary = ["Ottoline Vandersloot", "Peppol"]\n'
        planted.pipeline.write_text(
            text.replace("[speech]\n", f"[speech]\n{words}"), encoding="utf-8"
        )
        run_again(planted)

        command(planted, "forget", "--person", "Ottoline Vandersloot", "--yes", "--who", "Ines")

        assert found(planted, ("ottoline", "vandersloot", "öttoline")) == {}
        with store.opened(planted.database) as db:
            assert [u.text for u in store.utterances_of(db, "talk-2")] == [
                "[forgotten] said it, and [forgotten] knows.",
                "I know [forgotten].",
            ]
            assert stored_config(db).speech.vocabulary == ("Peppol",)

    def test_their_words_before_a_turn_that_people_corrected_go(self, planted: Project) -> None:
        """What stands before a turn is the seller's, or of somebody whose side nobody knows."""
        with store.opened(planted.database) as db, store.transaction(db):
            said = store.utterances_of(db, "talk-x")
            for context in (said[3].text, "Right."):
                store.add_correction(
                    db,
                    Correction(
                        call="talk-x", utterance=said[4].id, context=context,
                        text=said[4].text, at=AT, who="Mara", action="reject", before="", after="",
                    ),
                )  # fmt: skip

        command(planted, "forget", "--person", "Ottoline Vandersloot", "--yes", "--who", "Ines")

        with store.opened(planted.database) as db:
            kept = [c.context for c in store.all_corrections(db) if c.utterance == "talk-x:0004"]
            (turn,) = [u for u in store.utterances_of(db, "talk-1") if u.text == SHARED]
        assert kept == ["[forgotten]", "Right."]
        assert turn.speaker == "Ann Lee"  # who said the same in another call is not touched

    def test_they_do_not_come_back(self, planted: Project) -> None:
        command(planted, "forget", "--person", "Ottoline Vandersloot", "--yes", "--who", "Ines")
        with store.opened(planted.database) as db:
            said = store.utterances_of(db, "talk-x")
        text = planted.pipeline.read_text(encoding="utf-8")  # every call would be read again
        planted.pipeline.write_text(text.replace('"qx"', '"qz"'), encoding="utf-8")

        summary = run_again(planted)

        assert summary.statuses == {"done": 3}
        assert found(planted, ("zebrafish", "quokkaholm", "Ottoline", "Vandersloot")) == {}
        with store.opened(planted.database) as db:
            assert store.utterances_of(db, "talk-x") == said
            assert {t.utterance for t in store.tags_of_call(db, "talk-x")} <= {"talk-x:0004"}

    def test_nobody_hears_them(self, planted: Project) -> None:
        command(planted, "forget", "--person", "Ottoline Vandersloot", "--yes", "--who", "Ines")

        with store.opened(planted.database) as db:
            said = store.utterances_of(db, "talk-x")
            silent_in = silences(db)
            mine = tuple((said[n].start_s, said[n].end_s) for n in range(4))  # the rep names them
            assert silent_in("talk-x") == mine
            assert silent_in("talk-1") == ()

    def test_where_names_are_taken_out_an_id_finds_them(self, planted: Project) -> None:
        sheet = planted.folder / "participants.csv"
        header, *rows = sheet.read_text(encoding="utf-8").splitlines()
        ids = {"Ottoline Vandersloot": "ov-1", "Ann Lee": "al-2", "Bo Berg": "bb-3"}
        rows = [f"{row},{ids.get(row.split(',')[1], '')}" for row in rows]
        sheet.write_text("\n".join([f"{header},person", *rows]) + "\n", encoding="utf-8")
        with planted.pipeline.open("a", encoding="utf-8") as file:
            file.write("[privacy]\nredact_names = true\n")
        run_again(planted)
        with store.opened(planted.database) as db:
            others = {call: store.utterances_of(db, call) for call in ("talk-1", "talk-2")}
            assert others["talk-1"][1].speaker == "[name 1]"

        for person, message in (
            ("Ottoline Vandersloot", f"nobody is known as 'Ottoline Vandersloot': {GONE}; {HINT}"),
            ("[name 1]", f"'[name 1]' is somebody else in each call; {HINT}"),
        ):
            result = command(planted, "forget", "--person", person, "--yes", code=2)
            assert result.stderr == f"Error: {message}\n"
        command(planted, "forget", "--person", "ov-1", "--yes", "--who", "Ines")

        for _ in range(2):
            with store.opened(planted.database) as db:
                said = store.utterances_of(db, "talk-x")
                people = [person.name for person in store.participants_of(db, "talk-x")]
                assert {c: store.utterances_of(db, c) for c in others} == others
            assert [u.speaker for u in said] == [
                *("Dana Whitfield", "[forgotten]", "Dana Whitfield", "[forgotten]", "[name 2]"),
            ]
            assert said[0].text == "What did you think of it, [forgotten]?"
            assert said[1].text == said[3].text == "[forgotten]"
            assert sorted(people) == ["Dana Whitfield", "[forgotten]", "[name 2]"]
            run_again(planted)

    def test_the_sheets_that_still_name_them_are_named(self, planted: Project) -> None:
        result = command(planted, "forget", "--person", "Ottoline Vandersloot")

        assert f"  {planted.folder / 'participants.csv'}, which names them\n" in result.stdout
        assert f"  {planted.folder / 'calls.csv'}, which names them\n" in result.stdout

    def test_reps_and_strangers_are_not_forgotten_so(self, planted: Project) -> None:
        assert command(planted, "forget", "--person", "Dana Whitfield", code=2).stderr == (
            "Error: 'Dana Whitfield' is on your own side; only buyers are forgotten one by one: "
            "name calls with --call, or an account with --account\n"
        )
        assert command(planted, "forget", "--person", "Bo Bergh", code=2).stderr == (
            "Error: nobody is known as 'Bo Bergh'; did you mean 'Bo Berg'?\n"
        )


class TestWhatWasWrittenElsewhere:
    def test_reports_go_wherever_they_were_written(self, planted: Project, tmp_path: Path) -> None:
        for out in (planted.folder / "reports", tmp_path / "given"):
            command(
                planted, "report", "--month", "2026-10", "--out", str(out),
                "--format", "html,md,csv,xlsx,json",
            )  # fmt: skip
            command(planted, "report", "--agenda", "--month", "2026-10", "--out", str(out))
        own = planted.folder / "reports" / "2026-10" / "notes.md"
        own.write_text("Mine.", encoding="utf-8")
        with store.opened(planted.database) as db:
            assert [(one.path, one.what, one.month) for one in store.all_outputs(db)] == [
                (str(tmp_path / "given" / "2026-10"), "report", "2026-10"),
                ("report/2026-10", "report", "2026-10"),
                ("reports/2026-10", "report", "2026-10"),
            ]

        told = command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        assert "files of reports" in told.stdout
        assert [path.name for path in own.parent.iterdir()] == ["notes.md"]
        assert not (tmp_path / "given" / "2026-10").exists()
        with store.opened(planted.database) as db:
            assert store.all_outputs(db) == []

    def test_a_report_of_another_month_goes_if_it_tells_of_a_request_that_quotes_them(
        self, planted: Project
    ) -> None:
        out = planted.folder / "reports"
        command(planted, "report", "--month", "2026-09", "--out", str(out))
        page = out / "2026-09" / "report.md"
        assert "R-1" in page.read_text(encoding="utf-8")

        command(planted, "forget", "--call", "talk-2", "--yes", "--who", "Ines")
        assert not page.exists()  # of its own month
        command(planted, "report", "--month", "2026-10", "--out", str(out))
        later = planted.folder / "reports" / "2026-10" / "report.md"
        with store.opened(planted.database) as db, store.transaction(db):
            db.execute(
                "UPDATE calls SET recorded_at = '2026-09-05T10:00:00+01:00' WHERE id = 'talk-x'"
            )
        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        assert not later.exists()

    def test_a_report_of_another_month_stays_if_it_tells_of_nobody(self, planted: Project) -> None:
        command(planted, "forget", "--call", "talk-2", "--yes", "--who", "Ines")

        assert (planted.folder / "report" / "2026-10" / "index.html").exists()

    def test_what_people_keep_is_named(self, planted: Project, tmp_path: Path) -> None:
        command(planted, "requests", "brief", "R-1", "--out", str(tmp_path / "brief.md"))
        command(
            planted, "requests", "export", "--format", "csv", "--out", str(tmp_path / "asked.csv")
        )
        command(planted, "backup", str(tmp_path / "copy.db"))
        command(planted, "report", "--month", "2026-10", "--out", str(tmp_path))
        (tmp_path / "2026-10").rename(tmp_path / "for the board")
        lines = [
            f"  {tmp_path / '2026-10'}, a report of 2026-10 that was moved away",
            f"  {tmp_path / 'asked.csv'}, an export of requests that names or quotes them",
            f"  {tmp_path / 'brief.md'}, a brief that names or quotes them",
            f"  {tmp_path / 'copy.db'}, a backup",
        ]

        plan = command(planted, "forget", "--call", "talk-x").stdout.splitlines()
        other = command(planted, "forget", "--call", "talk-2").stdout.splitlines()
        told = command(planted, "forget", "--call", "talk-x", "--yes").stderr.splitlines()

        assert [line for line in plan if line in lines] == lines
        assert [line for line in told if line in lines] == lines
        assert [line for line in other if str(tmp_path) in line] == lines[-1:]

    def test_what_was_written_before_a_disk_was_full_goes(
        self, planted: Project, tmp_path: Path
    ) -> None:
        page = tmp_path / "out" / "2026-10" / "index.html"
        barred = page.with_name("report.md")
        (barred / "full").mkdir(parents=True)
        told = command(
            planted, "report", "--month", "2026-10", "--out", str(tmp_path / "out"), code=2
        )
        assert told.stderr.endswith(
            f"{barred}: the report cannot be written here (Is a directory); name another folder "
            "with --out\n"
        )
        assert [path.name for path in sorted(page.parent.iterdir())] == ["index.html", "report.md"]
        killed = page.with_name(".report.md.tmp")
        killed.write_bytes(page.read_bytes())

        command(planted, "forget", "--call", "talk-x", "--yes", "--who", "Ines")

        assert not page.exists()
        assert not killed.exists()

    def test_a_report_that_could_not_be_begun_is_not_looked_for(
        self, planted: Project, tmp_path: Path
    ) -> None:
        (tmp_path / "out").write_bytes(b"a file")
        for month in ("2026-10", "2025-01"):
            command(planted, "report", "--month", month, "--out", str(tmp_path / "out"), code=2)

        told = command(planted, "forget", "--call", "talk-x").stdout

        assert "moved away" not in told
        assert str(tmp_path) not in told.replace(str(planted.folder), "")

    def test_a_backup_that_was_killed_is_named(self, planted: Project, tmp_path: Path) -> None:
        command(planted, "backup", str(tmp_path / "copy.db"))
        killed = (tmp_path / "copy.db").rename(tmp_path / ".copy.db.part")

        told = command(planted, "forget", "--call", "talk-x").stdout.splitlines()

        assert f"  {killed}, a backup" in told

    def test_an_erasure_that_has_to_wait_removes_no_file(
        self, planted: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("callinsight.store.database.BUSY_S", 0.2)
        other = sqlite3.connect(planted.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        told = command(planted, "forget", "--call", "talk-x", "--yes", code=2)

        other.close()
        assert told.stderr.endswith(
            f"Error: {planted.database}: another program has been writing to it for 0 s; wait until "
            "that has ended, or end it, and start this again\n"
        )
        assert (planted.folder / "report" / "2026-10" / "index.html").exists()
        assert words_in(planted) == set(PLANTED)


def test_an_account_goes_with_its_name(planted: Project) -> None:
    command(planted, "forget", "--account", "wombatworks", "--yes", "--who", "Ines")

    assert found(planted) == {}


class TestPurging:
    def test_by_age_and_by_each_calls_own_day(self, planted: Project) -> None:
        with store.opened(planted.database) as db, store.transaction(db):
            db.execute("UPDATE calls SET retention_until = '2028-01-01' WHERE id = 'talk-2'")
            db.execute("UPDATE calls SET legal_hold = 1 WHERE id = 'talk-1'")

        with store.opened(planted.database) as db:
            config = planted.config()
            young = plan_purge(db, config, date(2027, 10, 5), older_than=365)
            plan = plan_purge(db, config, date(2027, 10, 6), older_than=365)
            over = plan_purge(db, config, date(2028, 1, 2), older_than=None)
            receipt = carry_out(db, config, plan, who="Ines", at=AT)

        assert [call.id for call in young.calls] == []
        assert [call.id for call in over.calls] == ["talk-2"]
        assert plan.held == (
            f"talk-1 is under legal hold; {LIFT}",
            "talk-2 is to be kept until 2028-01-01",
        )
        assert receipt.text.startswith(f"Erased on {AT} by Ines (age):\n  1 call\n")
        assert found(planted) == {}

    @pytest.mark.parametrize("text", ["long", "101y", "999999d", "0d"])
    def test_a_length_of_time_that_is_none(self, planted: Project, text: str) -> None:
        assert command(planted, "purge", "--older-than", text, code=2).stderr == (
            f"Error: '{text}' is no length of time up to 100 years; write 365d, 52w, 12m or 2y\n"
        )

    def test_a_run_erases_what_was_to_be_kept_until_a_day_before(self, planted: Project) -> None:
        sheet = planted.folder / "calls.csv"
        header, *rows = sheet.read_text(encoding="utf-8").splitlines()
        rows = [f"{row},{'2026-11-01' if row.startswith('talk-x') else ''}" for row in rows]
        sheet.write_text("\n".join([f"{header},retention_until", *rows]) + "\n", encoding="utf-8")

        assert run_again(planted, now="2026-11-01T23:00:00+00:00").statuses == {"done": 3}
        summary = run_again(planted)

        assert summary.statuses == {"done": 2, "refused": 1}
        assert words_in(planted) == {"talk-x.vtt"}
        assert receipts(planted) == [("callinsight run", "refused", 1, 5)]

    def test_what_a_run_erases_has_a_receipt(self, planted: Project) -> None:
        planted.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("talk-2", "talk-2.vtt")])
        nobody(planted)

        assert run_again(planted).removed == 1

        assert receipts(planted) == [("callinsight run", "list", 1, 5)]
        assert command(planted, "receipts").stdout.startswith(
            f"Receipt 1. Erased on {AT} by callinsight run (list):\n  1 call\n"
        )

    def test_recordings_go_only_where_the_pipeline_file_says_so(self, planted: Project) -> None:
        files = planted.folder / "files"
        write_wave(files / "silent.wav", np.zeros((1, 16_000)))
        planted.write_calls([call_row("quiet", "silent.wav"), call_row("talk-1", "talk-1.vtt")])
        nobody(planted)
        run_again(planted)
        assert command(planted, "purge", "--audio", "--yes", code=2).stderr == (
            f"Error: {planted.pipeline}: recordings are deleted only with 'delete_audio = true' "
            "under [privacy] there; then run the pipeline, and this again\n"
        )
        with planted.pipeline.open("a", encoding="utf-8") as file:
            file.write("[privacy]\ndelete_audio = true\n")
        run_again(planted)

        dry = command(planted, "purge", "--audio").stdout
        assert dry == (
            f"Would delete 1 recording:\n  {files / 'silent.wav'}\n"
            "Nothing is deleted yet: add --yes.\n"
        )
        told = command(planted, "purge", "--audio", "--yes", "--who", "Ines").stdout

        assert told.endswith(" by Ines (audio):\n  1 recording\n")
        assert not (files / "silent.wav").exists()
        assert (files / "talk-1.vtt").exists()
        summary = run_again(planted)
        assert (summary.problems, summary.statuses) == ((), {"done": 1, "empty": 1})


class TestKeeping:
    def test_a_copy_is_made_while_others_write(self, planted: Project, tmp_path: Path) -> None:
        rows = planted.rows()
        writer = sqlite3.connect(planted.database)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM tags")

        result = command(planted, "backup", str(tmp_path / "copy.db"))

        writer.rollback()
        assert result.stdout == f"{tmp_path / 'copy.db'}\n"
        assert sorted(p.name for p in tmp_path.glob("*copy*")) == ["copy.db"]
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
        with store.opened(tmp_path / "copy.db") as db:
            assert len(store.utterances_of(db, "talk-x")) == 5
            assert db["tags"].count == len(rows["tags"]) > 0
            assert store.faults(db) == []
        assert command(planted, "backup", str(tmp_path / "copy.db"), code=2).stderr == (
            f"Error: {tmp_path / 'copy.db'}: there is such a file already; name another, or remove it\n"
        )

    def test_a_copy_that_cannot_be_written(self, planted: Project, tmp_path: Path) -> None:
        target = tmp_path / "nowhere" / "copy.db"
        assert command(planted, "backup", str(target), code=2).stderr == (
            f"Error: {target}: the copy cannot be written there (No such file or directory)\n"
        )

    def test_faults_are_named(self, planted: Project) -> None:
        assert command(planted, "check").stderr == f"{planted.database} is whole.\n"
        with sqlite3.connect(planted.database) as db:
            db.execute("DELETE FROM calls WHERE id = 'talk-2'")
            db.execute(
                "DELETE FROM tagged_fts_docsize WHERE id = (SELECT max(id) FROM tagged_fts_docsize)"
            )
        db.close()

        result = command(planted, "check", code=1)

        assert "a row of utterances belongs to no row of calls\n" in result.stdout
        assert "the search index tagged_fts is wrong about 1 turns\n" in result.stdout

    def test_a_damaged_file_is_named(self, planted: Project) -> None:
        with store.opened(planted.database) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tags'").fetchone()[
                0
            ]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        with planted.database.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * 200)

        result = command(planted, "check", code=1)

        assert result.stdout.startswith("the file is damaged: ")
