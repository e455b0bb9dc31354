"""Calls heard on a Dask cluster and from an S3 server, both real and started here."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from dasking import (
    Cluster,
    asking,
    break_down,
    cluster,
    die,
    free_port,
    hang_at_three,
    note,
    refuse_odd,
    tasks_held,
)
from material import Project, call_row, write_vtt, write_wave
from typer.testing import CliRunner

from callinsight import remote, store
from callinsight.addresses import Address, fetched
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.cli import app
from callinsight.cluster import CRASHED, run_jobs
from callinsight.deadlines import TIMED_OUT
from callinsight.errors import AudioError, CallInsightError, ClusterError
from callinsight.pipeline.hearing import SpeechJob, engine_settings, hear_afar
from callinsight.pipeline.recordings import recordings, sound_at
from callinsight.pipeline.run import list_calls
from callinsight.pipeline.speech import transcribe_calls
from callinsight.taxonomy import load_taxonomy

STORES = "s3://, s3a://, gs://, gcs://, az://, abfs:// or file://"
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
KEY = "AKIAIOSFODNN7SCALE01"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The bucket of an S3 server on loopback; its credentials are in the environment."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3").mkdir("our-calls")
        yield "s3://our-calls/2026"
    server.stop()


@pytest.fixture(scope="module")
def two_workers(s3: str) -> Iterator[Cluster]:
    """Two workers that may read the bucket."""
    with cluster(2) as made:
        yield made


def heard(
    project: Project,
    address: str,
    advance: Callable[[float], None] = lambda _s: None,
    *,
    database: Path | None = None,
) -> dict[str, str]:
    """Bring the utterances of a project up to date; each call's status."""

    @contextlib.contextmanager
    def progress(_step: str, _total: int) -> Iterator[Callable[[float], None]]:
        yield advance

    config = project.config()
    entries = list_calls(config, load_taxonomy(config.tagging.taxonomy)).entries
    with store.opened(database or project.database, create=True) as db:
        transcribe_calls(
            db,
            config,
            entries,
            workers=1,
            retry_failed=False,
            progress=progress,
            cluster=address,
        )
        return {call.id: call.status for call in store.all_calls(db)}


def saved_at(project: Project) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(project.database)) as db:
        found = db.execute("SELECT subject, finished_at FROM runs WHERE stage = 'speech'")
        return dict(found.fetchall())


def words_of(database: Path) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT * FROM utterances ORDER BY id").fetchall()


def many_recordings(project: Project, count: int) -> None:
    """So many recordings, all with the same words; each ends with a little more silence."""
    sound = decode(project.folder / "files" / "rec-01.wav").read(0, 6 * SAMPLE_RATE)
    for number in range(count):
        longer = np.pad(sound, ((0, 0), (0, SAMPLE_RATE + number)))
        write_wave(project.folder / "files" / f"many-{number}.wav", longer)
    project.write_calls([call_row(f"many-{n}", f"many-{n}.wav") for n in range(count)])


def put_in_store(project: Project, s3: str) -> None:
    fsspec.filesystem("s3").put(f"{project.folder}/files/", f"{s3}/", recursive=True)
    text = project.pipeline.read_text(encoding="utf-8")
    project.pipeline.write_text(text.replace('files = "files"', f'files = "{s3}"'))


# The cluster


def test_a_cluster_hears_what_this_machine_hears(
    project: Project, two_workers: Cluster, tmp_path: Path
) -> None:
    project.write_calls([call_row("rec-02", "rec-02.wav"), call_row("talk-1", "talk-1.vtt")])
    here = heard(project, "", database=tmp_path / "here.db")
    there = heard(project, two_workers.address, database=tmp_path / "there.db")

    assert there == here == {"rec-02": "done", "talk-1": "done"}
    assert words_of(tmp_path / "there.db") == words_of(tmp_path / "here.db")
    assert len(words_of(tmp_path / "here.db")) > 4


def test_a_worker_loads_its_model_once(project: Project, two_workers: Cluster) -> None:
    many_recordings(project, 4)

    def loads() -> tuple[int, int]:
        from callinsight.calls.engines import load_engine

        info = load_engine.cache_info()
        return info.misses, info.hits

    with asking(two_workers.address) as client:
        before = client.run(loads)
        heard(project, two_workers.address)
        after = client.run(loads)

    assert sum(sum(after[w]) - sum(before[w]) for w in after) == 4
    assert all(misses <= 1 for misses, _ in after.values())


