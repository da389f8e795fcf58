"""Who carries out which intent: handlers, registered by adapters from their AppConfig.ready().

    @handles("courier", CreateLabel, reconcile=find_label)
    def create_label(intent: CreateLabel, account: MarketplaceAccount) -> Done: ...

A handler runs outside any transaction. What it learned is written by `Done.apply`, which commits
together with the status "done". An executor that cannot do something says so with unsupported();
a system check refuses to start while an intent has neither.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeVar

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from accounts import platforms
from accounts.models import MarketplaceAccount
from outbox import intents
from outbox.intents import Intent

PER_SECOND = 3.0  # calls of an executor that said nothing about its limits


@dataclass(frozen=True, slots=True)
class Done:
    """It happened. `apply` writes down what we learned, in the transaction that says "done"."""

    apply: Callable[[], object] | None = None
    note: str = ""
    calls: tuple[str, ...] = ()  # ids in the call log


@dataclass(frozen=True, slots=True)
class Refused:
    """One entry of a batch that the other side refused, in its own words.

    An entry of a batch may also be an error out of core.errors: it means for this entry what it
    would mean for all of them if it was raised.
    """

    messages: list[str] = field(default_factory=list)
    calls: tuple[str, ...] = ()


class Verdict(enum.Enum):
    """What looking it up at the other side found."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


Carry = Callable[[Any, MarketplaceAccount], Any]  # (intent or intents, account) -> Done or a list
Reconcile = Callable[[Any, MarketplaceAccount], "Verdict | Done"]
Confirmed = Callable[[Any, MarketplaceAccount], object]
C = TypeVar("C", bound=Carry)


@dataclass(frozen=True, slots=True)
class Handler:
    """How one executor carries out one kind of intent."""

    executor: str
    kind: str
    carry: Carry
    reconcile: Reconcile | None = None
    confirmed: Confirmed | None = None


_handlers: dict[tuple[str, str], Handler] = {}
_unsupported: set[tuple[str, str]] = set()
_pace: dict[str, float] = {}


def handles(
    executor: str | Sequence[str],
    intent: type[Intent],
    *,
    reconcile: Reconcile | None = None,
    confirmed: Confirmed | None = None,
) -> Callable[[C], C]:
    """Register a function as the way an executor, or several, carry out an intent.

    `reconcile(intent, account)` looks at the other side whether something with an unknown outcome
    happened; it may answer with a Done that carries what it found. `confirmed(intent, account)`
    writes that down where a person says "it did happen".
    """
    names = (executor,) if isinstance(executor, str) else tuple(executor)

    def register(function: C) -> C:
        for name in names:
            key = (name, intent.spec.kind)
            known = _handlers.get(key)
            if known is not None and known.carry.__module__ != function.__module__:
                raise ImproperlyConfigured(f"{name} has two handlers for {intent.spec.kind}.")
            if key in _unsupported:
                raise ImproperlyConfigured(f"{name} calls {intent.spec.kind} unsupported.")
            _handlers[key] = Handler(name, intent.spec.kind, function, reconcile, confirmed)
        return function

    return register


def unsupported(executor: str, *intents_: type[Intent]) -> None:
    """This executor cannot do these; their buttons disappear."""
    for one in intents_:
        if (executor, one.spec.kind) in _handlers:
            raise ImproperlyConfigured(f"{executor} has a handler for {one.spec.kind}.")
        _unsupported.add((executor, one.spec.kind))


def set_pace(executor: str, *, per_second: float) -> None:
    """How many calls a second the other side allows: what a lane keeps in flight follows it."""
    _pace[executor] = per_second


def pace(executor: str) -> float:
    return _pace.get(executor, PER_SECOND)


def handler(executor: str, kind: str) -> Handler | None:
    return _handlers.get((executor, kind))


def supports(executor: str, intent: type[Intent]) -> bool:
    """Whether it can be asked for this kind of thing."""
    return (executor, intent.spec.kind) in _handlers


def executors() -> list[str]:
    """Everybody who carries out anything here."""
    known = {name for name, _kind in (*_handlers, *_unsupported)}
    return sorted(known | {slug for slug, _label in platforms.choices()})


@contextmanager
def sandbox() -> Iterator[None]:
    """Whatever is registered inside is forgotten afterwards; for tests and simulations."""
    handlers, cannot, paces = dict(_handlers), set(_unsupported), dict(_pace)
    try:
        yield
    finally:
        _handlers.clear()
        _handlers.update(handlers)
        _unsupported.clear()
        _unsupported.update(cannot)
        _pace.clear()
        _pace.update(paces)


def unanswered() -> list[tuple[str, str]]:
    """(executor, kind) where neither a handler nor an "unsupported" says what to do."""
    known = _handlers.keys() | _unsupported
    ours = [kind for kind in intents.kinds() if apps.is_installed(kind.partition(".")[0])]
    return [pair for pair in product(executors(), sorted(ours)) if pair not in known]


def check_complete(**kwargs: Any) -> list[CheckMessage]:
    """Every executor answers for every intent: with a handler, or with "unsupported"."""
    return [
        Error(
            f"{executor} has no handler for {kind}.",
            hint=f'Write one with @handles("{executor}", …) or declare unsupported().',
            id="outbox.E001",
        )
        for executor, kind in unanswered()
    ]
