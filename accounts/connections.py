"""How the connection of each account is, as its marketplace's adapter knows.

An adapter registers once, for each platform, what it knows of many accounts at a time:

    connections.register("my-marketplace", lambda: {account_id: WORKING, …})

An account of which it says nothing is not connected yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class State:
    """A word with its colour and icon, and what more there is to say on hover."""

    word: str | Promise
    tone: str
    icon: str
    title: str = ""


PAUSED = State(_("Paused"), "amber", "player-pause")
WORKING = State(_("Working"), "green", "check")
NOT_CONNECTED = State(_("Not connected"), "amber", "plug-connected-x")

_known_by: dict[str, Callable[[], Mapping[int, State]]] = {}


def register(platform: str, states: Callable[[], Mapping[int, State]]) -> None:
    if _known_by.setdefault(platform, states) is not states:
        raise ValueError(f"The connections of {platform!r} are registered twice")


class Connections:
    """The states of all accounts; each adapter is asked once, when its first account comes."""

    def __init__(self) -> None:
        self._told: dict[Callable[[], Mapping[int, State]], Mapping[int, State]] = {}

    def of(self, account_id: int, platform: str) -> State:
        ask = _known_by.get(platform)
        if ask is None:
            return NOT_CONNECTED
        if ask not in self._told:
            self._told[ask] = ask()
        return self._told[ask].get(account_id, NOT_CONNECTED)
