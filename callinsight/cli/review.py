"""`callinsight review`."""

from __future__ import annotations

import sys
import textwrap
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from callinsight.cli.app import Database, app, now, say, user_name

if TYPE_CHECKING:
    import sqlite_utils

    from callinsight.pipeline.review import Doubt, Past, Review
    from callinsight.tagging.corrections import Labelling

review = typer.Typer(invoke_without_command=True)
app.add_typer(review, name="review")
KEYS = "a accept, c change, r reject, s skip, u undo, q quit"
STANCES = {"o": "objection", "q": "question", "m": "mention"}
RAISED = {
    "objection": "raised as an objection",
    "question": "raised as a question",
    "mention": "only mentioned",
}
CONTEXT_WORDS = 60  # of the seller's turn; its end is what the buyer answers
WIDTH = 100


class Format(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    CSV = "csv"


@review.callback()
def review_turns(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many turns to show.")] = 20,
    who: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who decides; else your login name.", show_default=False),
    ] = None,
    concern: Annotated[
        str,
        typer.Option(metavar="CONCERN", help="Only turns with this concern.", show_default=False),
    ] = "",
    db: Database = None,
) -> None:
    """Say what is right where the tagger is least sure; it learns from it.

    Accepting keeps what is surely or likely so, and what you tick by its number; it says so before.
    What you say of a turn stays. The other turns of all calls are read anew with what was learnt.
    """
    if context.invoked_subcommand:
        context.obj = db
        return
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.review import open_review, relearn
    from callinsight.pipeline.run import stored_config
    from callinsight.progress import bar

    name = user_name(who)
    with store.opened(database_path(db)) as opened:
        config = stored_config(opened)
        asked = open_review(opened, config, limit=limit, concern=concern)
        if not asked.doubts:
            say("There is nothing to review: no turn is in doubt that you have not answered.")
            return
        corrected = _ask(opened, asked, name)
        changed = relearn(opened, config, progress=bar)
    say(
        f"{_count(corrected, 'turn')} corrected; {_count(changed.tags, 'tag')} in "
        f"{_count(changed.calls, 'call')} changed by re-tagging."
    )


@review.command("list")
def list_corrections(
    context: typer.Context,
    shape: Annotated[
        Format, typer.Option("--format", help="For people or spreadsheets.")
    ] = Format.TEXT,
    db: Database = None,
) -> None:
    """Show who corrected what, when, from what to what."""
    from callinsight import store
    from callinsight.config import database_path
    from callinsight.pipeline.review import history, history_sheet
    from callinsight.pipeline.run import stored_config

    with store.opened(database_path(db or context.obj)) as opened:
        past = history(opened, stored_config(opened))
    if shape is Format.CSV:
        typer.echo(history_sheet(past), nl=False)
        return
    for entry in past:
        typer.echo(_line(entry))
    if not past:
        say("Nothing has been corrected yet: 'callinsight review' shows what is in doubt.")


# One turn after another


class _Input:
    """What a person types: single keys in a terminal, else lines; None at the end of the input."""

    def __init__(self) -> None:
        self._terminal = sys.stdin.isatty()

    def key(self, prompt: str) -> str | None:
        """The key that was pressed, in lower case."""
        if not self._terminal:
            line = self.line(prompt)
            return None if line is None else line[:1].lower()
        typer.echo(f"{prompt}: ", err=True, nl=False)
        try:
            key = typer.getchar().lower()
        except EOFError:
            return None
        say(key if key.isprintable() else "")
        return key

    def line(self, prompt: str) -> str | None:
        """A line, without the spaces around it."""
        typer.echo(f"{prompt}: ", err=True, nl=False)
        line = sys.stdin.readline()
        if not self._terminal:
            say(line.strip())
        return line.strip() if line else None


def _ask(db: sqlite_utils.Database, asked: Review, who: str) -> int:
    """Show each turn and keep what is said of it; how many turns were corrected."""
    from callinsight.pipeline.review import decide, undo

    typed = _Input()
    made: list[tuple[int, int]] = []  # the place of the turn, the number of its correction
    at, shown = 0, -1
    ticks: dict[int, set[int]] = {}  # by turn the places of the tags that accepting keeps
    while True:
        over = at == len(asked.doubts)
        if over:
            key = typed.key("That was the last turn. u undo, any other key to finish")
        else:
            ticked = ticks.setdefault(at, set(asked.doubts[at].likely))
            if at != shown:
                _show(asked, at)
            _say_what_is_kept(asked, at, ticked)
            key, shown = typed.key(KEYS), -1
        if key == "u":
            if not made:
                say("There is nothing to undo.")
                continue
            at, number = made.pop()
            undo(db, number, who=who, at=now())
            say("Taken back.")
        elif over or key in ("q", None):
            return len(made)
        elif key == "s":
            at += 1
        elif key.isdecimal() and 1 <= int(key) <= len(asked.doubts[at].tags):
            ticked ^= {int(key) - 1}
            shown = at
        elif key in ("a", "c", "r"):
            after = _after(key, asked, at, ticked, typed)
            if after is not None:
                made.append((at, decide(db, asked.doubts[at], after, who=who, at=now())))
                at += 1
        else:
            say(f"Press one of these keys: {KEYS}, or a number to tick or untick")


