"""Reads a list that eMAG gives out page by page, several pages at once.

eMAG states no total with a page, moves rows between pages while we read, and now and then answers
with an error instead of a page. So:

- the first page is asked for alone; only when it is full is the total asked for, and then as many
  calls are kept in flight as the rate limit allows for the time a reply takes;
- past the counted pages it goes on one by one until a page is empty: a short page proves nothing,
  and neither does an empty one that others follow;
- where the total cannot be had, it goes on one by one from the start;
- a page that did not come is asked for again, later and later, and never passed over;
- what comes in is handled in the thread that called, while other pages are on their way;
- when the time of a job's chunk is up, `Place` says where to go on.
"""

from __future__ import annotations

import logging
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from core import failpoints
from core.errors import (
    ContractDrift,
    RemoteAuthFailed,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.jobs import Run
from core.ratelimit import RateLimited

log = logging.getLogger("magflow.emag")

PER_PAGE = 100  # the most that eMAG gives at once
LAST_PAGE = 65_535
MOST_AT_ONCE = 24
MOST_TRIES = 5
MOST_LOOKS = 2  # at a page that comes empty although others follow
JITTER = 0.1  # seconds that a call waits so as not to be in step with the clock
FIRST_WAIT = 2.0  # seconds before a page is asked for again; doubles each time
LONGEST_WAIT = 60.0
COUNT = 0  # stands for the question how many there are, among the numbers of pages

# No page came, and nothing that we read was changed by asking: ask again.
PASSING = RemoteUnavailable | RemoteOutcomeUnknown | ContractDrift


class Page(Protocol):
    """What the client returns for a page."""

    items: list[dict[str, Any]]
    call_id: str
    read_at: Any


class Counted(Protocol):
    """What the client returns for a count."""

    items: int
    pages: int


@dataclass(frozen=True)
class Source:
    """A list at eMAG: how a page of it is asked for, how its length, and how fast one may ask."""

    page: Callable[[int], Any]
    count: Callable[[], Any]
    per_second: float


@dataclass
class Place:
    """How far a list has been read. Plain values: it travels in the arguments of a job's run."""

    next: int = 1  # the first page that nobody has asked for
    again: dict[str, list[float]] = field(default_factory=dict)  # page: [tries, not before]
    pages: int | None = None  # as counted; None while the first page may be the only one
    items: int | None = None
    end: int | None = None  # the first page that was empty
    seen: int = 0  # different rows so far

    @classmethod
    def load(cls, values: dict[str, Any] | None) -> Place:
        return cls(**values) if values else cls()

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_over(self) -> bool:
        """Every page is in."""
        return not self.again and self.end is not None and self.next > self.end


def read_pages(source: Source, place: Place, run: Run, handle: Callable[[Any], None]) -> bool:
    """Have `handle` get every page from `place` on. False: the time is up, `place` says the rest.

    Raises what eMAG says when it does not let us in or refuses the question, and the last error of
    a page that did not come in MOST_TRIES tries. `place` never counts a page that was not handled.
    """
    with crew(source) as hands:
        reading = Reading(source, place, run, handle, hands)
        return reading.go()


class Reading:
    """One stretch of reading, in the thread that called."""

    def __init__(
        self,
        source: Source,
        place: Place,
        run: Run,
        handle: Callable[[Any], None],
        hands: Crew[Any],
    ) -> None:
        self.source, self.place, self.run = source, place, run
        self.handle, self.hands = handle, hands
        self.asked: set[int] = set()  # on their way
        self.cycle = 0.3  # seconds that one page takes, from leaving to being stored

    def go(self) -> bool:
        try:
            while not self.place.is_over or self.asked:
                is_late = self.run.is_time_up
                if not is_late:
                    self._ask()
                elif not self.asked:
                    return self.place.is_over
                self._take(self.hands.next(self._patience(is_late)))
        finally:
            self._put_back()
        return True

    def _ask(self) -> None:
        """Send out as many questions as fit."""
        width = self._width()
        while len(self.asked) < width and (number := self._choose()) is not None:
            self.asked.add(number)
            self.hands.do(number)

    def _width(self) -> int:
        place = self.place
        if place.pages is None or place.next > place.pages:
            return 1  # nobody knows whether there is another page
        return min(MOST_AT_ONCE, math.ceil(self.source.per_second * (self.cycle + JITTER)) + 1)

    def _choose(self) -> int | None:
        """The page to ask for next; one that failed before comes first once its time has come."""
        place, now = self.place, time.time()
        for text, (_tries, due) in place.again.items():
            if due <= now and int(text) not in self.asked:
                return int(text)
        if COUNT in self.asked or str(COUNT) in place.again:
            return None
        is_past_the_count = place.pages is None or place.next > place.pages
        # Past what was counted, a page is asked for only when all before it are in.
        if place.end is not None or (is_past_the_count and (self.asked or place.again)):
            return None
        if place.next > LAST_PAGE:
            place.end = place.next
            return None
        place.next += 1
        return place.next - 1

    def _patience(self, is_late: bool) -> float:
        """How long to wait for a reply before looking whether something else is due."""
        if self.asked and (is_late or not self.place.again):
            return 120.0
        due = min((when for _tries, when in self.place.again.values()), default=0.0)
        return min(max(0.02, due - time.time()), 1.0)

    def _take(self, answer: tuple[int, Any, BaseException | None] | None) -> None:
        if answer is None:
            return
        number, result, problem = answer
        if not isinstance(problem, RateLimited) or problem.call_id:
            self.run.count("calls")  # our own gate lets nothing out
        if problem is not None:
            self._failed(number, problem)
        elif number == COUNT:
            self.place.pages, self.place.items = result.pages, result.items
            self._arrived(number)
        else:
            self._page(number, result)

    def _page(self, number: int, page: Any) -> None:
        place = self.place
        if page.items:
            self.handle(page)
        elif place.pages is not None and number < place.pages:
            if self._tries(number) < MOST_LOOKS:
                self._later(number, FIRST_WAIT, _("It is empty, and others come after it."))
                return
        elif place.end is None or number < place.end:
            place.end = number
        self._arrived(number)
        took = (timezone.now() - page.read_at).total_seconds()
        self.cycle += 0.2 * (min(max(took, 0.0), 60.0) - self.cycle)
        if number == 1 and place.pages is None and len(page.items) >= PER_PAGE:
            place.again[str(COUNT)] = [0, 0.0]

    def _arrived(self, number: int) -> None:
        self.asked.discard(number)
        self.place.again.pop(str(number), None)

    def _failed(self, number: int, problem: BaseException) -> None:
        if isinstance(problem, RateLimited):
            self.run.count("limit_hits")
        tries = self._tries(number)
        may_pass = isinstance(problem, PASSING) and tries < MOST_TRIES
        if number == COUNT and not may_pass and isinstance(problem, PASSING | RemoteRejected):
            self.run.log(_("How many there are cannot be had: %(problem)s") % {"problem": problem})
            self._arrived(COUNT)
            return
        if not may_pass:
            raise problem
        wait = min(FIRST_WAIT * 2**tries, LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311
        asked_to_wait = getattr(problem, "retry_after", None)
        if asked_to_wait:
            wait = max(min(float(asked_to_wait), LONGEST_WAIT), 0.05)
        self._later(number, wait, problem)

    def _tries(self, number: int) -> int:
        """How often a page was asked for in vain."""
        return int(self.place.again.get(str(number), [0])[0])

    def _later(self, number: int, wait: float, problem: object) -> None:
        self.place.again[str(number)] = [self._tries(number) + 1, time.time() + wait]
        self.asked.discard(number)
        self.run.count("repeated")
        words = _("Page %(number)s: %(problem)s Asked again in %(seconds)s s.")
        self.run.log(words % {"number": number, "problem": problem, "seconds": f"{wait:.0f}"})

    def _put_back(self) -> None:
        """What was asked for and not handled must be asked for again."""
        for number in self.asked:
            self.place.again.setdefault(str(number), [0, 0.0])


# --- Threads ----------------------------------------------------------------------------------

R = TypeVar("R")


class Crew(Generic[R]):
    """Threads that ask, started when needed; each gives its database connection back at the end."""

    def __init__(self, do: Callable[[int], R]) -> None:
        self._do = do
        self._language = get_language()  # of the run: what threads say is kept for people to read
        self._tasks: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int, R | None, BaseException | None]] = (
            queue.SimpleQueue()
        )
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._is_over = threading.Event()  # nobody asks for anything more

    def do(self, number: int, *, most: int = MOST_AT_ONCE) -> None:
        """Have somebody ask for this; at most so many at the same time."""
        self._busy += 1
        if len(self._threads) < min(self._busy, most):
            thread = threading.Thread(target=self._work, name="emag-read", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._tasks.put(number)

    def next(self, patience: float) -> tuple[int, R | None, BaseException | None] | None:
        """The next answer, in the order in which they come; None when none came in time."""
        try:
            answer = self._answers.get(timeout=patience)
        except queue.Empty:
            return None
        self._busy -= 1
        return answer

    def dismiss(self) -> None:
        """Let everybody finish the question they are at and go; what still waits is dropped."""
        self._is_over.set()
        for _thread in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            with override(self._language):
                while (number := self._tasks.get()) is not None:
                    if not self._is_over.is_set():
                        self._answers.put(self._answer(number))
        finally:
            connection.close()

    def _answer(self, number: int) -> tuple[int, R | None, BaseException | None]:
        try:
            failpoints.hit("pull.asking")
            return number, self._do(number), None
        except Exception as problem:  # told to the thread that waits for this answer
            if isinstance(problem, RemoteAuthFailed):
                self._is_over.set()  # at once: repeating a wrong password makes it worse
            return number, None, problem


@contextmanager
def crew(source: Source) -> Iterator[Crew[Any]]:
    hands: Crew[Any] = Crew(lambda number: source.page(number) if number else source.count())
    try:
        yield hands
    finally:
        hands.dismiss()
