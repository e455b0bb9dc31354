"""How far a step is, on stderr, and what is said of each input as it comes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from rich.progress import TaskID

    Advance = Callable[[float], None]  # one more is done, with this many seconds of sound


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a command says of one of many inputs: its result, and a message for people."""

    text: str = ""
    message: str = ""
    failed: bool = False


class Progress(Protocol):
    """Opens a bar for a step of `total` subjects; the function it gives moves it on by one."""

    def __call__(self, step: str, total: int, /) -> AbstractContextManager[Advance]:
        """Use as `with progress("Tag", 20) as advance: ... advance(0.0)`."""
        ...


@contextlib.contextmanager
def silent(_step: str, _total: int) -> Iterator[Advance]:
    """No bar at all."""
    yield lambda _seconds: None


@contextlib.contextmanager
def bar(step: str, total: int) -> Iterator[Advance]:
    """A bar on stderr that stays when the step is done; a step without work shows nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    if not total:
        yield lambda _seconds: None
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(step, total=total, speed="")
        heard_s = 0.0

        def advance(seconds: float) -> None:
            nonlocal heard_s
            heard_s += seconds
            elapsed_s = shown.tasks[task].elapsed or 0.0
            speed = f"{heard_s / elapsed_s:.1f} audio s/s" if heard_s and elapsed_s else ""
            shown.update(task, advance=1, speed=speed)

        yield advance


@contextlib.contextmanager
def bytes_bar(name: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on stderr for files that are fetched: (file, bytes done, bytes in all)."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def report(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = shown.add_task(f"{name}: {file}", total=total)
            shown.update(tasks[file], completed=done, total=total)

        yield report
