"""In which encoding a sheet was saved: what a spreadsheet writes where it does not say so.

Of the 8-bit encodings each byte means something in all, so that the one is taken in which words look
like words. Letters and signs are those of the languages of Western and Central Europe and of Turkish,
in whose place Icelandic is not known: the same bytes are its ð and þ and the Turkish ğ and ş.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods begin, and .xls
BLOCK = 1 << 20  # characters looked at together
LOOKED_AT = 1 << 16  # bytes of lines that hold more than ASCII
EIGHT_BITS = ("cp1252", "mac_roman", "cp1254", "cp1250")  # of two that fit alike the first
STRANGE = 1 / 3  # of the signs beyond ASCII; from there on nothing fits,
FEW = 8  # unless it is so few that stand where they should not
LETTERS = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßąćęłńśźżčďěňřšťůžőűăđľĺŕţşğı"
SIGNS = "‘’‚“”„‹›«»–—…•·€£¥§©®™°²³½¼¾±×µºª¿¡´¨\N{NO-BREAK SPACE}"
USUAL = frozenset(LETTERS + LETTERS.replace("ß", "").upper() + SIGNS)
APOSTROPHES = "’´·"  # stand between letters: l’été, col·legi
FOREIGN = r"[^\W\d_a-zA-Z]"  # a letter beyond ASCII
ROW_OF_THEM = re.compile(f"{FOREIGN}{{4,}}")  # no word here has four in a row
WITHIN = re.compile(rf"(?<=[^\W\d_])[^\w\s\x00-\x7f{APOSTROPHES}](?=[^\W\d_])")  # a sign in a word


def encoding_of(path: Path) -> str:
    """The encoding by Python's name.

    Raises InputError for a workbook, and for text that fits none of those known here.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(WORKBOOKS):
        raise InputError(f"{path}: this is a workbook; save the sheet as CSV, and name that")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig" if _is_utf8(path) else _eight_bits(path)


def strange(text: str) -> int:
    """How many of its signs beyond ASCII stand where no such sign would."""
    beyond = [(place, sign) for place, sign in enumerate(text) if sign > "\x7f"]
    odd = {place for place, sign in beyond if sign not in USUAL}
    odd |= {place for place, sign in beyond if sign.isupper() and _is_amid(text, place)}
    odd |= {match.start() for match in WITHIN.finditer(text)}
    odd |= {place for match in ROW_OF_THEM.finditer(text) for place in range(*match.span())}
    return len(odd)


def _is_amid(text: str, place: int) -> bool:
    """Whether a capital stands within a word that is not written in capitals."""
    before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
    return before.isalpha() and (before.islower() or after.islower())


def _is_utf8(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        try:
            while file.read(BLOCK):
                pass
        except UnicodeDecodeError:
            return False
    return True


def _eight_bits(path: Path) -> str:
    told = _telling(path)
    found = {name: strange(told.decode(name, errors="replace")) for name in EIGHT_BITS}
    best = min(EIGHT_BITS, key=lambda name: found[name])
    if found[best] >= max(FEW, STRANGE * sum(byte > 0x7F for byte in told)):
        raise InputError(
            f"{path}: nothing says in which encoding its letters are; "
            "save it as 'CSV UTF-8', and name that"
        )
    return best


def _telling(path: Path) -> bytes:
    """Lines that hold more than ASCII, from the beginning."""
    lines, size = [], 0
    with path.open("rb") as file:
        while size < LOOKED_AT and (line := file.readline(LOOKED_AT)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)
