"""The lines of several processes on one screen, each with the name of its process in front."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import IO, TextIO

COLOURS = {"web": "36", "worker": "35", "database": "34", "up": "33", "emag-sim": "32"}
WIDTH = 8


class Output:
    """Writes whole lines, one process at a time. A closed terminal never stops a process."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lock = threading.Lock()
        self.is_colourful = stream.isatty() and "NO_COLOR" not in os.environ

    def copy(self, name: str, pipe: IO[bytes]) -> None:
        """Pass on the lines of a process until it closes its end."""
        with pipe:
            for line in pipe:
                self.say(name, line.decode(errors="replace").rstrip())

    def say(self, name: str, words: str) -> None:
        front = f"{name:<{WIDTH}}|"
        if self.is_colourful:
            front = f"\033[{COLOURS.get(name, '37')}m{front}\033[0m"
        self.write(f"{front} {words}\n")

    def write(self, text: str) -> None:
        with self.lock, suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()