def test_calls_of_a_worker_that_is_killed_are_heard_by_another(project: Project, s3: str) -> None:
    many_recordings(project, 6)
    done: list[float] = []

    with cluster(2) as made:

        def kill_one(seconds: float) -> None:
            done.append(seconds)
            if len(done) == 2:
                made.workers[0].kill()

        statuses = heard(project, made.address, kill_one)
        ended = made.workers[0].wait()

    assert ended == -signal.SIGKILL
    assert statuses == {f"many-{n}": "done" for n in range(6)}
    assert len(done) == 6  # each came back once
    by_call = [tuple(row[2:]) for row in words_of(project.database)]
    assert len(by_call) == 6 * len(set(by_call))  # the same words in each, none twice


def test_a_lost_scheduler_keeps_what_is_done_and_the_next_run_goes_on(project: Project) -> None:
    many_recordings(project, 5)

    with cluster(2) as made:

        def kill_scheduler(_seconds: float) -> None:
            made.scheduler.kill()

        started = time.monotonic()
        with pytest.raises(ClusterError) as lost:
            heard(project, made.address, kill_scheduler)
        took_s = time.monotonic() - started
    kept = saved_at(project)
    with cluster(1) as again:
        statuses = heard(project, again.address)

    assert str(lost.value) == (
        f"{made.address}: the scheduler is gone. What is done is kept; "
        "start it and its workers again, and run the same command to go on"
    )
    assert took_s < 30
    assert 1 <= len(kept) < 5
    assert statuses == {f"many-{n}": "done" for n in range(5)}
    assert kept.items() <= saved_at(project).items()  # not heard again


def test_few_tasks_are_under_way_however_many_jobs(two_workers: Cluster) -> None:
    held = []
    with asking(two_workers.address) as client:
        for number, _ in enumerate(
            run_jobs(note, range(300), workers=1, address=two_workers.address)
        ):
            if number % 50 == 0:
                held.append(client.run_on_scheduler(tasks_held))

    assert number == 299
    assert max(held) <= remote.AHEAD * 2 + 6  # some that are done are not forgotten yet


def test_an_error_for_people_is_the_result_of_its_job(two_workers: Cluster) -> None:
    results = dict(run_jobs(refuse_odd, [1, 2, 4], workers=1, address=two_workers.address))

    assert (results[2], results[4]) == (2, 4)
    assert isinstance(results[1], AudioError)
    assert str(results[1]) == "1.wav: the file is empty"


def test_logs_of_workers_say_nothing_of_calls(project: Project, tmp_path: Path) -> None:
    card = "4111 1111 1111 1111"
    broken = project.folder / "files" / "wombatworks.srt"
    broken.write_text(f"1\n00:00:01,000 --> {card}\nHello.\n", encoding="utf-8")
    project.write_calls([call_row("secret-call", broken.name)])
    log = tmp_path / "dask.log"

    with cluster(1, log=log) as made:
        statuses = heard(project, made.address)
        with pytest.raises(RuntimeError, match=r"^ValueError on a worker, at .*dasking\.py:\d+$"):
            list(run_jobs(break_down, [f"quokka {card}"], workers=1, address=made.address))

    assert statuses == {"secret-call": "failed"}
    told = log.read_text(encoding="utf-8")
    assert "Registered" in told  # it is their log
    assert not any(word in told for word in (card, "quokka", "wombatworks", "secret-call"))


@pytest.mark.slow
def test_a_job_that_ends_its_workers_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(2, nanny=True, **once) as made:
        results = dict(run_jobs(die, range(6), workers=1, address=made.address))

    assert [results[number] for number in (0, 1, 2, 4, 5)] == [0, 1, 2, 4, 5]
    assert str(results[3]) == CRASHED


# A cluster that cannot be used


def test_a_job_whose_time_is_up_is_given_up_once_and_ends_no_other() -> None:
    started = time.monotonic()
    with cluster(2, nanny=True) as made:
        results = dict(run_jobs(hang_at_three, range(8), workers=1, address=made.address))
        took_s = time.monotonic() - started

    assert str(results.pop(3)) == TIMED_OUT
    assert results == {number: number for number in range(8) if number != 3}
    assert took_s < 60  # a second try alone would take four workers and as many times the grace


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CONNECT_S", 2.0)
    with cluster(0) as made, pytest.raises(ClusterError) as told:
        list(run_jobs(note, [1], workers=1, address=made.address))

    assert str(told.value) == (
        f"{made.address}: the scheduler has no worker; start one on the machine that shall work, "
        f"with 'dask worker {made.address} --nthreads 1'"
    )


