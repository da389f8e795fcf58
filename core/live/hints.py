"""What a live hint is, and how it is written down."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

MAX_IDS = 100  # more rows than this are "many": pages re-read anyway, the ids only light rows up
MANY = "many"
TOPIC_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,39}(:[A-Za-z0-9_-]{1,39})?")


@dataclass(frozen=True)
class Hint:
    """These rows of this topic changed; without ids: many, or nobody knows which.

    `at` says when the hub heard it: what is read because of it may show what was read since then
    for somebody else (core.shared).
    """

    topic: str
    ids: frozenset[int] | None
    at: str = ""

    @classmethod
    def about(cls, topic: str, pks: Iterable[int]) -> "Hint":
        ids = frozenset(pks)
        return cls(topic, ids if 0 < len(ids) <= MAX_IDS else None)

    @classmethod
    def parse(cls, text: str) -> "Hint":
        content = json.loads(text)
        ids = content["ids"]
        return cls(content["topic"], None if ids == MANY else frozenset(ids))

    def merged(self, later: "Hint") -> "Hint":
        """Both in one."""
        if self.ids is None or later.ids is None:
            return replace(later, ids=None)
        return replace(Hint.about(self.topic, self.ids | later.ids), at=later.at)

    def concerns(self, pk: object) -> bool:
        return self.ids is None or pk in self.ids

    @cached_property
    def text(self) -> str:
        """What travels, and what the hub tells the browsers: written once, whoever listens."""
        ids = MANY if self.ids is None else sorted(self.ids)
        heard = {"at": self.at} if self.at else {}
        return json.dumps({"topic": self.topic, "ids": ids, **heard}, separators=(",", ":"))


# Instead of a topic: hints may have been lost on the way, so every page re-reads itself.
RESYNC = Hint("resync", None)


def is_topic(name: str) -> bool:
    return name != RESYNC.topic and TOPIC_NAME.fullmatch(name) is not None
