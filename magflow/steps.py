"""One line per step with its time, as people see it while MagFlow starts. Standard library only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Note = Callable[[str], None]


@contextmanager
def step(title: str, stream: TextIO | None = None, *, alone: bool = True) -> Iterator[Note]:
    """Print "title   note   0.3 s" when the block ends.

    On a terminal the title shows at once, unless other lines may come before the end of the step.
    """
    out = stream or sys.stdout
    notes: list[str] = []
    began = time.monotonic()
    shows = alone and out.isatty()
    if shows:
        out.write(f"  {title}")
        out.flush()
    try:
        yield notes.append
    except BaseException:
        if shows:
            out.write("\n")
        raise
    seconds = time.monotonic() - began
    start = "\r" if shows else ""
    out.write(f"{start}  {title:<22}{', '.join(notes):<40}{seconds:6.1f} s\n")
    out.flush()
