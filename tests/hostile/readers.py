"""Everything that reads what others wrote, each as one function of a file."""

import io
import sqlite3
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np
from material import DEMO, ROOT

from callinsight.calls.audio import decode, length_s
from callinsight.calls.manifest import read_manifest
from callinsight.calls.transcripts import facts_of, is_transcript, read_transcript
from callinsight.config import load_config
from callinsight.content import exports
from callinsight.content.front_matter import read_folder
from callinsight.content.inventory import read_items, read_usage
from callinsight.content.recognising import mapping_text
from callinsight.errors import LONGEST, CallInsightError
from callinsight.sheets import read_rows
from callinsight.starter import crm
from callinsight.tagging.gold import read_gold
from callinsight.taxonomy import Taxonomy, load_taxonomy
from callinsight.web.search import query_of

STARTER = ROOT / "callinsight" / "starter"
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\n<v Ann>Too <i>dear</i> for us.</v>\n\n"
SRT = "1\n00:00:00,000 --> 00:00:02,000\nAnn: Zu teuer für uns.\n\n".encode()
WHISPER = b"""{"segments": [{"start": 0.0, "end": 2.5, "text": " Too dear.", "speaker": "S0",
 "words": [{"word": " Too", "start": 0.0, "end": 1.0, "probability": 0.9}]}], "language": "en"}"""
GONG = b"""[{"speakerId": "7", "sentences": [{"start": 0, "end": 2500, "text": "Too dear."}]}]"""
AWS = b"""{"results": {"items": [{"start_time": "0.0", "end_time": "1.0", "type": "pronunciation",
 "alternatives": [{"confidence": "0.9", "content": "Dear"}], "speaker_label": "spk_0"}]}}"""
OURS = b"""{"status": "done", "duration_s": 2.0, "missing_s": 0.0, "cut_off": false, "language": "en",
 "utterances": [{"start_s": 0.0, "end_s": 1.0, "text": "Too dear.", "speaker": "Ann"}]}"""
