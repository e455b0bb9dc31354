"""The definitions that sales and marketing share, read from a TOML file with a version."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing
import unicodedata
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight.errors import ConfigError, nearest
from callinsight.records import UNKNOWN
from callinsight.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT_TAXONOMY = Path(__file__).parent / "starter" / "taxonomy.toml"
CUES = ("objection", "question", "ask")
TRAINED = (  # concerns that the shipped tagger has learnt; others are told by the user's examples
    *("price_budget", "value_roi", "timing_priority", "need_fit", "status_quo_diy"),
    *("authority_consensus", "competitor", "trust_proof", "technical_integration"),
    *("security_compliance", "legal_procurement", "effort_change"),
)
COMPETITOR = "competitor"  # the concern that a rival's name raises
FEWEST_EXAMPLES = 5  # that tell a concern or a topic
ANY, OTHER = "any", "other"  # in [titles.personas]: whatever fits, and where nothing does


@dataclass(frozen=True)
class Concern:
    """Something that can stand between a buyer and a purchase."""

    id: str
    label: str
    description: str
    patterns: tuple[str, ...] = ()  # see tagging/patterns.py
    names: tuple[str, ...] = ()  # of `competitor`: rivals that have no section of their own
    examples: tuple[
        str, ...
    ] = ()  # sentences as buyers say them; they tell one that is not TRAINED


@dataclass(frozen=True)
class AskKind:
    """A kind of material that buyers ask for, and the content types that answer it."""

    id: str
    label: str
    content_types: tuple[str, ...]
    patterns: tuple[str, ...]
    general: bool = False  # counts only where no other kind fits


@dataclass(frozen=True)
class Competitor:
    """A rival, with every name it goes by, misheard ones too."""

    id: str
    label: str
    names: tuple[str, ...]
    description: str = ""
    examples: tuple[
        str, ...
    ] = ()  # sentences that name it; `taxonomy lint` tries the names on them


@dataclass(frozen=True)
class Product:
    """A product of the user's own; it is never taken for a rival."""

    id: str
    label: str
    names: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True)
class TopicDefinition:
    """A topic that the user wants to see, told by sentences as buyers say them."""

    id: str
    label: str
    description: str
    examples: tuple[str, ...]
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True)
class TitleRule:
    """Fits a job title that contains one of the words, and none of the others.

    A `~` stands for the rest of a word: `einkauf~` is in Einkaufsleiter, and so is `~leiter`.
    """

    id: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()

    def fits(self, title: str) -> bool:
        """Whether the title is meant; neither case nor hyphens matter."""
        plain = _plain(title)
        wanted, unwanted = self._patterns
        return bool(wanted.search(plain)) and not unwanted.search(plain)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return _any_of(self.words), _any_of(self.unless)


@dataclass(frozen=True)
class Titles:
    """What job titles say: by whom something is looked after, how high up, and the persona of both."""

    functions: dict[str, TitleRule]  # the first that fits wins
    seniority: dict[str, TitleRule]  # likewise
    personas: dict[str, dict[str, str]]  # by function, by seniority; either may be `any` or `other`


@dataclass(frozen=True)
class Stage:
    """A step of the buyer's way, the CRM's words for it, and phrases that are said at it."""

    id: str
    label: str
    crm: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()  # see tagging/patterns.py
    description: str = ""


@dataclass(frozen=True)
class LeadStage:
    """A step between first contact and customer, and who looks after whoever is there."""

    id: str
    label: str
    description: str  # what must be true to be there
    owner: str = ""  # marketing, sales ...


@dataclass(frozen=True)
class ContentType:
    """The stages an asset of this type serves by default, and its review period."""

    id: str
    stages: tuple[str, ...]
    review_days: int


@dataclass(frozen=True)
class Taxonomy:
    """Concerns, asks, personas, stages, content types; what else the user has named."""

    version: str
    concerns: dict[str, Concern]
    cues: dict[str, tuple[str, ...]]  # objection, question, ask: phrases that show the stance
    asks: dict[str, AskKind]
    personas: dict[str, str]  # id to meaning
    titles: Titles
    stages: dict[str, Stage]
    content_types: dict[str, ContentType]
    competitors: dict[str, Competitor] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    topics: dict[str, TopicDefinition] = field(default_factory=dict)
    lead_stages: dict[str, LeadStage] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """12 hex digits that change with any definition but the version."""
        definitions = {**dataclasses.asdict(self), "version": ""}
        return hashlib.sha256(json.dumps(definitions).encode()).hexdigest()[:12]

    def rivals(self, names: Iterable[str] = ()) -> dict[str, Competitor]:
        """The competitors, and those that only stand as names in the concern or in `names`.

        A name that no competitor has is one by itself, with the name as its id.
        """
        rivals = dict(self.competitors)
        listed = self.concerns[COMPETITOR].names if COMPETITOR in self.concerns else ()
        known = {_plain(name) for rival in rivals.values() for name in (rival.label, *rival.names)}
        for name in (*listed, *names):
            if _plain(name) and _plain(name) not in known:
                known.add(_plain(name))
                rivals[name] = Competitor(name, name, (name,))
        return rivals

    def stage_of(self, crm_stage: str) -> str:
        """The buying stage that a CRM stage stands for, else `unknown`."""
        return self._stage_by_word.get(_plain(crm_stage), UNKNOWN)

    @cached_property
    def _stage_by_word(self) -> dict[str, str]:
        return {_plain(word): s.id for s in self.stages.values() for word in (*s.crm, s.id)}


