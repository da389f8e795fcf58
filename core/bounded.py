"""Questions that may cost too much: they get so much time and no more.

    with bounded.work(milliseconds=2000):
        list(queryset)

What does not come to an end in time raises TooMuch, which says what to do instead. A selection that
was too much is not tried again for a while.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import TypeVar

from django.core.cache import caches
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from core.errors import MagFlowError

T = TypeVar("T")
AT_ONCE = 2  # of a process; the others wait, since pages need the processor too
PATIENCE = 4  # seconds
REMEMBERED = 300  # seconds
_places = threading.BoundedSemaphore(AT_ONCE)


class TooMuch(MagFlowError):
    """It would take too long now."""

    code = "too_much"


@contextmanager
def work(*, milliseconds: int) -> Iterator[None]:
    """At most so long for each statement inside, and few such blocks at once."""
    if not _places.acquire(timeout=PATIENCE):
        raise TooMuch(_("Others are adding up too. Try again in a moment."))
    try:
        with transaction.atomic():
            _limit(str(milliseconds))
            yield
            _limit("DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMuch(_("That is too much to add up now: choose a period.")) from error
        raise
    finally:
        _places.release()


def _limit(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout TO {value}")


def once(question: str, ask: Callable[[], T]) -> T:
    """`ask()`, unless the same question was too much a moment ago."""
    key = f"too-much:{blake2b(question.encode(), digest_size=16).hexdigest()}"
    if said := caches["local"].get(key):
        raise TooMuch(said)
    try:
        return ask()
    except TooMuch as error:
        caches["local"].set(key, str(error), REMEMBERED)
        raise