def test_workers_that_are_all_gone_end_the_run() -> None:
    with cluster(1) as made:
        results = remote.run_on_cluster(note, range(100), made.address, [], patience_s=1.0)
        next(results)
        made.workers[0].kill()
        with pytest.raises(ClusterError) as told:
            list(results)

    assert str(told.value) == (
        f"{made.address}: its last worker is gone, and for 1 s no other came; start one on the "
        f"machine that shall work, with 'dask worker {made.address} --nthreads 1'. What is done is "
        "kept; run the same command again to go on"
    )


def test_a_worker_with_other_versions_is_told(
    two_workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = remote._versions()
    monkeypatch.setattr(remote, "_versions", lambda: held | {"faster-whisper": "0.1"})

    with pytest.raises(ClusterError) as told:
        list(run_jobs(note, [1], workers=1, address=two_workers.address))

    assert re.fullmatch(
        rf"worker tcp://127\.0\.0\.1:\d+ has faster-whisper {held['faster-whisper']} and this machine "
        r"0\.1; the same call would give other words there\. Install the same versions on all "
        r"machines of the cluster",
        str(told.value),
    )


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8786", "http://127.0.0.1:8786", "tcp://me:pw@host:1", "tcp://host"]
)
def test_what_is_no_address_of_a_scheduler_is_told(project: Project, address: str) -> None:
    told = CliRunner().invoke(app, ["run", str(project.pipeline), "--cluster", address])

    assert told.exit_code == 2
    assert told.stderr == (
        f"Error: --cluster is '{address}'; write the scheduler's address as tcp://HOST:PORT, "
        "such as tcp://127.0.0.1:8786\n"
    )
    assert not project.database.exists()


def test_no_scheduler_is_told_with_exit_code_2(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "CONNECT_S", 1.0)
    address = f"tcp://127.0.0.1:{free_port()}"

    told = CliRunner().invoke(app, ["run", str(project.pipeline), "--cluster", address])

    assert told.exit_code == 2
    assert told.stderr.splitlines()[-1] == (
        f"Error: {address}: no Dask scheduler answers there (OSError); "
        "start one with 'dask scheduler', or mend the address"
    )


def test_a_missing_dask_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    told = CliRunner().invoke(app, ["run", str(project.pipeline), "--cluster", "tcp://h:1"])

    assert told.exit_code == 2
    assert told.stderr == (
        "Error: --cluster needs Dask, which is not installed: pip install 'callinsight[cluster]'\n"
    )


def test_workers_belong_to_this_machine(project: Project) -> None:
    command = ["run", str(project.pipeline), "--cluster", "tcp://h:1", "--workers", "2"]
    told = CliRunner().invoke(app, command)

    assert told.exit_code == 2
    assert told.stderr == (
        "Error: --workers counts processes of this machine; leave it out with --cluster\n"
    )


def test_a_worker_that_does_not_see_the_folder_ends_the_run(tmp_path: Path) -> None:
    job = SpeechJob("x", tmp_path / "gone" / "x.wav", None, seen=True)

    with pytest.raises(ClusterError) as told:
        hear_afar(job)

    assert str(told.value).endswith(
        f" does not see {job.path}: share the folder of recordings with all machines of the cluster "
        "under the same path, or keep the recordings in a store such as s3://"
    )


def test_a_worker_without_weights_ends_the_run(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path))
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")
    engine = engine_settings("faster-whisper", "base", language="en", beam_size=1, afar=True)
    job = SpeechJob("x", project.folder / "files" / "rec-01.wav", engine, seen=True)

    with pytest.raises(ClusterError, match=r"^worker .*: .*'?callinsight models pull base"):
        hear_afar(job)


# Stores


def test_workers_hear_recordings_of_a_store(
    project: Project, s3: str, two_workers: Cluster, tmp_path: Path, caplog
) -> None:
    put_in_store(project, s3)
    (project.folder / "files").rename(project.folder / "hidden")

    statuses = heard(project, two_workers.address)
    first = saved_at(project)
    heard(project, two_workers.address)

    assert statuses == dict.fromkeys(("rec-01", "rec-02", "talk-1", "talk-2"), "done")
    assert saved_at(project) == first  # what is done is not fetched again
    said = " ".join(str(row) for row in words_of(project.database)).lower()
    assert "hosted" in said
    assert "far too expensive" in said
    for file in project.folder.glob("callinsight.db*"):
        held = file.read_bytes()
        assert SECRET.encode() not in held
        assert KEY.encode() not in held
    assert SECRET not in caplog.text


def test_a_recording_that_changes_in_its_store_is_heard_again(project: Project, s3: str) -> None:
    project.write_calls([call_row("talk-1", "talk-1.vtt"), call_row("talk-2", "talk-2.vtt")])
    put_in_store(project, s3)
    heard(project, "")
    before = saved_at(project)
    write_vtt(project.folder / "files" / "talk-2.vtt", [("Bo Berg", "It was rather cold.")])
    fsspec.filesystem("s3").put(f"{project.folder}/files/talk-2.vtt", f"{s3}/talk-2.vtt")

    heard(project, "")

    assert saved_at(project)["talk-1"] == before["talk-1"]
    assert "rather cold" in str(words_of(project.database))
    assert "Lovely" not in str(words_of(project.database))


