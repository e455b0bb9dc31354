"""Files as attackers and broken exports write them: real ones, cut up and stuffed."""

import re

from hypothesis import strategies as st

WORD = re.compile(rb"[\w.:+-]+")

STUFFING = (
    *(b"[" * 5000, b"{" * 5000, b'{"a":' * 5000, b"(" * 300, b"a.b." * 2000, b"9" * 5000),
    *(b"1e999", b"-1", b"NaN", b"-0", b"0001-01-01T00:00", b"9999-12-31T23:59+14:00", b"1" * 400),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"PK\x03\x04",
        b"\r",
        b"\n",
        b"\n\n",
        b"\t",
        b"\x0b",
        b"\x1a",
    ),
    *(
        b'"',
        b'""',
        b"'",
        b";",
        b",",
        b"|",
        b"=",
        b":",
        b"-->",
        b"---\n",
        b"+++\n",
        b"&a [*a]",
        b"!!python/none",
    ),
    *("\u2028", "\u202e", "\ud7ff", "ﬁ", "İ", "٣", "²"),
    *(b"../../etc/passwd", b"C:\\x", b"//host/x", b"/dev/zero", b"CON", b"a" * 300, b"x" * 140_000),
    *(
        b"<script>",
        b"=1+1",
        b"' OR 1=1 --",
        b"${HOME}",
        b"%s%n",
        b"\\N{DEL}",
        b"(?:a+)+$",
        b"*",
        b"^",
        b"NEAR(",
    ),
    *(
        b"00:00:00.000",
        b"99999999:00:00.000",
        b"true",
        b"null",
        b"[]",
        b"{}",
        b"inf",
        b"1979-05-27",
    ),
)


def broken(seeds: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """One of the files, changed in up to six places or in up to three words; or of no file at all."""
    return st.one_of(
        st.builds(_changed, st.sampled_from(seeds), st.lists(_CHANGES, min_size=1, max_size=6)),
        st.builds(_filled, st.sampled_from(seeds), st.lists(_FILLINGS, min_size=1, max_size=3)),
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    )


_STUFF = st.one_of(
    st.sampled_from([s if isinstance(s, bytes) else s.encode() for s in STUFFING]),
    st.binary(max_size=8),
)
_CHANGES = st.tuples(st.floats(0, 1), st.integers(0, 40), _STUFF)
_FILLINGS = st.tuples(st.floats(0, 1), _STUFF)


def _filled(content: bytes, fillings: list[tuple[float, bytes]]) -> bytes:
    """Whole words, numbers or dates are replaced, so that the file stays one of its kind."""
    for place, put in fillings:
        words = list(WORD.finditer(content))
        if words:
            word = words[min(len(words) - 1, int(place * len(words)))]
            content = content[: word.start()] + put + content[word.end() :]
    return content


def _changed(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, removed, put in changes:
        at = round(place * len(content))
        content = content[:at] + put + content[at + removed :]
    return content
