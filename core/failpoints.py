"""Named moments in the code at which a test can make things go wrong, for real.

    failpoints.hit("outbox.sent")

does nothing, at the price of looking at an empty dict. A fault test arms it in this process

    with failpoints.armed("outbox.sent", raises(ConnectionError())): ...

or in another one through its environment:

    MAGFLOW_FAILPOINTS="outbox.sent=kill@3;outbox.replied=sleep:2"

kills the process on the third visit of one moment and holds it up on the first of the other. Each
fires once. The names that exist are in the code: grep for failpoints.hit.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

VARIABLE = "MAGFLOW_FAILPOINTS"

Action = Callable[[], object]

_armed: dict[str, Action] = {}


class Fault(Exception):
    """What an armed point raises where nothing else was asked for."""


def hit(name: str) -> None:
    """The code is at this moment."""
    if _armed and (action := _armed.get(name)) is not None:
        action()


def kill() -> None:
    """As the kernel does when memory is short: no clean-up, no last words."""
    os.kill(os.getpid(), signal.SIGKILL)


def raises(error: BaseException) -> Action:
    def action() -> None:
        raise error

    return action


def sleeps(seconds: float) -> Action:
    return lambda: time.sleep(seconds)


def once(action: Action, *, at: int = 1) -> Action:
    """Only on the visit with this number."""
    visits = 0

    def counted() -> None:
        nonlocal visits
        visits += 1
        if visits == at:
            action()

    return counted


@contextmanager
def armed(name: str, action: Action, *, at: int = 1) -> Iterator[None]:
    """Do this on a visit of this moment, in all threads of this process."""
    before = _armed.get(name)
    _armed[name] = once(action, at=at)
    try:
        yield
    finally:
        del _armed[name]
        if before is not None:
            _armed[name] = before


def arm_from(text: str) -> None:
    """Arm what MAGFLOW_FAILPOINTS says."""
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, what = part.partition("=")
        what, _, number = what.partition("@")
        _armed[name] = once(_action(name, what), at=int(number or 1))


def _action(name: str, what: str) -> Action:
    word, _, argument = what.partition(":")
    match word:
        case "kill":
            return kill
        case "raise":
            return raises(Fault(name))
        case "sleep":
            return sleeps(float(argument or 1))
    raise ValueError(f"{VARIABLE}: {name}={what!r} is none of kill, raise, sleep:SECONDS.")


arm_from(os.environ.get(VARIABLE, ""))
