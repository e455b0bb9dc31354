"""Files of calls that lie in an object store: what is there, and a copy to work with.

Only stores that are named here are opened, each with the credentials that its own library finds in
the environment or its profile; no address may carry any.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from callinsight.errors import AudioError, InputError
from callinsight.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

STORES = {  # by the scheme of an address: the package that opens it
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
}
EXTRAS = {"s3fs": "'callinsight[s3]'"}
TAGS = ("ETag", "etag", "md5Hash", "content_md5", "crc32c")  # what stores say of a file's bytes
BLOCK_BYTES = 16 * 1024 * 1024  # fetched at once
OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True)
class Address:
    """A file in a store; without a tag there is none, or nobody has looked yet."""

    url: str
    tag: str = ""  # changes with the file's bytes
    size: int = 0  # bytes

    @property
    def name(self) -> str:
        """The last part of the address."""
        return PurePosixPath(self.url).name

    @property
    def suffix(self) -> str:
        """Such as .wav."""
        return PurePosixPath(self.url).suffix

    def exists(self) -> bool:
        """Whether the store had it when it was listed."""
        return bool(self.tag)

    @property
    def fingerprint(self) -> str:
        """64 hex digits that change with the file's bytes, without reading them; empty if it is not there."""
        return hashlib.sha256(f"{self.tag} {self.size}".encode()).hexdigest() if self.tag else ""


def is_address(text: str) -> bool:
    """Whether it is an address and not a path."""
    return "://" in text


def located(text: str) -> Path | str:
    """A path for an address of the kind file://, else the address, checked; raises InputError."""
    scheme, _, rest = text.partition("://")
    if scheme != "file" and scheme not in STORES:
        known = ", ".join(f"{name}://" for name in STORES)
        raise InputError(f"'{scheme}://' is no store that is opened; it must be {known} or file://")
    if "@" in rest.partition("/")[0]:  # not shown, for it may be a password
        raise InputError(
            f"the {scheme}:// address names a user or password; leave them to the environment"
        )
    if ".." in PurePosixPath(rest).parts or not rest.strip("/"):
        raise InputError(f"'{text}' must name a place, without '..'")
    return Path("/", rest.lstrip("/")) if scheme == "file" else text.rstrip("/")


def place_of(folder: Path | str, file: str) -> Path | str:
    """Where a file of the list of calls lies: itself an address, or relative to a folder or address."""
    if is_address(file):
        return located(file)
    return f"{folder}/{file}" if isinstance(folder, str) else folder / file


def is_within(place: Path | str, root: Path | str) -> bool:
    """Whether a path lies below a folder, or an address below another."""
    if isinstance(place, Path) and isinstance(root, Path):
        return place.is_relative_to(root)
    return type(place) is type(root) and str(place).startswith(f"{root}/")


def listed(root: str) -> dict[str, Address]:
    """All files below an address, by their addresses; raises InputError where it cannot be listed."""
    scheme = root.partition("://")[0]
    files = _file_system(root)
    try:
        files.invalidate_cache()
        found: dict[str, dict[str, Any]] = files.find(root, detail=True)
    except Exception as error:  # noqa: BLE001 the packages of stores have errors of their own
        raise InputError(
            f"{root}: it cannot be listed ({_why(error)}); {_advice(scheme)}"
        ) from None
    held = (Address(f"{scheme}://{path}", _tag(info), info["size"]) for path, info in found.items())
    return {address.url: address for address in held}


@contextlib.contextmanager
def fetched(place: Path | Address) -> Iterator[Path]:
    """The file as one of this machine, for as long as it is worked with; raises AudioError.

    Of a copy nothing is left behind, even by a process that is killed: only a link has its name.
    """
    if isinstance(place, Path):
        yield place
        return
    with temporary_folder() as folder:
        path = Path(folder, place.name)
        if not OPEN_FILES.is_dir():
            with path.open("wb") as file:
                _fetch(place, file)
            yield path
            return
        with tempfile.TemporaryFile() as file:
            _fetch(place, file)
            path.symlink_to(f"/proc/{os.getpid()}/fd/{file.fileno()}")
            yield path


def _fetch(address: Address, file: Any) -> None:
    scheme = address.url.partition("://")[0]
    files = _file_system(address.url)
    try:
        with files.open(address.url, "rb", block_size=BLOCK_BYTES) as source:
            shutil.copyfileobj(source, file, BLOCK_BYTES)
        file.flush()
    except FileNotFoundError:
        raise AudioError(
            f"{address.name}: there is no such file; mend the address or remove the row"
        ) from None
    except Exception as error:  # noqa: BLE001 as above
        raise AudioError(
            f"{address.name}: it cannot be fetched ({_why(error)}); {_advice(scheme)}, "
            "and try again with --retry-failed"
        ) from None


def _file_system(url: str) -> Any:
    import fsspec

    scheme = url.partition("://")[0]
    try:
        return fsspec.filesystem(scheme)
    except ImportError:
        package = STORES[scheme]
        raise InputError(
            f"{scheme}:// needs the package {package}: pip install {EXTRAS.get(package, package)}"
        ) from None
    except Exception as error:  # noqa: BLE001 as above
        raise InputError(f"{url}: it cannot be opened ({_why(error)}); {_advice(scheme)}") from None


def _tag(info: dict[str, Any]) -> str:
    given = next((str(info[name]) for name in TAGS if info.get(name)), "")
    return given or str(info.get("LastModified") or info.get("mtime") or info["size"])


def _why(error: Exception) -> str:
    """Its kind only: what such errors say may hold keys and signed addresses."""
    return type(error).__name__


def _advice(scheme: str) -> str:
    return f"see that the credentials for {scheme}:// are in the environment and may read it"
