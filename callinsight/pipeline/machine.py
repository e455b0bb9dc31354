"""Whether this machine can do the work: Python, libraries, models, disk, memory, clock."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OK, LOOK, BROKEN = "ok", "worth a look", "broken"
OLDEST = (3, 11)  # of Python, as pyproject.toml has it
NATIVE = ("av", "ctranslate2", "numpy", "onnxruntime", "tokenizers")  # break by a wrong build
CODECS = ("aac", "alac", "amrnb", "flac", "gsm", "mp3", "opus", "pcm_alaw", "pcm_mulaw", "vorbis")
MB = 1_000_000
LITTLE_MB, TOO_LITTLE_MB = 5_000, 500  # of disk: an hour of two channels takes 460 MB for a while
WORKER_MB = 1_100  # what one needs at most; 440 with faster-whisper
CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


@dataclass(frozen=True)
class Finding:
    """What was seen of one thing, and what to do about it."""

    name: str
    state: str  # ok | worth a look | broken
    told: str
    mend: str = ""


def check_python() -> Finding:
    """The version of Python."""
    told = f"Python {platform.python_version()}"
    if sys.version_info[:2] < OLDEST:
        return Finding("python", BROKEN, told, "install Python 3.11 or later, then 'make setup'")
    return Finding("python", OK, told)


def check_libraries() -> Finding:
    """Whether each library is there, of a version that this program works with, and can be loaded."""
    faults = [*_unmet(requires("callinsight") or ()), *_unloadable(NATIVE)]
    if faults:
        mend = (
            "'make setup' installs what belongs together; or 'pip install --force-reinstall NAME'"
        )
        return Finding("libraries", BROKEN, "; ".join(faults), mend)
    return Finding("libraries", OK, f"callinsight {version('callinsight')} and all it stands on")


def _unmet(lines: Iterable[str]) -> list[str]:
    from packaging.requirements import Requirement

    faults = []
    for needed in map(Requirement, lines):
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            here = version(needed.name)
        except PackageNotFoundError:
            faults.append(f"{needed.name} is missing")
            continue
        if not needed.specifier.contains(here, prereleases=True):
            faults.append(f"{needed.name} is {here}, but {needed.specifier} is needed")
    return faults


def _unloadable(names: Sequence[str]) -> list[str]:
    faults = []
    for name in names:
        try:
            import_module(name)
        except (ImportError, OSError) as error:
            faults.append(f"{name} cannot be loaded ({str(error).splitlines()[0]})")
    return faults


def check_ffmpeg() -> Finding:
    """The FFmpeg libraries inside PyAV, and whether they know what calls are recorded with."""
    try:
        import av
        import av.codec
    except (ImportError, OSError) as error:
        mend = "'pip install --force-reinstall av': its wheel brings FFmpeg along"
        return Finding("ffmpeg", BROKEN, f"PyAV cannot be loaded ({error})", mend)
    missing = [name for name in CODECS if name not in av.codec.codecs_available]
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    told = f"libavcodec {codec} in PyAV {av.__version__}"
    if missing:
        mend = "'pip install --force-reinstall --only-binary=:all: av' brings a complete FFmpeg"
        return Finding("ffmpeg", LOOK, f"{told} cannot read {', '.join(missing)}", mend)
    return Finding("ffmpeg", OK, told)


def check_weights(names: Iterable[str]) -> Finding:
    """Whether the models are here and are what they should be; a damaged file is discarded."""
    wrong, absent = [], []
    names = list(dict.fromkeys(names))
    for name in names:
        if weights.is_here(name):
            wrong += [f"{name}: {problem}" for problem in weights.verify(name)]
        else:
            absent.append(name)
    if wrong:
        mend = "run the commands named here, with a network"
        return Finding("models", BROKEN, "; ".join(wrong), mend)
    if absent:
        told = f"{', '.join(absent)}: not in {weights.cache_folder()}"
        pull = f"callinsight models pull {' '.join(absent)}"
        if weights.is_offline():
            mend = f"on a machine with a network run '{pull}' and bring the folder over"
            return Finding("models", BROKEN, f"{told}, and CALLINSIGHT_OFFLINE is set", mend)
        return Finding(
            "models", LOOK, f"{told}; the next run fetches them", f"'{pull}' does it now"
        )
    return Finding("models", OK, f"{', '.join(names)}: complete, sha256 as pinned")


def check_disk(folders: Iterable[Path]) -> Finding:
    """Room where things are written, and whether they may be; the temporary folder holds sound."""
    wanted = {_existing(folder) for folder in (*folders, Path(tempfile.gettempdir()))}
    full, short, closed = [], [], []
    for folder in sorted(wanted):
        free = shutil.disk_usage(folder).free // MB
        if not os.access(folder, os.W_OK):
            closed.append(str(folder))
        if free < TOO_LITTLE_MB:
            full.append(f"{folder} has {free} MB left")
        elif free < LITTLE_MB:
            short.append(f"{folder} has {free} MB left")
    if closed or full:
        told = "; ".join([*(f"{folder} cannot be written to" for folder in closed), *full])
        mend = "mend the permissions, free space, or move it: --db, TMPDIR, CALLINSIGHT_MODELS"
        return Finding("disk", BROKEN, told, mend)
    if short:
        mend = "free some space; an hour of a call with two channels takes 460 MB while it is heard"
        return Finding("disk", LOOK, "; ".join(short), mend)
    return Finding("disk", OK, f"{LITTLE_MB // 1000} GB and more are free in each folder")


def _existing(folder: Path) -> Path:
    """The folder, else the nearest one above it that is there."""
    folder = folder.absolute()
    return next((at for at in (folder, *folder.parents) if at.is_dir()), Path(folder.anchor))


def check_memory(workers: int, free: int | None) -> Finding:
    """Whether the workers of a run fit into so many MB; None where that is not known."""
    if free is None:
        return Finding("memory", LOOK, "how much is free cannot be seen on this system")
    fitting = free // WORKER_MB
    told = f"{free} MB free, {workers} workers"
    if not fitting:
        mend = f"free {WORKER_MB} MB: end other programs, or raise the limit of the container"
        return Finding("memory", BROKEN, told, mend)
    if fitting < workers:
        return Finding("memory", LOOK, told, f"run with --workers {fitting}")
    return Finding("memory", OK, told)


def available_mb(
    told: Path = Path("/proc/meminfo"), limits: Sequence[tuple[str, str]] = CGROUPS
) -> int | None:
    """Memory that programs may still take, in this container too; None where it is not told."""
    try:
        free = re.search(r"^MemAvailable:\s+(\d+) kB", told.read_text("ascii"), re.MULTILINE)
    except OSError:
        return None
    if free is None:
        return None
    rooms = [int(free[1]) * 1024]
    for limit, used in limits:
        try:
            most = Path(limit).read_text("ascii").strip()
            if most != "max":
                rooms.append(int(most) - int(Path(used).read_text("ascii")))
        except (OSError, ValueError):
            continue
    return max(0, min(rooms)) // MB


def check_clock(now: str, *moments: str) -> Finding:
    """Whether the clock goes: what was done already cannot lie ahead of it; moments in ISO 8601."""
    from datetime import datetime, timedelta

    present = datetime.fromisoformat(now)
    mend = "set the clock (timedatectl set-ntp true): reports and due dates go by it"
    told = f"it is {present.isoformat(timespec='minutes')}"
    for moment in filter(None, moments):
        if datetime.fromisoformat(moment) > present + timedelta(days=1):
            return Finding("clock", LOOK, f"{told}, but {moment} is in the database", mend)
    if present.year < 2025:  # before this program was written
        return Finding("clock", BROKEN, told, mend)
    return Finding("clock", OK, told)
