"""How the work grows: on a cluster, with the number of calls, and over a database that is large.

    python benchmarks/scale.py workers --repeat 3
    python benchmarks/scale.py calls --most 10000
    python benchmarks/scale.py done --calls 10000 --times 10
    python benchmarks/scale.py report /tmp/large.db
    python benchmarks/scale.py clips --minutes 60 --rounds 3

`workers` hears recordings of the demo with two processes of this machine and with two Dask workers
of it, in turns, on the small English model. `calls` takes more and more transcripts through the whole
pipeline: 20,000 distinct turns in them, whose vectors are replayed; reading, tagging, the gaps and
the report are real, topics are left out. Each size starts with an empty database; then it is run
again over calls that are done: once as nothing has changed, once with `--check-all`, which looks at each.
`done` does the same over a database whose done calls were copied so many times, files and all, in a
fifth of the time that 100,000 take. `report` makes the report and the gaps of a database that
`benchmarks/web.py make` wrote. `clips` cuts a quote of 20 seconds out of long calls of two channels, in the
middle of them: out of the whole recording, and out of what has to be decoded for it; in turns.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.calls.audio import SAMPLE_RATE, clip, decode
from callinsight.calls.passages import passages
from callinsight.cluster import run_jobs
from callinsight.config import load_config
from callinsight.pipeline.hearing import Heard, SpeechJob, engine_settings, hear, hear_afar
from callinsight.pipeline.run import run
from callinsight.pipeline.unchanged import keep_unchanged, program_of
from callinsight.progress import silent
from callinsight.tagging.encoder import SIZE, Turn
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
RECORDINGS = sorted((ROOT / "pipelines" / "demo" / "recordings").glob("*.flac"))
DISTINCT, TURNS = 20_000, 10  # turns of buyers in all, and in a call
NOW = datetime.now(UTC).isoformat(timespec="seconds")
OLD_S = 3600  # files are so much older than the run
OF_A_CALL = {  # tables with the columns that name the call
    "calls": ("id", "file"),
    "participants": ("call",),
    "utterances": ("call", "id"),
    "tags": ("call", "utterance"),
}
SIZES = (10, 100, 1000, 10_000, 100_000)
QUOTED = (  # recordings to quote from: name, codec, rate
    ("call.wav", "pcm_s16le", 16_000),
    ("call.flac", "flac", 16_000),
    ("call.mp3", "libmp3lame", 44_100),
    ("call.m4a", "aac", 44_100),
    ("call.ogg", "libopus", 48_000),
)
WORDS = (ROOT / "pipelines" / "demo" / "transcripts", "*.vtt")
REPORT = (
    "import sys; from callinsight.cli import main; "
    "sys.argv[0] = 'callinsight'; "
    "import atexit, resource; "
    "atexit.register(lambda: print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)); "
    "main()"
)


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("workers", "calls", "done", "report", "clips"))
    parser.add_argument("database", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=3, help="how often each recording is heard")
    parser.add_argument("--recordings", type=int, default=len(RECORDINGS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=10_000, help="calls that are really heard")
    parser.add_argument("--times", type=int, default=10, help="how often each then is there")
    parser.add_argument("--minutes", type=int, default=60, help="of a recording that is quoted")
    asked = parser.parse_args()
    if asked.what == "workers":
        workers(RECORDINGS[: asked.recordings] * asked.repeat, asked.rounds)
    elif asked.what == "calls":
        calls(asked.most)
    elif asked.what == "done":
        done(asked.calls, asked.times)
    elif asked.what == "clips":
        clips(asked.minutes, asked.rounds)
    else:
        report(asked.database)


# Two workers here, two on a cluster


def workers(recordings: list[Path], rounds: int) -> None:
    """Seconds of sound a second, by local processes and by Dask workers of the same machine."""
    print("| round | local, 2 processes | Dask, 2 workers | ratio |\n|---|---|---|---|")
    ratios = []
    with scheduler() as address:
        for number in range(rounds):
            local = throughput(recordings, "")
            with dask_workers(address):
                dask = throughput(recordings, address)
            ratios.append(dask / local)
            print(
                f"| {number + 1} | {local:.2f} audio s/s | {dask:.2f} audio s/s | {ratios[-1]:.2f} |",
                flush=True,
            )
    print(f"\nratio on average {sum(ratios) / len(ratios):.2f}")


def throughput(recordings: list[Path], address: str) -> float:
    engine = engine_settings("faster-whisper", "tiny.en", language="en", beam_size=5)
    voices = weights.folder(weights.VOICES)
    jobs = [
        SpeechJob(f"{number}-{path.stem}", path, engine, voices, seen=True)
        for number, path in enumerate(recordings)
    ]
    started = time.monotonic()
    sound_s = 0.0
    for _, heard in run_jobs(hear_afar if address else hear, jobs, workers=2, address=address):
        assert isinstance(heard, Heard), heard
        sound_s += heard.duration_s
    return sound_s / (time.monotonic() - started)


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = dask("scheduler", "--port", str(port))
    try:
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def dask_workers(address: str) -> Iterator[None]:
    """Two workers, started anew each time, as local processes are."""
    processes = [dask("worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
    try:
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def dask(kind: str, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", kind, *options, "--host", "127.0.0.1", "--no-dashboard"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


# More and more calls


def calls(most: int) -> None:
    """Milliseconds a call as the calls grow, and a second run over the same."""
    print("| calls | first run | a call | second run | each looked at | peak memory |")
    print("|---|---|---|---|---|---|")
    for count in [size for size in SIZES if size <= most]:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            write_project(Path(folder), count)
            first_s, _ = timed_run(Path(folder))
            second_s, _ = timed_run(Path(folder))
            looked_s, peak_mb = timed_run(Path(folder), check_all=True)
        each_ms = first_s / count * 1000
        print(
            f"| {count:,} | {first_s:.1f} s | {each_ms:.1f} ms | {second_s:.1f} s | {looked_s:.1f} s "
            f"| {peak_mb:.0f} MB |",
            flush=True,
        )


def timed_run(folder: Path, *, check_all: bool = False) -> tuple[float, float]:
    """Seconds of a run, and the most memory that this process has taken so far, in MB."""
    config = load_config(folder / "sales_calls.toml")
    started = time.monotonic()
    summary = run(
        config,
        database=config.database,
        workers=2,
        retry_failed=False,
        progress=silent,
        now=NOW,
        check_all=check_all,
    )
    assert set(summary.statuses) == {"done"}, summary.statuses
    return time.monotonic() - started, peak_mb()


def done(count: int, times: int) -> None:
    """A run over done calls, most of which are copies of others under other names."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        write_project(folder, count)
        timed_run(folder)
        one_s, _ = timed_run(folder)
        multiply(folder, times)
        many_s, peak = timed_run(folder)
    print("| done calls | run in which nothing has changed | peak memory |\n|---|---|---|")
    print(
        f"| {count:,} | {one_s:.1f} s | |\n| {count * times:,} | {many_s:.1f} s | {peak:.0f} MB |"
    )


