"""How fast the pages are over many calls: a made-up database of any size, then the table of times.

    python benchmarks/web.py make /tmp/large.db --calls 100000
    python benchmarks/web.py measure /tmp/large.db

`make` writes 50 turns a call, six of them tagged, with a vector each. `measure` starts
`callinsight serve` on it and asks for pages over loopback, one after the other, then with twenty
readers while a writer saves calls as a pipeline does. Times are those of a whole answer; beside them
stands a bare `select` of the rows that a page shows, by sqlite3 in one process.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from made_up import ROOT, made_call, make

from callinsight import store
from callinsight.config import load_config
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 8765
READERS, READS = 20, 40


def main() -> None:
    """Make a database, or measure the pages over it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make", "measure"))
    parser.add_argument("database", type=Path)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    if asked.what == "make":
        make(asked.database, asked.calls)
    else:
        measure(asked.database, asked.repeat)


def measure(database: Path, repeat: int) -> None:
    """Print the table."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "callinsight.cli",
            "serve",
            "--db",
            str(database),
            "--port",
            str(PORT),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=120) as client:
            wait_for(client)
            started = time.monotonic()
            client.get("/excerpts").raise_for_status()
            print(f"first page, with everything read: {time.monotonic() - started:.1f} s")
            with sqlite3.connect(database) as db:
                bare_ms = bare_select(db)
            pages = dict(asked())
            rows = [
                row for name, paths in pages.items() for row in [timed(client, name, paths, repeat)]
            ]
            memory = resident_mb(server.pid)
            warm_up(client)
            rows += [timed(client, "search by meaning", MEANING, repeat)]
            rows += [
                timed(client, "more like this", [f"/excerpts?like={utterance_of(client)}"], repeat)
            ]
            print("| what | median | 95 % | worst |\n|---|---:|---:|---:|")
            for name, times in rows:
                print(line(name, times))
            print(line("bare select of a page's rows", bare_ms))
            print(
                f"\nmemory {memory:.0f} MB, {resident_mb(server.pid):.0f} MB with search by meaning"
            )
        crowd(database, [path for paths in pages.values() for path in paths])
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


MEANING = [
    f"/excerpts?by=meaning&q={words}"
    for words in ("they+fear+the+cost", "who+sees+our+data", "no+time+for+training")
]


def asked() -> Iterator[tuple[str, list[str]]]:
    """Pages by what they are, with their addresses."""
    concerns = ("price_budget", "trust_proof", "effort_change", "legal_procurement")
    yield "all excerpts", ["/excerpts", "/excerpts?order=newest", "/excerpts?order=surest&unsure=1"]
    yield (
        "one facet",
        [
            f"/excerpts?{f}"
            for f in (
                *(f"concern={c}" for c in concerns),
                "stance=objection",
                "month=2025-03",
                "outcome=lost",
                "stage=decision",
                "confidence=high",
                "sound=recording",
                "persona=champion",
            )
        ],
    )
    yield (
        "facets together",
        [
            f"/excerpts?concern={a}&concern={b}&stance={stance}&stage={stage}"
            for a, b in itertools.combinations(concerns, 2)
            for stance in ("objection", "question")
            for stage in ("decision", "awareness")
        ],
    )
    words = (
        "price",
        "the",
        "team+budget",
        '"the+price"',
        "price+OR+cost",
        "price+-team",
        "the+-to",
        "ledger",
    )
    yield "full-text search", [f"/excerpts?q={word}" for word in words]
    yield (
        "search and facets",
        [f"/excerpts?q={word}&concern=price_budget&stance=objection" for word in words],
    )
    yield "a call", [f"/calls/call-{number:06d}" for number in range(0, 3000, 500)]
    yield "an excerpt in a list of its own", ["/playlists", "/definitions"]
    yield "home", ["/"]
    yield "runs", ["/runs"]
    yield "review, after the first look", ["/review"]
    yield "calls as JSON", ["/api/calls?limit=50"]
    yield "sound, first byte", [f"/audio/call-{number:06d}" for number in range(0, 30, 3)]


def timed(
    client: httpx.Client, name: str, paths: list[str], repeat: int
) -> tuple[str, list[float]]:
    """Milliseconds of each answer; what is asked for again differs, so that no cache answers."""
    times = []
    for number in range(repeat):
        for path in paths:
            joined = f"{path}{'&' if '?' in path else '?'}x={number}"
            started = time.perf_counter()
            if path.startswith("/audio"):
                with client.stream("GET", path, headers={"Range": "bytes=100000-200000"}) as answer:
                    next(answer.iter_raw())
            else:
                answer = client.get(joined)
            times.append((time.perf_counter() - started) * 1000)
            if answer.status_code not in (200, 206):
                raise SystemExit(f"{path}: {answer.status_code}")
    return name, times


def bare_select(db: sqlite3.Connection) -> list[float]:
    """Milliseconds to select the rows that one page shows: 20 turns with neighbours, calls, tags."""
    ids = [row[0] for row in db.execute("SELECT utterance FROM tags LIMIT 4000")][::200]
    times = []
    for _ in range(20):
        started = time.perf_counter()
        for id_ in ids:
            call, _, position = id_.rpartition(":")
            near = (call, int(position) - 1, int(position) + 1)
            db.execute(
                "SELECT * FROM utterances WHERE call = ? AND position BETWEEN ? AND ?", near
            ).fetchall()
            db.execute("SELECT * FROM calls WHERE id = ?", [call]).fetchall()
            db.execute("SELECT * FROM tags WHERE utterance = ?", [id_]).fetchall()
        times.append((time.perf_counter() - started) * 1000)
    return times


def crowd(database: Path, paths: list[str]) -> None:
    """Twenty readers at once, while calls are saved and tagged."""
    stop = threading.Event()
    written: list[float] = []
    writer = threading.Thread(target=write, args=(database, stop, written))
    writer.start()
    times: list[float] = []
    failed: list[str] = []

    def read(seed: int) -> None:
        rng = random.Random(seed)
        with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=120) as client:
            for _ in range(READS):
                path = rng.choice(paths)
                started = time.perf_counter()
                part = {"Range": "bytes=0-9999"} if "audio" in path else {}
                try:
                    answer = client.get(path, headers=part)
                except httpx.HTTPError as error:
                    failed.append(f"{path}: {error}")
                    continue
                times.append((time.perf_counter() - started) * 1000)
                if answer.status_code not in (200, 206):
                    failed.append(f"{path}: {answer.status_code}")

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(READERS)]
    started = time.monotonic()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    took_s = time.monotonic() - started
    stop.set()
    writer.join()
    print(f"\n{READERS} readers while {len(written)} calls were written in {took_s:.0f} s:")
    print(
        f"{len(times) / took_s:.0f} answers a second, each {statistics.median(times):.0f} ms in the "
        f"median; {len(failed)} failed; a call was written in {statistics.median(written):.0f} ms"
    )
    for problem in sorted(set(failed)):
        print(problem)


def write(database: Path, stop: threading.Event, written: list[float]) -> None:
    """Save calls with their tags, one transaction a call, as the pipeline does."""
    rng = random.Random(2)
    config = load_config(ROOT / "pipelines" / "demo.toml")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    kinds = (list(taxonomy.concerns), list(taxonomy.personas), list(taxonomy.asks))
    with store.opened(database) as db:
        for number in itertools.count(900_000):
            if stop.wait(0.2):
                return
            call, said, tags = made_call(number, rng, *kinds)
            started = time.perf_counter()
            with store.transaction(db):
                store.save_call(db, call, [], said)
                store.replace_tags(db, call.id, ("concern", "ask"), tags)
            written.append((time.perf_counter() - started) * 1000)


def warm_up(client: httpx.Client) -> None:
    """Search by meaning reads its vectors when it is first asked."""
    started = time.monotonic()
    while "One moment" in client.get(MEANING[0]).text:
        time.sleep(0.5)
    print(f"search by meaning, until its vectors are read: {time.monotonic() - started:.1f} s\n")


def utterance_of(client: httpx.Client) -> str:
    found = re.search(r'id="x-([^"]+)"', client.get("/excerpts").text)
    assert found is not None
    return found[1]


def wait_for(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/static/app.js")
        except httpx.ConnectError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not start")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def line(name: str, times: list[float]) -> str:
    best = sorted(times)
    at_95 = best[min(len(best) - 1, round(0.95 * len(best)))]
    return f"| {name} | {statistics.median(best):.0f} ms | {at_95:.0f} ms | {best[-1]:.0f} ms |"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
