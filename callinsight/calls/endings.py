"""Whether a file of a recording reaches its end, by the headers of WAV and Ogg."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

WAV_KINDS = (b"RIFF", b"RF64", b"BW64")
IN_DS64 = 0xFFFFFFFF  # the size stands in the ds64 chunk
UNKNOWN_FROM = 0x7FFFF000  # programs that stream write a size from here on, or 0
UNKNOWN_FROM_64 = 1 << 63
LONGEST_PAGE = 1 << 16  # bytes; an Ogg page is shorter
PAGE_HEADER = 27  # bytes before the lengths of a page's parts
LAST_PAGE = 4  # the flag of a stream's last page


def wav_share(path: Path) -> float:
    """The share of its sound that a WAV file holds, 0 to 1; 1 if it does not say, or is no WAV."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in WAV_KINDS or head[8:] != b"WAVE":
            return 1.0
        announced, start = _wav_data(file)
    if announced == 0:
        return 1.0
    return min(1.0, (path.stat().st_size - start) / announced)


def ogg_is_cut_off(path: Path) -> bool:
    """Whether an Ogg file lacks its last page or a part of it; False if it is no Ogg file.

    RFC 3533, section 6: the header of the last page of a stream says that it is the last.
    """
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return False
        file.seek(max(0, path.stat().st_size - LONGEST_PAGE))
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS\0")) :]
    if len(page) < PAGE_HEADER:
        return True
    lengths = page[PAGE_HEADER : PAGE_HEADER + page[26]]
    return not page[5] & LAST_PAGE or len(page) < PAGE_HEADER + page[26] + sum(lengths)


def _wav_data(file: BinaryIO) -> tuple[int, int]:
    """The announced size of the sound in bytes, 0 if unknown, and where in the file it starts."""
    long_size = 0
    while len(header := file.read(8)) == 8:
        name, size = header[:4], int.from_bytes(header[4:], "little")
        start = file.tell()
        if name == b"data":
            if size == IN_DS64:
                return (long_size if long_size < UNKNOWN_FROM_64 else 0), start
            return (size if size < UNKNOWN_FROM else 0), start
        if name == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        file.seek(start + size + size % 2)
    return 0, 0