DIALOGUE = b"Ann Lee (00:01): It is too dear.\nDana: I see.\n[00:00:05] Ann Lee: Yes.\n"
PAGE = b"---\ntitle: A page\ntags: [a, b]\nseo: {title: X}\n---\n# Heading\n\nSome prose.\n"
TOML_PAGE = b'+++\ntitle = "A page"\ndate = 2026-10-01\n+++\nSome prose.\n'
EXPORT_MAP = b'[columns]\ntitle = "title"\nurl = "url"\n[constants]\ncontent_type = "blog"\n'
GOLD = b"text,context,subjects,acceptable_subjects,stance,ask\nToo dear.,So?,price_budget,,objection,no\n"
TAXONOMY = b"""version = "1"
[concerns.price_budget]
label = "Price"
description = "Too dear."
patterns = ["too dear|expensive", "no (more) budget"]
[concerns.parking]
label = "Parking"
description = "Where to park."
examples = ["Where?", "No room.", "Too far.", "Is it full?", "Which gate?"]
[cues]
objection = ["not ... enough"]
question = []
ask = ["send~ (me) #"]
[asks.price_list]
label = "Price list"
content_types = ["prices"]
patterns = ["price list"]
general = true
[personas]
champion = "Wants it"
[titles.functions.finance]
words = ["cfo", "finanz~"]
unless = ["systems"]
[titles.seniority.head]
words = ["head"]
[titles.personas]
finance = { head = "champion", other = "unknown" }
any = { any = "champion" }
[stages.awareness]
label = "Awareness"
crm = ["New"]
[content_types.prices]
stages = ["awareness"]
review_days = 90
[competitors.acme]
label = "Acme"
names = ["Acme"]
[products.ours]
label = "Ours"
names = ["Ours"]
[topics.canteen]
label = "Canteen"
description = "Food."
examples = ["Soup?", "Is it warm?", "Who cooks?", "Too salty.", "When?"]
[lead_stages.mql]
label = "Lead"
description = "It fits."
"""
CONTAINERS = (
    *(("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("mp4", "aac")),
    *(("flac", "flac"), ("matroska", "libopus"), ("wav", "pcm_alaw")),
)
SEARCHES = (b'"too dear" OR budget* -free', b"NEAR(a b) {x}: ^'; --", b'words:x "')
CRM_MAP = (
    b'[deals]\naccount = "Account"\ndeal = "Opportunity"\n[match]\nfile_contains = "Opportunity"\n'
)


@dataclass(frozen=True)
class Reader:
    """A reader, how the files are called that it reads, and some that it takes."""

    read: Callable[[Path], object]
    suffix: str
    seeds: tuple[bytes, ...]
    examples: int = 200  # files that `make test` tries


def attempt(reader: Reader, content: bytes, folder: Path) -> str:
    """Read a file; what the reader says against it, empty if nothing.

    An error for people is one short line that holds the file's name or where in it; any other
    escapes, and is a finding.
    """
    path = folder / f"hostile{reader.suffix}"
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader.read(path)
    except CallInsightError as error:
        message = str(error)
        assert message.isprintable(), message
        assert len(message) <= LONGEST, message
        return message
    return ""


@cache
def taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "pipelines" / "taxonomy.toml")


@cache
def _index() -> sqlite3.Connection:
    """A full-text index as the store has one."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE said USING fts5(text, tokenize='porter unicode61')")
    db.execute("INSERT INTO said VALUES ('it is far too dear for our budget')")
    return db


def _calls(path: Path) -> object:
    return read_manifest(
        path, None, path.parent, taxonomy=taxonomy(), persona_of=str, zone=ZoneInfo("UTC")
    )


def _people(path: Path) -> object:
    calls = path.with_name("calls.csv")
    calls.write_text("call_id,file,recorded_at,consent\nrec-01,rec-01.wav,2026-10-01T10:00,yes\n")
    return read_manifest(
        calls, path, path.parent, taxonomy=taxonomy(), persona_of=str, zone=ZoneInfo("UTC")
    )


def _folder(path: Path) -> object:
    return read_folder(path.parent)


def _export(path: Path) -> object:
    """An export of a content platform, by the mapping that its own columns propose."""
    header, rows = read_rows(path, known=())
    proposed = path.with_suffix(".toml")
    proposed.write_text(mapping_text(header, rows, taxonomy(), path.name), encoding="utf-8")
    mapping = exports.load_mapping(proposed)
    exports.check_columns(mapping, header, path.name)
    return exports.read_export(rows, mapping, taxonomy(), source=path.name)


def _transcript(path: Path) -> object:
    return is_transcript(path), facts_of(path), read_transcript(path)


def _recording(path: Path) -> object:
    return length_s(path), decode(path).duration_s


def _search(path: Path) -> object:
    query = query_of(path.read_bytes().decode("utf-8", "replace"))
    if not query:
        return None
    return _index().execute("SELECT rowid FROM said WHERE said MATCH ?", (query.match,)).fetchall()


def _sounds() -> tuple[bytes, ...]:
    """A third of a second of a tone in each of the usual containers, and a piece of a long FLAC."""
    beginning = _bytes(DEMO / "recordings" / "rec-01.flac", most=20_000)
    return (*beginning, *(_sound(*kind) for kind in CONTAINERS))


def _sound(container: str, codec: str) -> bytes:
    file = io.BytesIO()
    tone = np.sin(np.arange(2, 16_002) / 6).reshape(1, -1) * 12_000
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone.astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return file.getvalue()


def _bytes(*files: Path, most: int = 4000) -> tuple[bytes, ...]:
    return tuple(file.read_bytes()[:most] for file in files)


def _sheet(read: Callable[[Path], object], *files: Path) -> Reader:
    return Reader(read, ".csv", _bytes(*files))


READERS: dict[str, Reader] = {
    "calls": _sheet(_calls, DEMO / "calls.csv", STARTER / "calls.csv"),
    "participants": _sheet(_people, DEMO / "participants.csv", STARTER / "participants.csv"),
    "items": _sheet(
        lambda path: read_items([path], taxonomy()), ROOT / "content_inventory" / "items.csv"
    ),
    "usage": _sheet(lambda path: read_usage([path], ["A-1"]), STARTER / "usage.csv"),
    "export": _sheet(_export, ROOT / "content_inventory" / "items.csv"),
    "gold": Reader(lambda path: read_gold(path, taxonomy().concerns), ".csv", (GOLD,)),
    "pipeline": Reader(
        load_config,
        ".toml",
        _bytes(STARTER / "sales_calls.toml", ROOT / "pipelines" / "demo.toml", most=1 << 14),
    ),
    "taxonomy": Reader(load_taxonomy, ".toml", (TAXONOMY,)),  # whole ones are slow to read
    "export_mapping": Reader(exports.load_mapping, ".toml", (EXPORT_MAP,)),
    "crm_mapping": Reader(crm.load_mapping, ".toml", (CRM_MAP, *_bytes(STARTER / "mapping.toml"))),
    "pages": Reader(_folder, ".md", (PAGE, TOML_PAGE)),
    "vtt": Reader(_transcript, ".vtt", (VTT,)),
    "srt": Reader(_transcript, ".srt", (SRT,)),
    "json": Reader(_transcript, ".json", (WHISPER, GONG, AWS, OURS)),
    "dialogue": Reader(_transcript, ".txt", (DIALOGUE,)),
    "recording": Reader(_recording, ".wav", _sounds()),
    "search": Reader(_search, ".txt", SEARCHES),
}
