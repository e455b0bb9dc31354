"""The definitions that sales and marketing share, read from a TOML file with a version."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
import typing
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight.errors import ConfigError, nearest
from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_TAXONOMY = Path(__file__).parent / "starter" / "taxonomy.toml"
CUES = ("objection", "question", "ask")


@dataclass(frozen=True)
class Concern:
    """Something that can stand between a buyer and a purchase."""

    id: str
    label: str
    description: str
    patterns: tuple[str, ...] = ()  # see tagging/patterns.py
    names: tuple[str, ...] = ()  # rivals or products, as they are said


@dataclass(frozen=True)
class AskKind:
    """A kind of material that buyers ask for, and the content types that answer it."""

    id: str
    label: str
    content_types: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class TitleRule:
    """A job title that contains one of the words, and none of the others, has this persona.

    A `~` stands for the rest of a word: `einkauf~` is in Einkaufsleiter, and so is `~leiter`.
    """

    persona: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()

    def fits(self, title: str) -> bool:
        """Whether the title has this persona; neither case nor hyphens matter."""
        plain = _plain(title)
        wanted, unwanted = self._patterns
        return bool(wanted.search(plain)) and not unwanted.search(plain)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return _any_of(self.words), _any_of(self.unless)


@dataclass(frozen=True)
class Stage:
    """A step of the buyer's way, and the CRM's words for it."""

    id: str
    label: str
    crm: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContentType:
    """The stages an asset of this type serves by default, and its review period."""

    id: str
    stages: tuple[str, ...]
    review_days: int


@dataclass(frozen=True)
class Taxonomy:
    """Concerns, asks, personas, stages and content types."""

    version: str
    concerns: dict[str, Concern]
    cues: dict[str, tuple[str, ...]]  # objection, question, ask: phrases that show the stance
    asks: dict[str, AskKind]
    personas: dict[str, str]  # id to meaning
    titles: tuple[TitleRule, ...]
    stages: dict[str, Stage]
    content_types: dict[str, ContentType]

    def stage_of(self, crm_stage: str) -> str:
        """The buying stage that a CRM stage stands for, else `unknown`."""
        return self._stage_by_word.get(_plain(crm_stage), UNKNOWN)

    @cached_property
    def _stage_by_word(self) -> dict[str, str]:
        return {_plain(word): s.id for s in self.stages.values() for word in (*s.crm, s.id)}


def load_taxonomy(path: Path) -> Taxonomy:
    """Read and check a taxonomy file; raises ConfigError."""
    table = _read(path)
    known = ["version", "concerns", "cues", "asks", "personas", "titles", "stages", "content_types"]
    _need(table, known, known, "the top level", path)
    taxonomy = Taxonomy(
        version=str(table["version"]),
        concerns=_section(Concern, table, "concerns", path),
        cues=_cues(table["cues"], path),
        asks=_section(AskKind, table, "asks", path),
        personas={
            id_: _value(str, meaning, f"[personas] {id_}", path)
            for id_, meaning in _table(table["personas"], "personas", path).items()
        },
        titles=_titles(table["titles"], path),
        stages=_section(Stage, table, "stages", path),
        content_types=_section(ContentType, table, "content_types", path),
    )
    _check(taxonomy, path)
    return taxonomy


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such taxonomy file; name one under [tagging] in the pipeline file"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the taxonomy file cannot be read ({error.strerror}); "
            "mend its permissions or the path under [tagging] in the pipeline file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: this is not UTF-8 text; save it again as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}") from None


def _section(kind: Any, table: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    return {
        key: _entry(kind, _table(values, f"{name}.{key}", path), f"[{name}.{key}]", path, id=key)
        for key, values in _table(table[name], name, path).items()
    }


def _titles(rules: Any, path: Path) -> tuple[TitleRule, ...]:
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise ConfigError(f"{path}: 'titles' must be a list: write [[titles]] above each rule")
    titles = []
    for number, rule in enumerate(rules, start=1):
        where = f"[[titles]] number {number}"
        titles.append(_entry(TitleRule, rule, where, path))
        words = titles[-1].words
        if not words or not all(map(_plain, (*words, *titles[-1].unless))):
            raise ConfigError(f"{path}: {where} has an empty word or none; write one, or remove it")
    return tuple(titles)


def _cues(cues: Any, path: Path) -> dict[str, tuple[str, ...]]:
    _need(_table(cues, "cues", path), CUES, CUES, "[cues]", path)
    return {
        name: _value(tuple[str, ...], phrases, f"[cues] {name}", path)
        for name, phrases in cues.items()
    }


def _entry(kind: Any, values: dict[str, Any], where: str, path: Path, **given: str) -> Any:
    fields = [field for field in dataclasses.fields(kind) if field.name not in given]
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    _need(values, [field.name for field in fields], needed, where, path)
    hints = typing.get_type_hints(kind)
    read = {name: _value(hints[name], v, f"{where} {name}", path) for name, v in values.items()}
    return kind(**given, **read)


def _need(
    table: dict[str, Any], known: Iterable[str], needed: Iterable[str], where: str, path: Path
) -> None:
    for key in table:
        if key not in known:
            hint = nearest(key, list(known)) or f"; it may have {', '.join(known)}"
            raise ConfigError(f"{path}: {where} has no setting '{key}'{hint}")
    for key in needed:
        if key not in table:
            raise ConfigError(f"{path}: {where} needs the setting '{key}'")


def _table(value: Any, name: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: '{name}' must be a table: write [{name}] above its settings")
    return value


def _value(hint: Any, value: Any, name: str, path: Path) -> Any:
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise ConfigError(f'{path}: {name} must be a list of texts, such as ["one", "two"]')
        return tuple(value)
    if type(value) is not hint:
        wanted = "text in quotes" if hint is str else "a whole number"
        shown = json.dumps(value, default=str, ensure_ascii=False)
        raise ConfigError(f"{path}: {name} must be {wanted}, not {shown}")
    return value


def _check(taxonomy: Taxonomy, path: Path) -> None:
    for number, rule in enumerate(taxonomy.titles, start=1):
        where = f"[[titles]] number {number}"
        _check_known((rule.persona,), taxonomy.personas, "persona", where, path)
    for ask in taxonomy.asks.values():
        where = f"[asks.{ask.id}]"
        _check_known(ask.content_types, taxonomy.content_types, "content type", where, path)
    for kind in taxonomy.content_types.values():
        where = f"[content_types.{kind.id}]"
        _check_known(kind.stages, taxonomy.stages, "stage", where, path)
        if kind.review_days < 1:
            raise ConfigError(f"{path}: {where} review_days is {kind.review_days}; write 1 or more")


def _check_known(
    names: Iterable[str], known: Iterable[str], noun: str, where: str, path: Path
) -> None:
    for name in names:
        if name not in known:
            hint = nearest(name, list(known)) or f"; it must be one of {', '.join(known)}"
            raise ConfigError(f"{path}: {where} names the unknown {noun} '{name}'{hint}")


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    choices = "|".join(re.escape(_plain(word)).replace(r"\~", r"\w*") for word in words)
    return re.compile(rf"\b(?:{choices})\b" if choices else "(?!)")


def _plain(words: str) -> str:
    """Words in lower case, with single spaces for hyphens, slashes, commas and underscores."""
    return " ".join(re.sub(r"[-_/,]", " ", unicodedata.normalize("NFKC", words).casefold()).split())
