"""What other apps add to a first run: rows of the demo world, and processes that stay beside it.

An app registers both in its AppConfig.ready(). `up` fills the demo world once, and keeps the
wanted companions alive next to web and worker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

Filler = Callable[[Any, Any], None]  # (company, by)


@dataclass(frozen=True, slots=True)
class Companion:
    """A management command that runs as long as MagFlow does, where somebody has use for it."""

    name: str  # one word, in front of its lines in the window
    # Called before the start with the address of the pages: the command and its arguments.
    arguments: Callable[[str], list[str]]
    is_wanted: Callable[[], bool]
    grace: float = 5.0  # seconds between "please stop" and "stop"


_companions: dict[str, Companion] = {}
_fillers: list[Filler] = []


def register(companion: Companion) -> None:
    if companion.name in _companions:
        raise ImproperlyConfigured(f"There is already a companion {companion.name}.")
    _companions[companion.name] = companion


def wanted() -> list[Companion]:
    return [companion for companion in _companions.values() if companion.is_wanted()]


def register_demo(fill: Filler) -> None:
    """`fill(company, by)` adds an app's part to the demo world; called once, in a transaction."""
    _fillers.append(fill)


def fill_demo(company: Any, by: Any) -> None:
    for fill in _fillers:
        fill(company, by)
