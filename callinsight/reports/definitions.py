"""The shared definitions as people read them, and what became different between two editions."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callinsight.reports.wording import Names, count, listing, readable, sentence_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from callinsight.taxonomy import Taxonomy

KINDS = {  # section of the taxonomy: what one entry is called
    "concerns": "concern",
    "personas": "role",
    "stages": "stage",
    "lead_stages": "lead stage",
    "asks": "ask",
    "content_types": "content type",
    "competitors": "competitor",
    "products": "product",
    "topics": "topic",
}
FIELDS = {  # field of an entry: what people call it
    "label": "its name",
    "description": "its meaning",
    "patterns": "its phrases",
    "examples": "its examples",
    "names": "its names",
    "crm": "the CRM words for it",
    "cues": "the phrases it is known by",
    "owner": "who looks after it",
    "content_types": "what answers it",
    "stages": "the stages it is made for",
    "review_days": "when it is due for review",
    "general": "when it counts",
}
STANCES = (
    ("Objection", "The buyer resists: the concern stands between them and buying."),
    ("Question", "The buyer wants to know, without resistance. Questions are demand too."),
    ("Mention", "The buyer speaks of it, neutrally or with approval. It is no demand."),
)


@dataclass(frozen=True)
class Term:
    """A word and what it means."""

    name: str
    meaning: str
    more: str = ""  # such as the CRM's words


@dataclass(frozen=True)
class Section:
    """Words of one kind."""

    title: str
    terms: tuple[Term, ...]


def sections_of(taxonomy: Taxonomy, promises: Sequence[tuple[str, str]] = ()) -> list[Section]:
    """All definitions, in the order people need them; `promises` are those on content requests."""
    names = Names(taxonomy)
    found = [
        Section(
            "Concerns", tuple(Term(c.label, c.description) for c in taxonomy.concerns.values())
        ),
        Section("How a concern is raised", tuple(Term(*stance) for stance in STANCES)),
        Section("Roles", tuple(Term(names.persona(p), m) for p, m in taxonomy.personas.items())),
        Section(
            "Buying stages",
            tuple(
                Term(s.label, s.description, f"In the CRM: {', '.join(s.crm)}" if s.crm else "")
                for s in taxonomy.stages.values()
            ),
        ),
        Section(
            "Lead stages",
            tuple(
                Term(s.label, s.description, f"Looked after by {s.owner}" if s.owner else "")
                for s in taxonomy.lead_stages.values()
            ),
        ),
        Section("Promises on content requests", tuple(Term(*promise) for promise in promises)),
        Section(
            "What buyers ask for",
            tuple(
                Term(a.label, _answered_by(a.content_types, general=a.general))
                for a in taxonomy.asks.values()
            ),
        ),
        Section(
            "Content types",
            tuple(
                Term(
                    readable(t.id),
                    f"Made for {listing([names.stage(s) for s in t.stages]) or 'any stage'}",
                    f"Review after {count(t.review_days, 'day')}",
                )
                for t in taxonomy.content_types.values()
            ),
        ),
    ]
    return [section for section in found if section.terms]


def own_sections(taxonomy: Taxonomy, listed: Sequence[str]) -> list[Section]:
    """What users have named themselves; `listed` are rivals of the pipeline file."""
    rivals = [
        Term(one.label, one.description or f"Also: {listing(one.names)}")
        for one in taxonomy.competitors.values()
    ]
    rivals += [Term(name, "By this name, in the pipeline file") for name in listed]
    products = [
        Term(one.label, one.description or f"Also: {listing(one.names)}")
        for one in taxonomy.products.values()
    ]
    topics = [Term(one.label, one.description) for one in taxonomy.topics.values()]
    named = (("Rivals", rivals), ("Products", products), ("Topics of your own", topics))
    return [Section(title, tuple(terms)) for title, terms in named if terms]


def _answered_by(content_types: Sequence[str], *, general: bool) -> str:
    if not content_types or general:
        return "Answered by any content that fits"
    return f"Answered by {listing([readable(t).lower() for t in content_types])}"


def as_text(taxonomy: Taxonomy, sections: Sequence[Section]) -> str:
    """The definitions as plain text, which is Markdown too."""
    lines = [f"# Definitions, version {taxonomy.version}"]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        for term in section.terms:
            told = [f"{text.removesuffix('.')}." for text in (term.meaning, term.more) if text]
            lines.append(f"- **{term.name}**: {' '.join(told)}")
    return "\n".join(lines) + "\n"


def content_of(taxonomy: Taxonomy) -> str:
    """The definitions as JSON, to be kept."""
    sections = dataclasses.asdict(taxonomy)
    return json.dumps(sections, ensure_ascii=False)


def changes_between(before: str, after: str) -> list[str]:
    """What became different between two contents, a sentence each."""
    old, new = json.loads(before), json.loads(after)
    told = [
        sentence
        for section, noun in KINDS.items()
        for sentence in _section_changes(noun, old.get(section, {}), new.get(section, {}))
    ]
    if old.get("titles") != new.get("titles"):
        told.append("The rules that tell a role from a job title have changed.")
    if old.get("cues") != new.get("cues"):
        told.append("The phrases that tell objections, questions and asks have changed.")
    return told


def _section_changes(noun: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for id_ in new:
        name = _name(id_, new[id_])
        if id_ not in old:
            yield f"New {noun}: {name}."
        elif parts := _parts(old[id_], new[id_]):
            yield sentence_case(f"{noun} {name}: {listing(parts)} changed.")
    for id_ in old:
        if id_ not in new:
            yield sentence_case(f"{noun} {_name(id_, old[id_])} is gone.")


def _parts(old: Any, new: Any) -> list[str]:
    """Which parts of an entry differ; a role is its meaning alone."""
    if not isinstance(new, dict):
        return [] if old == new else [FIELDS["description"]]
    differing = [field for field in FIELDS if old.get(field) != new.get(field)]
    return [FIELDS[field] for field in differing]


def _name(id_: str, entry: Any) -> str:
    label = entry.get("label") if isinstance(entry, dict) else ""
    return f"“{label or readable(id_)}”"
