from __future__ import annotations

import dataclasses
import typing
from pathlib import Path

import pytest

from callinsight.config import (
    DATABASE,
    RANGES,
    Config,
    RequestsConfig,
    SpeechConfig,
    config_from_text,
    database_path,
    load_config,
    settings_hash,
    settings_text,
)
from callinsight.errors import ConfigError

LEAST = '[calls]\nmanifest = "calls.csv"\n[tagging]\ntaxonomy = "taxonomy.toml"\n'
WHOLE = """\
company = "Käse & Söhne"
timezone = "Europe/Berlin"
database = "../results.db"

[calls]
manifest = "calls.csv"
participants = "participants.csv"
files = "/recordings"

[speech]
engine = "openai-whisper"
model = "tiny.en"
language = "de"
beam_size = 1
rep_channel = 0
device = "cuda"
vocabulary = ["Tallybrook", "Peppol"]
mishearings = { "tally book" = "Tallybrook" }
enroll_reps = true

[consent]
refused = ["by phone"]
accepted = ["written", "notice"]
regions = { DE = ["written"] }
region = "DE"

[privacy]
redact = ["email", "phone"]
redact_names = true
delete_audio = true

[tagging]
taxonomy = "taxonomy.toml"
competitors = ["Paperlane", "Invoq"]

[topics]
min_calls = 1
min_words = 1

[content]
items = ["a/items.csv", "b/items.csv"]
usage = []

[gaps]
min_deals = 1
min_share = 1
false_discovery_rate = 0.1
target_supply = 3
oversupply = 9
weight = "pipeline"
stall_days = 30
count_undated = true
count_bulk_tags = true

[unused]
grace_days = 0
window_days = 30
low_use = 5

[report]
folder = "pages"
excerpts = 0
embed_limit_mb = 0.5

[requests]
acknowledge_days = 2
decide_days = 3
deliver_days = { P1 = 4, P3 = 90 }
country = "GB"
region = "SCT"
holidays = ["2026-12-24"]
owner = "Content team"
quote_buyers = true
"""


