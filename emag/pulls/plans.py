"""What one run of a reading has to do, and how far it is: a few lists, one after the other.

A run of a job lasts seconds and a reading may last many minutes, so a plan is plain values that
travel in the arguments of the run from chunk to chunk.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from emag.pulls.paging import Place

MOST_PASSES = 4


@dataclass
class Stage:
    """One list that is read from its first page to its last."""

    filters: dict[str, Any]  # of the client's method; moments as ISO texts
    cursor: str = ""  # what is moved when all of it is in
    checks: bool = True  # fewer rows than counted: read it again
    place: dict[str, Any] = field(default_factory=dict)
    began: str = ""  # when the first page was asked for
    newest: str = ""  # the latest change that a row spoke of
    passes: int = 1
    brought: int = 0  # new and changed rows of this pass
    last: list[list[str]] = field(default_factory=list)  # keys of its last rows, kind and number

    def moment(self, name: str) -> datetime | None:
        text = getattr(self, name)
        return datetime.fromisoformat(text) if text else None

    def saw(self, moment: datetime | None) -> None:
        before = self.moment("newest")
        if moment is not None and (before is None or moment > before):
            self.newest = moment.isoformat()

    def arguments(self) -> dict[str, Any]:
        """The filters as the client takes them."""
        return {
            name: datetime.fromisoformat(value)
            if name.endswith(("_after", "_before")) and isinstance(value, str)
            else value
            for name, value in self.filters.items()
        }

    @property
    def is_short(self) -> bool:
        """Whether fewer rows came than were counted."""
        place = Place.load(self.place)
        return self.checks and place.items is not None and place.seen < place.items

    def read_again(self) -> bool:
        """After a whole pass: rows may have slipped between pages. True: one more pass is begun.

        Repeated while passes are short of the count and still bring something.
        """
        gives_up = self.passes >= MOST_PASSES or (self.passes > 1 and not self.brought)
        if not self.is_short or gives_up:
            return False
        self.passes += 1
        self.brought, self.place, self.last = 0, {}, []
        return True


@dataclass
class Plan:
    """The lists of a run, and how many rows were read and expected before the present one."""

    stages: list[Stage]
    done: int = 0
    total: int = 0

    @classmethod
    def load(cls, values: dict[str, Any]) -> Plan:
        stages = [Stage(**stage) for stage in values["stages"]]
        return cls(stages, values["done"], values["total"])

    def dump(self) -> dict[str, Any]:
        return asdict(self)