def _after(key: str, asked: Review, at: int, ticked: set[int], typed: _Input) -> Labelling | None:
    """What the turn says by the person; None if that was not said to the end."""
    from callinsight.tagging.corrections import Labelling

    if key == "a":
        if not ticked:
            say("Nothing is ticked: press the number of what is right, or r for none of it.")
            return None
        return asked.doubts[at].keeping(ticked)
    if key == "r":
        return Labelling()
    concerns = _choose(asked.concerns, "Which concerns? Their numbers, or Enter for none", typed)
    if concerns is None:
        return None
    stance = "none"
    while concerns and stance == "none":
        pressed = typed.key("How? o objection, q question, m only mentioned, b back")
        if pressed in ("b", None):
            return None
        stance = STANCES.get(pressed, "none")
    asks = _choose(asked.asks, "What is asked for? Their numbers, or Enter for nothing", typed)
    return None if asks is None else Labelling(concerns, stance, asks)


def _choose(choices: dict[str, str], prompt: str, typed: _Input) -> tuple[str, ...] | None:
    """What is chosen by numbers; None at the end of the input."""
    for number, label in enumerate(choices.values(), start=1):
        say(f"  {number:2} {label}")
    ids = list(choices)
    while (line := typed.line(prompt)) is not None:
        words = line.replace(",", " ").split()
        known = [word for word in words if word.isdecimal() and 1 <= int(word) <= len(ids)]
        if known == words:
            return tuple(sorted({ids[int(word) - 1] for word in words}))
        say(f"Type numbers from 1 to {len(ids)}, such as 2 5")
    return None


def _show(asked: Review, at: int) -> None:
    """Print a turn: the seller's words before, the buyer's, and what the tagger thinks."""
    doubt = asked.doubts[at]
    call, said = doubt.call, doubt.utterance
    typer.echo(
        f"\n{at + 1} of {len(asked.doubts)} · {call.title or call.id} · "
        f"{call.recorded_at[:10]} · {said.speaker}"
    )
    words = doubt.turn.context.split()
    before = " ".join(["…"] * (len(words) > CONTEXT_WORDS) + words[-CONTEXT_WORDS:])
    _paragraph("The seller said:", before or "(nothing before)")
    _paragraph("The buyer said: ", _marked(doubt))
    typer.echo("The tagger thinks:")
    for number, line in enumerate(_thoughts(asked, doubt), start=1):
        typer.echo(f"  {number} {line}")
    if doubt.before.concerns:
        typer.echo(f"  {RAISED[doubt.before.stance]}")


def _say_what_is_kept(asked: Review, at: int, ticked: set[int]) -> None:
    """Print what accepting would keep, and nothing else would be."""
    kept = asked.doubts[at].keeping(ticked)
    concerns = [asked.concerns.get(concern, concern) for concern in kept.concerns]
    raised = [f"{', '.join(concerns)}, {RAISED.get(kept.stance, 'said')}"] if concerns else []
    kinds = ", ".join(asked.asks.get(ask, ask) for ask in kept.asks)
    asks = [f"asks for {kinds}"] if kinds else []
    say(f"Accepting keeps: {'; '.join([*raised, *asks]) or 'nothing, for nothing is ticked'}")


def _marked(doubt: Doubt) -> str:
    """The buyer's words, with the sentences that carry the tags in >> <<."""
    text = doubt.turn.text
    for sentence in sorted({tag.evidence for tag in doubt.tags} - {"", text.strip()}):
        text = text.replace(sentence, f">>{sentence}<<", 1)
    return text


def _thoughts(asked: Review, doubt: Doubt) -> list[str]:
    lines = []
    for tag in doubt.tags:
        sure = "" if tag.status == "sure" else ", too unsure to count"
        why = f": {tag.why}" if tag.why else ""
        if tag.kind == "ask":
            label = asked.asks.get(tag.label, tag.label)
            lines.append(f"asks for: {label}, {tag.score:.0%} likely{sure}")
        else:
            label = asked.concerns.get(tag.label, tag.label)
            lines.append(f"{label}, {tag.score:.0%} likely{sure}{why}")
    return lines


def _paragraph(name: str, text: str) -> None:
    indent = " " * (len(name) + 1)
    typer.echo(textwrap.fill(text, WIDTH, initial_indent=f"{name} ", subsequent_indent=indent))


# What was corrected


def _line(entry: Past) -> str:
    made = entry.correction
    state = f" ({entry.state})" if entry.state else ""
    text = textwrap.shorten(made.text, WIDTH, placeholder=" …")
    return (
        f"{made.at}  {made.who}  {made.action}{state}  {made.utterance}\n"
        f"    “{text}”\n"
        f"    before: {_words(made.before)}\n"
        f"    after:  {_words(made.after)}"
    )


def _words(labelling: str) -> str:
    """What a turn says, to read."""
    from callinsight.tagging.corrections import labelling_of

    said = labelling_of(labelling)
    raised = [f"{', '.join(said.concerns)} as {said.stance}"] if said.concerns else []
    asked = [f"asks for {', '.join(said.asks)}"] if said.asks else []
    return "; ".join([*raised, *asked]) or "nothing"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
