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
from callinsight.web.memory import PAUSE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 8765
READERS, READS = 20, 40
HEADINGS = ("what", "median", "95 %", "95 %, best of each", "worst", "processor")


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
    command = [sys.executable, "-m", "callinsight.cli", "serve", "--db", str(database)]
    server = subprocess.Popen(
        [*command, "--port", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=300) as client:
            wait_for(client)
            for path in ("/excerpts", "/review", "/audio/call-000000"):
                first(client, server.pid, path)
            with sqlite3.connect(database) as db:
                bare_ms = bare_select(db)
                pages = dict(asked(db))
            rows = [timed(client, server.pid, name, paths, repeat) for name, paths in pages.items()]
            memory = resident_mb(server.pid)
            warm_up(client, server.pid)
            rows.append(timed(client, server.pid, "search by meaning", MEANING, repeat))
            alike = [f"/excerpts?like={utterance_of(client)}"]
            rows.append(timed(client, server.pid, "more like this", alike, repeat))
            print(f"| {' | '.join(HEADINGS)} |\n|---|{'---:|' * (len(HEADINGS) - 1)}")
            for row in rows:
                print(line(*row))
            print(line("bare select of 20 excerpts", [[one] for one in bare_ms], 0.0))
            with_meaning = resident_mb(server.pid)
            print(
                f"\nmemory {memory:.0f} MB, {with_meaning:.0f} MB with search by meaning",
                flush=True,
            )
        crowd(database, [path for paths in pages.values() for path in paths])
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


MEANING = [
    f"/excerpts?by=meaning&q={words}"
    for words in ("they+fear+the+cost", "who+sees+our+data", "no+time+for+training")
]


def asked(db: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """Pages by what they are, with their addresses."""
    concerns = ("price_budget", "trust_proof", "effort_change", "legal_procurement")
    yield "all excerpts", ["/excerpts", "/excerpts?order=newest", "/excerpts?order=surest&unsure=1"]
    facets = (
        *(f"concern={c}" for c in concerns),
        *("stance=objection", "month=2025-03", "outcome=lost", "stage=decision"),
        *("confidence=high", "sound=recording", "persona=champion"),
    )
    yield "one facet", [f"/excerpts?{facet}" for facet in facets]
    yield (
        "facets together",
        [
            f"/excerpts?concern={a}&concern={b}&stance={stance}&stage={stage}"
            for a, b in itertools.combinations(concerns, 2)
            for stance in ("objection", "question")
            for stage in ("decision", "awareness")
        ],
    )
    words = [
        *("price", "the", "team+budget", '"the+price"', "price+OR+cost", "price+-team"),
        *("the+-to", "ledger"),
    ]
    yield "full-text search", [f"/excerpts?q={word}" for word in words]
    yield (
        "search and facets",
        [f"/excerpts?q={word}&concern=price_budget&stance=objection" for word in words],
    )
    calls = [f"call-{number:06d}" for number in range(0, 3000, 500)]
    yield "a call", [f"/calls/{call}" for call in calls]
    yield "sound, first byte", [f"/audio/call-{number:06d}" for number in range(0, 30, 3)]
    yield from _of_content(db)
    yield "home", ["/"]
    yield "playlists", ["/playlists", "/playlists/1", "/playlists/2"]
    yield "review, after the first look", ["/review"]
    yield "definitions", ["/definitions"]
    yield "runs", ["/runs"]
    yield "calls as JSON", ["/api/calls?limit=50"]


def _of_content(db: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    month = "2026-12"
    pressing = db.execute(
        "SELECT id FROM gaps WHERE month = ? AND verdict IN ('gap', 'weak') "
        "ORDER BY score DESC, id",
        [month],
    ).fetchall()
    kinds = ["", "&verdict=all", "&about=topics", "&about=price_budget", "&level=stage"]
    yield "gaps", [f"/gaps?month={month}{kind}" for kind in kinds]
    yield "a gap", [f"/gaps/{id_}" for (id_,) in pressing[::40]]
    kinds = ["", "?state=unused", "?order=used", "?q=price"]
    yield "content", [f"/content{kind}" for kind in kinds]
    yield "an asset", [f"/content/A-{number:04d}" for number in range(0, 600, 100)]
    yield "requests", ["/requests"]
    yield "a request", [f"/requests/R-{number}" for number in (1, 50, 100)]
    yield "asking for content", [f"/requests/new?gap={id_}" for (id_,) in pressing[:40:20]]
    yield "calls of a rep", [f"/requests/calls?rep=Rep+{number}" for number in (1, 2, 3)]


def timed(
    client: httpx.Client, pid: int, name: str, paths: list[str], repeat: int
) -> tuple[str, list[list[float]], float]:
    """Milliseconds of each answer by address, and those of the processor for one of them.

    What is asked for again differs, so that no cache of answers helps.
    """
    times = []
    before = processor_ms(pid)
    for path in paths:
        own = []
        for number in range(repeat):
            joined = f"{path}{'&' if '?' in path else '?'}x={number}"
            started = time.perf_counter()
            if path.startswith("/audio"):
                with client.stream("GET", path, headers={"Range": "bytes=100000-200000"}) as answer:
                    next(answer.iter_raw())
            else:
                answer = client.get(joined)
            own.append((time.perf_counter() - started) * 1000)
            if answer.status_code not in (200, 206):
                raise SystemExit(f"{path}: {answer.status_code}")
        times.append(own)
    return name, times, (processor_ms(pid) - before) / len(paths) / repeat


def first(client: httpx.Client, pid: int, path: str) -> None:
    """Print how long the first answer takes, for which everything is read."""
    started, before = time.monotonic(), processor_ms(pid)
    client.get(path).raise_for_status()
    took_s, worked_s = time.monotonic() - started, (processor_ms(pid) - before) / 1000
    print(
        f"{path} for the first time: {took_s:.1f} s, {worked_s:.1f} s of the processor", flush=True
    )


def processor_ms(pid: int) -> float:
    """What a process has used of the processor so far."""
    cells = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) * 1000 / os.sysconf("SC_CLK_TCK")


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


def warm_up(client: httpx.Client, pid: int) -> None:
    """Search by meaning reads its vectors when it is first asked."""
    started, before = time.monotonic(), processor_ms(pid)
    while "One moment" in client.get(MEANING[0]).text:
        time.sleep(0.5)
    took_s, worked_s = time.monotonic() - started, (processor_ms(pid) - before) / 1000
    print(f"vectors for the search by meaning: {took_s:.1f} s, {worked_s:.1f} s of the processor\n")


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
    """What a process holds once it has given back what answers left."""
    time.sleep(PAUSE_S + 1)
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def line(name: str, times: list[list[float]], worked_ms: float) -> str:
    """A row of the table."""
    every = [one for own in times for one in own]
    best = [min(own) for own in times]
    shown = (statistics.median(every), at_95(every), at_95(best), max(every), worked_ms)
    return f"| {name} | " + " | ".join(f"{one:.0f} ms" if one else "" for one in shown) + " |"


def at_95(times: list[float]) -> float:
    """The 95th percentile."""
    rising = sorted(times)
    return rising[min(len(rising) - 1, round(0.95 * len(rising)))]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
