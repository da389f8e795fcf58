"""When to try again. Pure: no database, no clock of its own."""

import random
from collections.abc import Sequence

# Seconds: what is over soon, then what takes a while.
WAITS = (2, 4, 8, 16, 32, 64, 300, 900, 3600)
# Where a person waits: three attempts within seconds, then it stands in the error queue, where they
# may decide; if they do not, it goes on by itself. A marketplace that is down for a minute must not
# leave a hundred failures behind.
AWAITED_WAITS = (2, 4, 60, 300, 900, 3600)
LOOKS = (2, 4, 8, 16, 32, 64, 300, 900, 3600)  # looking up what nobody knows does no harm
JITTER = 0.2  # of a wait, so that what failed together does not come back together
LONGEST_WAIT = 3600.0  # whatever the other side says
LONGEST_REST = 60.0  # then a lane that was told to wait has another look at its budget


def next_wait(attempts: int, *, is_awaited: bool = False, retry_after: float | None = None,
              waits: Sequence[float] | None = None) -> float | None:  # fmt: skip
    """Seconds until the next try after so many attempts; None when they are used up.

    What the other side asks for counts more than our own schedule, but not less than a second.

    >>> [round(next_wait(n, retry_after=90)) for n in (1, 9)]
    [90, 90]
    >>> next_wait(7, is_awaited=True) is next_wait(10) is None
    True
    """
    schedule = waits or (AWAITED_WAITS if is_awaited else WAITS)
    if not 1 <= attempts <= len(schedule):
        return None
    if retry_after is not None and retry_after >= 0:
        return min(max(retry_after, 1.0), LONGEST_WAIT)
    wait = float(schedule[attempts - 1])
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret


def rest(retry_after: float | None) -> float:
    """How long a lane rests after its budget was used up."""
    seconds = 1.0 if retry_after is None or retry_after < 0 else retry_after
    return min(max(seconds, 0.2), LONGEST_REST)


def width(per_second: float, reply_seconds: float, *, most: int = 16) -> int:
    """How many calls to keep in flight, so that slow replies do not waste the limit.

    >>> width(3, 0.2), width(3, 2.0), width(12, 9.0)
    (2, 7, 16)
    """
    needed = per_second * max(reply_seconds, 0.0)
    return max(1, min(most, int(needed) + 1 + (needed % 1 > 0)))