def multiply(folder: Path, times: int) -> None:
    """Copy each done call with its turns, tags and file, and note that all is as it was left."""
    config = load_config(folder / "sales_calls.toml")
    files = sorted((folder / "files").iterdir())
    with store.opened(folder / "callinsight.db") as db:
        for number in range(1, times):
            for path in files:
                copy = path.with_name(path.name.replace("call-", f"call{number}-"))
                shutil.copy2(path, copy)
            with store.transaction(db):
                for table, ids in OF_A_CALL.items():
                    names = [column.name for column in db[table].columns]
                    cells = [
                        f"replace({c}, 'call-', 'call{number}-')" if c in ids else c for c in names
                    ]
                    db.execute(
                        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(cells)} "  # noqa: S608
                        f"FROM {table} WHERE {ids[0]} LIKE 'call-%'"
                    )
        program = program_of(config, load_taxonomy(config.tagging.taxonomy))
        keep_unchanged(db, config, program, [], now=NOW)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def write_project(folder: Path, count: int) -> None:
    """Transcripts of distinct turns, with the vectors of all of them in the database already."""
    rng = random.Random(1)
    pairs = distinct_turns()
    (folder / "files").mkdir()
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder)
    (folder / "sales_calls.toml").write_text(
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n[topics]\nmin_calls = 1000000\n'
    )
    with (
        (folder / "calls.csv").open("w", newline="") as calls_file,
        (folder / "participants.csv").open("w", newline="") as people_file,
    ):
        sheet, people = csv.writer(calls_file), csv.writer(people_file)
        sheet.writerow(["call_id", "file", "recorded_at", "deal", "deal_stage", "consent"])
        people.writerow(["call_id", "name", "side", "title"])
        for number in range(count):
            call = f"call-{number:06d}"
            write_transcript(folder / "files" / f"{call}.vtt", rng.sample(pairs, TURNS))
            day = f"2026-{number % 6 + 1:02d}-{number % 28 + 1:02d}T10:00"
            sheet.writerow([call, f"{call}.vtt", day, f"D-{number // 3}", "Negotiation", "notice"])
            people.writerow([call, "Dana", "rep", "Account Executive"])
            people.writerow([call, "Ann", "buyer", "Chief Financial Officer"])
    keep_vectors(folder / "callinsight.db", pairs)


