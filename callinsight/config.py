"""A pipeline file (TOML) becomes a Config; an unknown key is an error that names the nearest one.

Paths in a pipeline file are relative to the file itself.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import types
import typing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callinsight.addresses import is_address, located
from callinsight.errors import ConfigError, InputError, nearest
from callinsight.toml import read_toml

SPEECH_MODELS = ("base", "tiny.en")
DEVICES = ("cpu", "cuda")
WEIGHTS = ("none", "pipeline")  # of gaps: all alike, or by the money in the deals
AUTO = "auto"  # the language is found by listening
ENGINES = ("faster-whisper", "openai-whisper")
DELIVER_DAYS = {"P1": 10, "P2": 20, "P3": 60}  # business days, by priority
TIME_LIMIT_FACTOR = 30.0  # slow machines and engines take 2 to 3 times the length of a call
DATABASE = "callinsight.db"
SETTINGS = "settings"  # under which name a database keeps those of its last run
PERSONAL = ("email", "phone", "card", "bank", "government", "address", "link", "password")
RANGES = {
    "tagging.precision": (0.0, 0.95),
    "speech.beam_size": (1, 20),
    "speech.rep_channel": (0, 63),
    "speech.time_limit_factor": (0.001, 10_000.0),
    "topics.min_calls": (1, 1_000_000),
    "topics.min_words": (1, 1000),
    "content.mention_confidence": (0.5, 1.0),
    "gaps.min_deals": (1, 1000),
    "gaps.min_share": (0.0, 1.0),
    "gaps.false_discovery_rate": (0.0, 1.0),
    "gaps.target_supply": (1, 1000),
    "gaps.oversupply": (1, 1000),
    "gaps.stall_days": (1, 36_500),
    "unused.grace_days": (0, 36_500),
    "unused.window_days": (1, 36_500),
    "unused.low_use": (1, 1_000_000),
    "report.excerpts": (0, 100),
    "requests.acknowledge_days": (0, 1000),
    "requests.decide_days": (0, 1000),
    "requests.reply_days": (0, 1000),
    "requests.use_days": (0, 1000),
    "report.embed_limit_mb": (0.0, 1000.0),
}


@dataclass(frozen=True)
class CallsConfig:
    """Where the calls are listed and where their files lie."""

    manifest: Path
    participants: Path | None = None
    files: Path | str = Path()  # folder or address that the manifest's file column is relative to
    addresses: tuple[str, ...] = ()  # below which the file column may name whole addresses


@dataclass(frozen=True)
class ConsentConfig:
    """What counts as a basis of consent, beside the words that never do."""

    refused: tuple[str, ...] = ()  # more words that are no consent
    accepted: tuple[str, ...] = ()  # if there are any, no other is a basis
    regions: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the same, by region
    region: str = ""  # of calls that name none


@dataclass(frozen=True)
class SpeechConfig:
    """How recordings are transcribed; every value here is part of what makes a result."""

    engine: str = "faster-whisper"
    model: str = "base"
    language: str = "en"
    beam_size: int = 5
    rep_channel: int | None = None  # 0-based; a call's own rep_channel goes first
    device: str = "cpu"  # cuda: a graphics card
    vocabulary: tuple[str, ...] = ()  # names to expect in every call
    mishearings: dict[str, str] = field(default_factory=dict)  # what is heard: what is meant
    enroll_reps: bool = False  # know reps by their voice from earlier calls
    time_limit_factor: float = TIME_LIMIT_FACTOR  # a call is given up after this times its length


@dataclass(frozen=True)
class PrivacyConfig:
    """What is taken out of calls before anything of them is stored, and what may go later."""

    redact: tuple[str, ...] = PERSONAL
    redact_names: bool = False  # of buyers
    delete_audio: bool = False  # `purge --audio` may delete recordings that were heard


@dataclass(frozen=True)
class TaggingConfig:
    """Which definitions tags use."""

    taxonomy: Path
    competitors: tuple[str, ...] = ()  # rivals by name; a buyer who names one raises `competitor`
    precision: float = 0.0  # share of sure tags that must be right; 0 weighs it against misses


@dataclass(frozen=True)
class TopicsConfig:
    """When topics are looked for."""

    min_calls: int = 50  # fewer calls than this give no topics worth a name
    min_words: int = 6  # shorter turns say too little to have a topic


@dataclass(frozen=True)
class ContentConfig:
    """The content inventory and its usage."""

    items: tuple[Path, ...] = ()
    usage: tuple[Path, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)  # what an asset is called too: its id
    mention_confidence: float = 0.6  # a mention in a call this sure counts as use


@dataclass(frozen=True)
class GapsConfig:
    """When demand counts as real and how much content answers it."""

    min_deals: int = 5  # fewer deals in a cell are too few to speak
    min_share: float = 0.2  # demand is real when more than this share of deals raise it
    false_discovery_rate: float = 0.05
    target_supply: int = 2  # fitting assets that make a cell covered
    oversupply: int = 5
    count_undated: bool = False  # an asset without a date counts in full
    count_bulk_tags: bool = False  # so does one whose concern was accepted among many
    weight: str = "none"  # what ranks gaps beside demand and supply
    stall_days: int = 21  # an open deal without a call for this long has stalled


@dataclass(frozen=True)
class UnusedConfig:
    """When an asset counts as unused."""

    grace_days: int = 90  # a new asset is given this time to be found
    window_days: int = 180  # no use in this time makes it unused
    low_use: int = 3  # fewer uses than this in that time are few


@dataclass(frozen=True)
class ReportConfig:
    """Where reports go and how much sound they carry."""

    folder: Path = Path("report")
    excerpts: int = 3  # for each gap
    embed_limit_mb: float = 8.0  # more sound than this goes to clips/ beside the page


@dataclass(frozen=True)
class RequestsConfig:
    """By when content requests are answered, and who is told of them."""

    acknowledge_days: int = 1  # business days from the request to an answer of any kind
    decide_days: int = 5  # from the request to accepting or declining it
    deliver_days: dict[str, int] = field(  # from accepting it, by priority
        default_factory=DELIVER_DAYS.copy
    )
    reply_days: int = 2  # of sales: from a question about a request to an answer of who asked
    use_days: int = 20  # of sales: from the delivery to a use of the asset, or a word on it
    country: str = ""  # whose holidays and weekends are no business days, such as GB
    region: str = ""  # of the country, such as SCT
    holidays: tuple[str, ...] = ()  # dates of one's own
    owner: str = ""  # who has what is accepted, until somebody starts it
    notify: tuple[str, ...] = ()  # addresses for Apprise; $NAME stands in the environment
    quote_buyers: bool = False  # messages may say what buyers said


@dataclass(frozen=True)
class Config:
    """All settings of one pipeline."""

    path: Path
    calls: CallsConfig
    tagging: TaggingConfig
    company: str = ""
    timezone: str = "UTC"
    database: Path = Path(DATABASE)
    consent: ConsentConfig = field(default_factory=ConsentConfig)
    speech: SpeechConfig = field(default_factory=SpeechConfig)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    gaps: GapsConfig = field(default_factory=GapsConfig)
    unused: UnusedConfig = field(default_factory=UnusedConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    requests: RequestsConfig = field(default_factory=RequestsConfig)

    @property
    def zone(self) -> ZoneInfo:
        """The zone that cuts months."""
        return ZoneInfo(self.timezone)


def load_config(path: Path) -> Config:
    """Read and check a pipeline file; raises ConfigError."""
    try:
        table = read_toml(path)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such pipeline file. "
            "'callinsight init DIR --recordings FOLDER' writes one."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the pipeline file cannot be read ({error.strerror}); "
            "mend its permissions or the path"
        ) from None
    file = path.absolute()
    config: Config = _build(Config, table, "", file, path=file)
    _check(config)
    return config


def settings_text(config: Config) -> str:
    """The settings as JSON, to be stored with the results they made; without addresses, which are secret."""
    table = dataclasses.asdict(config)
    table["requests"].pop("notify")
    return json.dumps(table, default=str, sort_keys=True)


def config_from_text(text: str) -> Config:
    """The settings that `settings_text` wrote."""
    table = json.loads(text)
    file = Path(table.pop("path"))
    return typing.cast("Config", _build(Config, _without_none(table), "", file, path=file))


def settings_hash(*parts: object) -> str:
    """16 hex digits that change when any of the values that made a result changes."""
    plain = [dataclasses.asdict(p) if dataclasses.is_dataclass(p) else p for p in parts]  # type: ignore[arg-type]
    text = json.dumps(plain, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def database_path(given: Path | None) -> Path:
    """The database a command reads: the one given, else CALLINSIGHT_DB, else ./callinsight.db."""
    return given or Path(os.environ.get("CALLINSIGHT_DB") or DATABASE)


def _build(kind: type, table: dict[str, Any], section: str, file: Path, **given: Path) -> Any:
    known = {f.name: f for f in dataclasses.fields(kind) if f.name not in given}
    where = f"[{section}]" if section else "the top level"
    for key in table:
        if key not in known:
            hint = nearest(key, list(known)) or f"; it may have {', '.join(known)}"
            raise ConfigError(f"{file}: {where} has no setting '{key}'{hint}")
    hints = typing.get_type_hints(kind)
    values = {
        key: _value(hints[key], value, f"{section}.{key}".lstrip("."), file)
        for key, value in table.items()
    }
    for name, entry in known.items():
        if name in values:
            continue
        if _is_required(entry):
            if dataclasses.is_dataclass(hints[name]):
                raise ConfigError(f"{file}: the section [{name}] is missing")
            raise ConfigError(f"{file}: {where} needs the setting '{name}'")
        if isinstance(entry.default, Path):
            values[name] = _beside(file, entry.default)
        elif dataclasses.is_dataclass(hints[name]):
            values[name] = _build(hints[name], {}, name, file)
    return kind(**values, **given)


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _is_required(entry: dataclasses.Field[Any]) -> bool:
    return entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING


def _value(hint: Any, value: Any, name: str, file: Path) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(
                f"{file}: '{name}' must be a table: write [{name}] above its settings"
            )
        return _build(typing.cast("type", hint), value, name, file)
    if hint == Path | str:
        return _place(value, name, file)
    if isinstance(hint, types.UnionType):  # every optional setting is `X | None`
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ConfigError(f'{file}: \'{name}\' must be a list, such as ["one", "two"]')
        return tuple(_value(typing.get_args(hint)[0], v, name, file) for v in value)
    if typing.get_origin(hint) is dict:
        if not isinstance(value, dict):
            raise ConfigError(
                f"{file}: '{name}' must be a table: write [{name}] above its settings"
            )
        kind = typing.get_args(hint)[1]
        return {key: _value(kind, entry, f"{name}.{key}", file) for key, entry in value.items()}
    if hint is Path:
        if not isinstance(value, str):
            raise ConfigError(f"{file}: '{name}' must be a path in quotes, not {_shown(value)}")
        return _beside(file, value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        kinds = {
            str: "text in quotes",
            int: "a whole number",
            float: "a number",
            bool: "true or false",
        }
        raise ConfigError(f"{file}: '{name}' must be {kinds[hint]}, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """A value much as TOML writes it."""
    return json.dumps(value, default=str, ensure_ascii=False)


def _check_speech(path: Path, speech: SpeechConfig) -> None:
    if speech.model not in SPEECH_MODELS:
        raise ConfigError(
            f"{path}: 'speech.model' is '{speech.model}'; it must be {' or '.join(SPEECH_MODELS)}"
        )
    if not re.fullmatch(f"[a-z]{{2,3}}|{AUTO}", speech.language):
        raise ConfigError(
            f"{path}: 'speech.language' is '{speech.language}'; write a code such as en or de, or {AUTO}"
        )
    if speech.device not in DEVICES:
        raise ConfigError(
            f"{path}: 'speech.device' is '{speech.device}'; it must be {' or '.join(DEVICES)}"
        )


def _check_consent(path: Path, consent: ConsentConfig) -> None:
    for name, bases in consent.regions.items():
        if not bases:
            raise ConfigError(
                f"{path}: 'consent.regions.{name}' is empty; name what is a basis of consent there"
            )
    if consent.region and consent.region not in consent.regions:
        known = list(consent.regions)
        hint = nearest(consent.region, known) or "; name its rules under [consent.regions]"
        raise ConfigError(
            f"{path}: 'consent.region' is '{consent.region}', which has no rules{hint}"
        )


def _check_requests(path: Path, requests: RequestsConfig) -> None:
    for priority, days in requests.deliver_days.items():
        if priority not in DELIVER_DAYS:
            raise ConfigError(
                f"{path}: 'requests.deliver_days' has no priority '{priority}'; "
                f"it may have {', '.join(DELIVER_DAYS)}"
            )
        if not 0 <= days <= 1000:
            raise ConfigError(
                f"{path}: 'requests.deliver_days.{priority}' is {days}; it must lie in 0 to 1000"
            )
    for day in requests.holidays:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise ConfigError(
                f"{path}: 'requests.holidays' names '{day}', which is no date; write it as 2026-12-24"
            ) from None
    if requests.region and not requests.country:
        raise ConfigError(f"{path}: 'requests.region' needs 'requests.country' beside it")
    if requests.country:
        _check_country(path, requests)


def _check_country(path: Path, requests: RequestsConfig) -> None:
    import holidays

    regions = holidays.list_supported_countries().get(requests.country)
    if regions is None:
        raise ConfigError(
            f"{path}: 'requests.country' is '{requests.country}', whose holidays are not known; "
            "write a code such as GB, DE or US"
        )
    if requests.region and requests.region not in regions:
        known = f"it must be one of {', '.join(regions)}" if regions else "leave it out"
        raise ConfigError(
            f"{path}: 'requests.region' is '{requests.region}', "
            f"which is no region of {requests.country}; {known}"
        )


def _place(value: Any, name: str, file: Path) -> Path | str:
    """A path beside the pipeline file, or an address."""
    if not isinstance(value, str):
        raise ConfigError(
            f"{file}: '{name}' must be a path or address in quotes, not {_shown(value)}"
        )
    if not is_address(value):
        return _beside(file, value)
    try:
        return located(value)
    except InputError as error:
        raise ConfigError(f"{file}: '{name}': {error}") from None


def _beside(file: Path, path: str | Path) -> Path:
    return Path(os.path.normpath(file.parent / path))


def _check(config: Config) -> None:
    try:
        ZoneInfo(config.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: 'Europe' is a folder of zones
        raise ConfigError(
            f"{config.path}: 'timezone' is '{config.timezone}', which is no time zone; "
            "write one such as 'Europe/London'"
        ) from None
    if config.speech.engine not in ENGINES:
        raise ConfigError(
            f"{config.path}: 'speech.engine' is '{config.speech.engine}'; "
            f"it must be one of {', '.join(ENGINES)}"
        )
    for address in config.calls.addresses:
        _place(address, "calls.addresses", config.path)
    _check_speech(config.path, config.speech)
    _check_requests(config.path, config.requests)
    _check_consent(config.path, config.consent)
    if config.gaps.weight not in WEIGHTS:
        raise ConfigError(
            f"{config.path}: 'gaps.weight' is '{config.gaps.weight}'; "
            f"it must be {' or '.join(WEIGHTS)}"
        )
    for kind in config.privacy.redact:
        if kind not in PERSONAL:
            hint = nearest(kind, list(PERSONAL)) or f"; it may hold {', '.join(PERSONAL)}"
            raise ConfigError(
                f"{config.path}: 'privacy.redact' has '{kind}', which is no kind of personal data{hint}"
            )
    for name, (low, high) in RANGES.items():
        section, _, setting = name.partition(".")
        value = getattr(getattr(config, section), setting)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{config.path}: '{name}' is {value}; it must lie in {low} to {high}")