@pytest.mark.slow
def test_a_whole_run_from_a_store_plays_its_recordings(project: Project, s3: str) -> None:
    put_in_store(project, s3)
    summary = project.run()

    assert summary.statuses == {"done": 4}
    assert summary.problems == ()
    with store.opened(project.database) as db:
        recording_of = recordings(db, project.config())
        call = store.get_call(db, "rec-01")
        place = recording_of(call)
        assert place == Address(f"{s3}/rec-01.wav")
        assert recording_of(store.get_call(db, "talk-1")) is None
    assert sound_at(place, call, [(5.0, 15.0)]).duration_s == pytest.approx(20, abs=4)
    assert sound_at(place, call, [(5.0, 30.0)]).duration_s == pytest.approx(20)


def test_only_addresses_that_are_named_are_opened(project: Project, s3: str) -> None:
    put_in_store(project, s3)
    shutil.copytree(project.folder / "files", project.folder / "shared")
    config = project.config()
    shared = f"file://{project.folder}/shared"
    calls = replace(config.calls, files=project.folder / "files", addresses=(s3, shared))
    project.write_calls(
        [
            call_row("a", f"{s3}/talk-1.vtt"),
            call_row("b", f"{shared}/talk-2.vtt"),
            call_row("c", "s3://elsewhere/talk-1.vtt"),
            call_row("d", f"{s3}/../talk-1.vtt"),
            call_row("e", "http://127.0.0.1/x.wav"),
            call_row("f", "file:///etc/passwd"),
            call_row("g", "s3://key:hush@our-calls/x.wav"),
            call_row("h", f"{s3}/rec-01.wav", consent=""),
        ]
    )

    listed = list_calls(replace(config, calls=calls), load_taxonomy(config.tagging.taxonomy))

    found = {entry.call.id: entry for entry in listed.entries}
    assert found["a"].path.exists()
    assert found["b"].path == project.folder / "shared" / "talk-2.vtt"
    assert (found["h"].call.status, found["h"].path.exists()) == ("refused", False)
    where = "calls.csv"
    below = (
        "which lies below no address that may be opened; "
        "add one to 'addresses' under [calls] in the pipeline file"
    )
    assert [p.error for p in listed.problems if p.error.startswith(where)] == [
        f"{where}:4: file is 's3://elsewhere/talk-1.vtt', {below}",
        f"{where}:5: file: '{s3}/../talk-1.vtt' must name a place, without '..'",
        f"{where}:6: file: 'http://' is no store that is opened; it must be {STORES}",
        f"{where}:7: file is 'file:///etc/passwd', {below}",
        f"{where}:8: file: the s3:// address names a user or password; leave them to the environment",
    ]


def test_a_store_that_cannot_be_listed_is_told_without_its_keys(project: Project, s3: str) -> None:
    text = project.pipeline.read_text(encoding="utf-8")
    project.pipeline.write_text(text.replace('files = "files"', 'files = "s3://nowhere/calls"'))

    told = CliRunner().invoke(app, ["run", str(project.pipeline)])

    assert told.exit_code == 2
    assert told.stderr.splitlines()[-1] == (
        "Error: s3://nowhere/calls: it cannot be listed (FileNotFoundError); see that the credentials "
        "for s3:// are in the environment and may read it"
    )


def test_a_copy_leaves_nothing_behind_even_when_its_process_is_killed(
    s3: str, tmp_path: Path
) -> None:
    fsspec.filesystem("s3").pipe("our-calls/one.wav", b"RIFF" + b"\0" * 100_000)
    program = (
        "import os, signal\nfrom callinsight.addresses import Address, fetched\n"
        "with fetched(Address('s3://our-calls/one.wav')) as path:\n"
        "    assert path.stat().st_size == 100_004 and path.name == 'one.wav'\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_file_that_is_gone_from_its_store_is_told(s3: str) -> None:
    with pytest.raises(AudioError) as told, fetched(Address(f"{s3}/gone.wav")):
        pass

    assert str(told.value) == (
        "gone.wav: there is no such file; mend the address or remove the row"
    )


def test_a_store_whose_package_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)

    with pytest.raises(CallInsightError) as told, fetched(Address("gs://bucket/x.wav")):
        pass

    assert str(told.value) == "gs:// needs the package gcsfs: pip install gcsfs"