def distinct_turns() -> list[Turn]:
    """What sellers and buyers say, made of sentences of the demo with a number, so that each is new."""
    said = []
    for path in sorted(WORDS[0].glob(WORDS[1])):
        lines = path.read_text(encoding="utf-8").splitlines()
        said += [line.partition(">")[2].removesuffix("</v>") for line in lines if line[:3] == "<v "]
    sentences = sorted({text for text in said if 5 <= len(text.split()) <= 25})
    rng = random.Random(2)
    return [
        Turn(f"{rng.choice(sentences)} Number {number}.", f"{number}: {rng.choice(sentences)}")
        for number in range(DISTINCT)
    ]


def write_transcript(path: Path, pairs: list[Turn]) -> None:
    lines = ["WEBVTT", ""]
    for index, text in enumerate(part for pair in pairs for part in pair):
        start = f"{index * 10 // 60:02d}:{index * 10 % 60:02d}"
        lines += [f"{start}.000 --> {start}.900", f"<v {('Dana', 'Ann')[index % 2]}>{text}</v>", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    hour_ago = time.time() - OLD_S
    os.utime(path, (hour_ago, hour_ago))


def keep_vectors(database: Path, pairs: list[Turn]) -> None:
    """Replayed vectors: drawn once, of the shape that the encoder gives."""
    from callinsight.tagging.concerns import pieces
    from callinsight.tagging.embed import DIMENSIONS, text_hash
    from callinsight.tagging.sentences import sentences_of

    draw = np.random.default_rng(3)
    turns, texts = {}, {}
    for pair in pairs:
        for piece in pieces(pair):
            count = len(sentences_of(piece.text))
            vectors = draw.normal(scale=SIZE**-0.5, size=(count, SIZE + 1))
            vectors[:, -1] = 1 / count
            turns[piece.key] = vectors.astype(np.float16).tobytes()
        vector = draw.normal(scale=DIMENSIONS**-0.5, size=DIMENSIONS).astype(np.float32)
        texts[text_hash(pair.text)] = vector.tobytes()
    with store.opened(database, create=True) as db, store.transaction(db):
        store.save_vectors(db, weights.fingerprint(weights.TAGGING), turns)
        store.save_vectors(db, weights.fingerprint(weights.EMBEDDING), texts)


# A large database


def report(database: Path) -> None:
    """Seconds and memory of the report and of the gaps."""
    with store.opened(database) as db:
        turns = db.execute("SELECT count(*) FROM utterances").fetchone()[0]
        month = db.execute("SELECT max(month) FROM tags").fetchone()[0]
    print(f"{turns:,} turns, month {month}\n\n| command | time | peak memory |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, options in (
            ("gaps", ["gaps", "--month", month]),
            ("report", ["report", "--month", month, "--out", folder]),
        ):
            started = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", REPORT, *options, "--db", str(database)],
                capture_output=True,
                text=True,
                check=False,
            )
            took_s = time.monotonic() - started
            if done.returncode:
                raise SystemExit(done.stderr)
            peak = int(done.stdout.rpartition("peak ")[2]) / 1000
            print(f"| {name} | {took_s:.1f} s | {peak:.0f} MB |", flush=True)


# A quote out of a long recording


def clips(minutes: int, rounds: int) -> None:
    """CPU seconds of a quote out of the whole recording, and out of a part; the bytes are the same."""
    print("| recording | whole | part | ratio |\n|---|---|---|---|")
    middle_s = minutes * 30.0
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        for name, codec, rate in QUOTED:
            path = Path(folder) / name
            write_recording(path, codec, rate, minutes)
            times: dict[bool, list[float]] = {True: [], False: []}
            cut = set()
            for _ in range(rounds):
                for whole in (True, False):
                    started = time.process_time()
                    spans = [(middle_s, middle_s + 20)]
                    sound = decode(path) if whole else passages(path, spans, channels=2)
                    cut.add(clip(sound, *spans[0]))
                    times[whole].append(time.process_time() - started)
            assert len(cut) == 1, f"{name}: other bytes"
            path.unlink()
            least, part = min(times[True]), min(times[False])
            print(
                f"| {name}, {rate / 1000:g} kHz | {least:.2f} s | {part:.2f} s | {part / least:.2f} |",
                flush=True,
            )


def write_recording(path: Path, codec: str, rate: int, minutes: int) -> None:
    """A call of the demo again and again, as long as is asked for, at another rate."""
    import av

    call = decode(RECORDINGS[0]).read()
    pcm = np.ascontiguousarray((call.T * 32767).astype(np.int16).reshape(1, -1))
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout="stereo")
        resampler = av.AudioResampler(stream.format, "stereo", rate)
        for _ in range(round(minutes * 60 / (call.shape[1] / SAMPLE_RATE)) + 1):
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="stereo")
            frame.sample_rate = SAMPLE_RATE
            for piece in resampler.resample(frame):
                piece.pts = None
                out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