@pytest.fixture
def pipeline(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "sales_calls.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value)


def with_setting(name: str, value: str) -> str:
    section, _, setting = name.rpartition(".")
    if f"[{section}]\n" in LEAST:
        return LEAST.replace(f"[{section}]\n", f"[{section}]\n{setting} = {value}\n")
    if not section:
        return f"{setting} = {value}\n{LEAST}"
    return f"{LEAST}[{section}]\n{setting} = {value}\n"


class TestLoading:
    def test_paths_are_relative_to_the_file(self, pipeline, tmp_path):
        config = load_config(pipeline(WHOLE))
        assert config.path == tmp_path / "sales_calls.toml"
        assert config.calls.manifest == tmp_path / "calls.csv"
        assert config.calls.participants == tmp_path / "participants.csv"
        assert config.calls.files == Path("/recordings")
        assert config.tagging.taxonomy == tmp_path / "taxonomy.toml"
        assert config.database == tmp_path.parent / "results.db"
        assert config.report.folder == tmp_path / "pages"
        assert config.content.items == (tmp_path / "a/items.csv", tmp_path / "b/items.csv")

    def test_paths_that_are_left_out_lie_beside_the_file(self, pipeline, tmp_path, monkeypatch):
        file = pipeline(LEAST)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        config = load_config(Path("..") / file.name)
        assert config.calls.files.resolve() == tmp_path
        assert config.database.resolve() == tmp_path / DATABASE
        assert config.report.folder.resolve() == tmp_path / "report"
        assert (config.calls.participants, config.content.items) == (None, ())

    def test_every_setting_is_read(self, pipeline):
        config = load_config(pipeline(WHOLE))
        assert (config.company, config.timezone) == ("Käse & Söhne", "Europe/Berlin")
        assert config.zone.key == "Europe/Berlin"
        assert config.speech == SpeechConfig(
            engine="openai-whisper",
            model="tiny.en",
            language="de",
            beam_size=1,
            rep_channel=0,
            device="cuda",
            vocabulary=("Tallybrook", "Peppol"),
            mishearings={"tally book": "Tallybrook"},
            enroll_reps=True,
        )
        assert config.tagging.competitors == ("Paperlane", "Invoq")
        assert dataclasses.astuple(config.topics) == (1, 1)
        assert dataclasses.astuple(config.gaps) == (1, 1.0, 0.1, 3, 9, True, True, "pipeline", 30)
        assert type(config.gaps.min_share) is float
        assert dataclasses.astuple(config.unused) == (0, 30, 5)
        assert dataclasses.astuple(config.report)[1:] == (0, 0.5)
        assert config.requests == RequestsConfig(
            acknowledge_days=2,
            decide_days=3,
            deliver_days={"P1": 4, "P3": 90},
            country="GB",
            region="SCT",
            holidays=("2026-12-24",),
            owner="Content team",
            quote_buyers=True,
        )

    def test_mishearings_may_be_a_table_of_their_own(self, pipeline):
        text = 'A = "a"\n"tally book" = "Tallybrook"\n"in voc" = "Invoq"\n'
        config = load_config(pipeline(f"{LEAST}[speech.mishearings]\n{text}"))
        assert config.speech.mishearings == {
            "A": "a",
            "tally book": "Tallybrook",
            "in voc": "Invoq",
        }

    @pytest.mark.parametrize("language", ["en", "yue", "auto"])
    def test_the_language_is_a_code_or_found(self, pipeline, language):
        config = load_config(pipeline(with_setting("speech.language", f'"{language}"')))
        assert config.speech.language == language

    def test_a_mark_that_an_editor_writes_at_the_start_is_no_content(self, pipeline):
        assert load_config(pipeline(LEAST.encode("utf-8-sig"))).timezone == "UTC"


class TestFilesThatCannotBeUsed:
    def test_a_missing_file(self, tmp_path):
        path = tmp_path / "gone.toml"
        assert refusal(path) == (
            f"{path}: there is no such pipeline file. "
            "'callinsight init DIR --recordings FOLDER' writes one."
        )

    def test_a_folder(self, tmp_path):
        assert refusal(tmp_path) == (
            f"{tmp_path}: the pipeline file cannot be read (Is a directory); "
            "mend its permissions or the path"
        )

    def test_another_encoding(self, pipeline):
        path = pipeline(WHOLE.encode("cp1252"))
        assert refusal(path) == f"{path}: this is not UTF-8 text; save it again as UTF-8"

    def test_what_is_not_toml_is_named_by_its_line(self, pipeline):
        path = pipeline(f"{LEAST}competitors = Paperlane\n")
        assert refusal(path) == (
            f"{path}: this is not valid TOML: Invalid value (at line 5, column 15)"
        )


class TestSettingsThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "the section [calls] is missing"),
            ('[calls]\nmanifest = "calls.csv"', "the section [tagging] is missing"),
            ('[calls]\n[tagging]\ntaxonomy = "t"', "[calls] needs the setting 'manifest'"),
            ('[calls]\nmanifest = "c"\n[tagging]', "[tagging] needs the setting 'taxonomy'"),
            (
                with_setting("calls.manifst", '"x"'),
                "[calls] has no setting 'manifst'; did you mean 'manifest'?",
            ),
            (
                with_setting("calls.zzz", "1"),
                "[calls] has no setting 'zzz'; it may have manifest, participants, files, addresses",
            ),
            (
                with_setting("timezon", '"UTC"'),
                "the top level has no setting 'timezon'; did you mean 'timezone'?",
            ),
            (
                with_setting("path", '"x"'),
                (
                    "the top level has no setting 'path'; it may have calls, tagging, company, timezone, "
                    "database, consent, speech, privacy, topics, content, gaps, unused, report, requests"
                ),
            ),
            (
                with_setting("speach.model", '"x"'),
                "the top level has no setting 'speach'; did you mean 'speech'?",
            ),
            (
                with_setting("speech", '"base"'),
                "'speech' must be a table: write [speech] above its settings",
            ),
            (f"{LEAST}[[gaps]]", "'gaps' must be a table: write [gaps] above its settings"),
            (with_setting("company", "5"), "'company' must be text in quotes, not 5"),
            (
                with_setting("timezone", "2026-10-31"),
                "'timezone' must be text in quotes, not \"2026-10-31\"",
            ),
            (with_setting("database", "true"), "'database' must be a path in quotes, not true"),
            (
                with_setting("speech.beam_size", "true"),
                "'speech.beam_size' must be a whole number, not true",
            ),
            (
                with_setting("speech.beam_size", "5.0"),
                "'speech.beam_size' must be a whole number, not 5.0",
            ),
            (
                with_setting("speech.rep_channel", '"links"'),
                "'speech.rep_channel' must be a whole number, not \"links\"",
            ),
            (
                with_setting("gaps.min_share", "false"),
                "'gaps.min_share' must be a number, not false",
            ),
            (
                with_setting("gaps.min_share", '"ä"'),
                "'gaps.min_share' must be a number, not \"ä\"",
            ),
            (
                with_setting("content.items", '"items.csv"'),
                '\'content.items\' must be a list, such as ["one", "two"]',
            ),
            (
                with_setting("content.items", '["items.csv", 2]'),
                "'content.items' must be a path in quotes, not 2",
            ),
            (
                with_setting("tagging.competitors", "[[]]"),
                "'tagging.competitors' must be text in quotes, not []",
            ),
            (
                with_setting("speech.engine", '"whisper"'),
                "'speech.engine' is 'whisper'; it must be one of faster-whisper, openai-whisper",
            ),
            (
                with_setting("speech.model", '"large"'),
                "'speech.model' is 'large'; it must be base or tiny.en",
            ),
            (
                with_setting("speech.language", '"English"'),
                "'speech.language' is 'English'; write a code such as en or de, or auto",
            ),
            (
                with_setting("speech.device", '"gpu"'),
                "'speech.device' is 'gpu'; it must be cpu or cuda",
            ),
            (
                with_setting("speech.enroll_reps", '"yes"'),
                "'speech.enroll_reps' must be true or false, not \"yes\"",
            ),
            (
                with_setting("speech.enroll_reps", "1"),
                "'speech.enroll_reps' must be true or false, not 1",
            ),
            (
                with_setting("speech.vocabulary", '"Tallybrook; Peppol"'),
                '\'speech.vocabulary\' must be a list, such as ["one", "two"]',
            ),
            (
                with_setting("speech.vocabulary", '["Tallybrook", true]'),
                "'speech.vocabulary' must be text in quotes, not true",
            ),
            (
                with_setting("speech.mishearings", '["tally book", "Tallybrook"]'),
                (
                    "'speech.mishearings' must be a table: "
                    "write [speech.mishearings] above its settings"
                ),
            ),
            (
                f'{LEAST}[speech.mishearings]\n"tally book" = 7',
                "'speech.mishearings.tally book' must be text in quotes, not 7",
            ),
            (
                f'{LEAST}[speech.mishearings]\n"tally book" = ["Tallybrook"]',
                "'speech.mishearings.tally book' must be text in quotes, not [\"Tallybrook\"]",
            ),
            (
                f"{LEAST}[[speech.mishearings]]",
                (
                    "'speech.mishearings' must be a table: "
                    "write [speech.mishearings] above its settings"
                ),
            ),
        ],
    )
    def test_settings(self, pipeline, content, message):
        path = pipeline(content)
        assert refusal(path) == f"{path}: {message}"

    @pytest.mark.parametrize(
        "zone", ["Europe/Lodnon", "Europe", "", "/etc/localtime", "../UTC", "z" * 300, "a\\u0000"]
    )
    def test_what_is_no_time_zone(self, pipeline, zone):
        path = pipeline(with_setting("timezone", f'"{zone}"'))
        shown = zone.replace("\\u0000", "\\x00")  # a terminal shows no NUL
        assert refusal(path) == (
            f"{path}: 'timezone' is '{shown}', which is no time zone; "
            "write one such as 'Europe/London'"
        )

    @pytest.mark.parametrize("name", RANGES)
    def test_a_number_out_of_its_range(self, pipeline, name):
        low, high = RANGES[name]
        for value in (low - 1, high + 1):
            path = pipeline(with_setting(name, str(value)))
            message = f"{path}: '{name}' is {value}; it must lie in {low} to {high}"
            assert refusal(path) == message

    @pytest.mark.parametrize("name", RANGES)
    def test_a_number_at_the_ends_of_its_range(self, pipeline, name):
        section, setting = name.split(".")
        for value in RANGES[name]:
            config = load_config(pipeline(with_setting(name, str(value))))
            assert getattr(getattr(config, section), setting) == value

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (
                "deliver_days = { P4 = 1 }",
                "'requests.deliver_days' has no priority 'P4'; it may have P1, P2, P3",
            ),
            (
                "deliver_days = { P1 = 1001 }",
                "'requests.deliver_days.P1' is 1001; it must lie in 0 to 1000",
            ),
            (
                "deliver_days = { P1 = -1 }",
                "'requests.deliver_days.P1' is -1; it must lie in 0 to 1000",
            ),
            (
                'holidays = ["24.12.2026"]',
                "'requests.holidays' names '24.12.2026', which is no date; write it as 2026-12-24",
            ),
            ('region = "SCT"', "'requests.region' needs 'requests.country' beside it"),
            (
                'country = "England"',
                (
                    "'requests.country' is 'England', whose holidays are not known; "
                    "write a code such as GB, DE or US"
                ),
            ),
            (
                'country = "GB"\nregion = "BY"',
                (
                    "'requests.region' is 'BY', which is no region of GB; "
                    "it must be one of ENG, NIR, SCT, WLS"
                ),
            ),
            (
                'country = "SE"\nregion = "AB"',
                "'requests.region' is 'AB', which is no region of SE; leave it out",
            ),
        ],
    )
    def test_what_is_wrong_with_requests_is_named(self, pipeline, settings, message):
        path = pipeline(f"{LEAST}[requests]\n{settings}\n")
        assert refusal(path) == f"{path}: {message}"

    @pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
    def test_what_is_no_number(self, pipeline, value):
        path = pipeline(with_setting("report.embed_limit_mb", value))
        assert refusal(path) == (
            f"{path}: 'report.embed_limit_mb' is {value}; it must lie in 0.0 to 1000.0"
        )

    def test_every_number_has_a_range(self):
        sections = typing.get_type_hints(Config).items()
        numbers = {
            f"{section}.{setting}"
            for section, kind in sections
            if dataclasses.is_dataclass(kind)
            for setting, hint in typing.get_type_hints(kind).items()
            if {int, float} & {hint, *typing.get_args(hint)}
        }
        assert set(RANGES) == numbers - {"requests.deliver_days"}  # a table, checked by itself


