"""Locks that belong to a process, not to a row: PostgreSQL's session advisory locks.

Such a lock frees itself when the connection of its holder ends, however it ends. So "is the lock
held" answers "is the worker alive" at once and surely, where a clock could only guess.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.db import connection

# PostgreSQL shows a 64-bit lock as its two halves.
_HELD = """
    SELECT (classid::bigint << 32) | objid::bigint
      FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND objsubid = 1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TAKE = f"""
    SELECT CASE WHEN %s IN ({_HELD} AND pid = pg_backend_pid()) THEN false
                ELSE pg_try_advisory_lock(%s) END
"""


def lock_id(*parts: str) -> int:
    """The 64-bit number that PostgreSQL knows a lock by."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


@contextmanager
def session_lock(*parts: str) -> Iterator[bool]:
    """Try to take a lock for the length of the block; yields whether it is ours.

    It does not wait. It lies on Django's connection: a block that closes the connection gives the
    lock away. Taking one that this very connection already holds counts as busy.
    """
    number = lock_id(*parts)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [number, number])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            _release(number)


def _release(number: int) -> None:
    if connection.connection is None or connection.connection.closed:
        return  # the lock went with the connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def held(numbers: Iterable[int]) -> set[int]:
    """Those of these locks that somebody holds right now."""
    wanted = set(numbers)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return wanted & {number for (number,) in cursor.fetchall()}


def hold_in_transaction(*parts: str) -> None:
    """Wait for a lock and keep it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_id(*parts)])