def load_taxonomy(path: Path) -> Taxonomy:
    """Read and check a taxonomy file; raises ConfigError."""
    taxonomy = read_taxonomy(path)
    for section, problem, advice in shortcomings(taxonomy):
        raise ConfigError(f"{path}: {section} {problem}; {advice}")
    return taxonomy


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file as it stands, `shortcomings` and all; raises ConfigError."""
    table = _read(path)
    needed = ["version", "concerns", "cues", "asks", "personas", "titles", "stages"]
    needed.append("content_types")
    optional = {
        "competitors": Competitor,
        "products": Product,
        "topics": TopicDefinition,
        "lead_stages": LeadStage,
    }
    _need(table, [*needed, *optional], needed, "the top level", path)
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
        **{
            name: _section(kind, table, name, path)
            for name, kind in optional.items()
            if name in table
        },
    )
    _check(taxonomy, path)
    return taxonomy


def shortcomings(taxonomy: Taxonomy) -> Iterator[tuple[str, str, str]]:
    """What keeps definitions from meaning anything: the section, the problem and what to do."""
    for concern in taxonomy.concerns.values():
        enough = len(concern.examples) >= FEWEST_EXAMPLES or concern.patterns
        if concern.id not in TRAINED and not enough:
            yield _too_few(
                f"[concerns.{concern.id}]", concern.examples, "or a phrase under patterns"
            )
    for topic in taxonomy.topics.values():
        if len(topic.examples) < FEWEST_EXAMPLES:
            yield _too_few(f"[topics.{topic.id}]", topic.examples, "as buyers say them")
    named: dict[str, dict[str, Any]] = {
        "competitors": taxonomy.competitors,
        "products": taxonomy.products,
    }
    for section, entries in named.items():
        for entry in entries.values():
            if not entry.names or not all(map(_plain, entry.names)):
                where, advice = (
                    f"[{section}.{entry.id}]",
                    "write names as they are said, or remove it",
                )
                yield where, "has an empty name or none", advice
    own = {
        _plain(name): product.id for product in taxonomy.products.values() for name in product.names
    }
    for rival in taxonomy.rivals().values():
        for name in rival.names:
            if product := own.get(_plain(name)):
                problem = f"has the name '{name}', which [products.{product}] has too"
                yield f"[competitors.{rival.id}]", problem, "remove it from one of them"


def _too_few(section: str, examples: tuple[str, ...], more: str) -> tuple[str, str, str]:
    has = f"has {len(examples) or 'no'} example{'' if len(examples) == 1 else 's'}"
    return section, has, f"write {FEWEST_EXAMPLES} to 10 sentences under examples {more}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such taxonomy file; name one under [tagging] in the pipeline file"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the taxonomy file cannot be read ({error.strerror}); "
            "mend its permissions or the path under [tagging] in the pipeline file"
        ) from None


def _section(
    kind: Any, table: dict[str, Any], name: str, path: Path, *, parent: str = ""
) -> dict[str, Any]:
    where = f"{parent}{name}"
    return {
        key: _entry(kind, _table(values, f"{where}.{key}", path), f"[{where}.{key}]", path, id=key)
        for key, values in _table(table[name], where, path).items()
    }


def _titles(titles: Any, path: Path) -> Titles:
    parts = [field.name for field in dataclasses.fields(Titles)]
    table = _table(titles, "titles", path)
    _need(table, parts, parts, "[titles]", path)
    personas = {
        function: {
            seniority: _value(str, persona, f"[titles.personas] {function} {seniority}", path)
            for seniority, persona in _row(row, function, path).items()
        }
        for function, row in _table(table["personas"], "titles.personas", path).items()
    }
    return Titles(_rules(table, "functions", path), _rules(table, "seniority", path), personas)


def _rules(titles: dict[str, Any], name: str, path: Path) -> dict[str, TitleRule]:
    rules: dict[str, TitleRule] = _section(TitleRule, titles, name, path, parent="titles.")
    for rule in rules.values():
        if not rule.words or not all(map(_plain, (*rule.words, *rule.unless))):
            raise ConfigError(
                f"{path}: [titles.{name}.{rule.id}] has an empty word or none; write one, or remove it"
            )
    return rules


def _row(row: Any, function: str, path: Path) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ConfigError(
            f"{path}: [titles.personas] {function} must say the persona by seniority, "
            'such as { head = "champion" }, or { any = "champion" }'
        )
    return row


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
    hints = _hints(kind)
    read = {name: _value(hints[name], v, f"{where} {name}", path) for name, v in values.items()}
    return kind(**given, **read)


@cache  # looked up anew for each entry, they take longer than reading it
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


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
        wanted = {str: "text in quotes", bool: "true or false"}.get(hint, "a whole number")
        shown = json.dumps(value, default=str, ensure_ascii=False)
        raise ConfigError(f"{path}: {name} must be {wanted}, not {shown}")
    return value


def _check(taxonomy: Taxonomy, path: Path) -> None:
    _check_titles(taxonomy, path)
    for ask in taxonomy.asks.values():
        where = f"[asks.{ask.id}]"
        _check_known(ask.content_types, taxonomy.content_types, "content type", where, path)
    for kind in taxonomy.content_types.values():
        where = f"[content_types.{kind.id}]"
        _check_known(kind.stages, taxonomy.stages, "stage", where, path)
        if kind.review_days < 1:
            raise ConfigError(f"{path}: {where} review_days is {kind.review_days}; write 1 or more")


def _check_titles(taxonomy: Taxonomy, path: Path) -> None:
    where = "[titles.personas]"
    titles = taxonomy.titles
    _check_known(titles.personas, (*titles.functions, ANY, OTHER), "function", where, path)
    for function, row in titles.personas.items():
        place = f"{where} {function}"
        _check_known(row, (*titles.seniority, ANY, OTHER), "seniority", place, path)
        _check_known(row.values(), (*taxonomy.personas, UNKNOWN), "persona", place, path)


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