class TestStoredSettings:
    @pytest.mark.parametrize("content", [LEAST, WHOLE])
    def test_settings_come_back_as_they_were(self, pipeline, content, monkeypatch):
        config = load_config(pipeline(content))
        text = settings_text(config)
        monkeypatch.chdir("/")
        assert config_from_text(text) == config
        assert settings_text(config_from_text(text)) == text

    def test_addresses_are_not_kept(self, pipeline):
        config = load_config(pipeline(with_setting("requests.notify", '["slack://hush"]')))
        assert config.requests.notify == ("slack://hush",)
        assert "hush" not in settings_text(config)
        assert config_from_text(settings_text(config)).requests == RequestsConfig()

    def test_the_hash_tells_settings_apart(self):
        settings = SpeechConfig()
        assert settings_hash(settings, 1) == settings_hash(SpeechConfig(), 1)
        hashes = {
            settings_hash(settings),
            settings_hash(dataclasses.replace(settings, beam_size=1)),
            settings_hash(dataclasses.replace(settings, mishearings={"a": "b"})),
            settings_hash(settings, None),
            settings_hash(),
        }
        assert len(hashes) == 5
        assert {len(hash_) for hash_ in hashes} == {16}


class TestDatabase:
    def test_the_one_given_goes_first(self, monkeypatch):
        monkeypatch.setenv("CALLINSIGHT_DB", "/other.db")
        assert database_path(Path("mine.db")) == Path("mine.db")
        assert database_path(None) == Path("/other.db")

    def test_else_it_lies_in_the_folder_one_works_in(self, monkeypatch):
        monkeypatch.delenv("CALLINSIGHT_DB", raising=False)
        assert database_path(None) == Path("callinsight.db")
        monkeypatch.setenv("CALLINSIGHT_DB", "")
        assert database_path(None) == Path("callinsight.db")
