"""Seeded chance: one seed, a stream of its own for each process that draws.

A request that draws from "faults" leaves "arrivals" where it was, so the same seed gives the
same orders whatever the client does.
"""

from __future__ import annotations

import hashlib
import random


class Streams:
    """Named streams of one seed. `generation` counts restarts, so that a restarted simulator
    does not tell the same story twice."""

    def __init__(self, seed: int, generation: int = 0) -> None:
        self.seed = seed
        self.generation = generation
        self._streams: dict[str, random.Random] = {}

    def stream(self, name: str) -> random.Random:
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = seeded(self.seed, self.generation, name)
        return found


def seeded(*parts: object) -> random.Random:
    """A generator that depends on `parts` alone, the same on every machine."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - a simulation wants to repeat itself
