"""Intents: what must happen somewhere else, as small frozen dataclasses of ids.

    @intent(title=_("Accept order"), repeat_safe=False, priority=URGENT)
    class AcceptOrder(Intent):
        order_id: int

An app writes them in its `intents.py`; who carries them out is registered elsewhere (see
outbox.registry), so the app that wants something knows nobody who can do it.

An *act* is done once: the same intent asked for again is the same row, also after it is done. A
*state* carries only an id; its handler reads the value when it runs, so that fifty changes become
one call, and it may be repeated without harm.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from outbox.choices import Family, Priority

URGENT, NORMAL, LOW = Priority.URGENT, Priority.NORMAL, Priority.LOW

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text
else:
    Text = str | Promise

LONGEST_KEY = 200
SCALARS = (int, str, bool, type(None))


@dataclass(frozen=True, slots=True)
class IntentSpec:
    """What is true of every intent of one kind."""

    kind: str  # "<app>.<class>"
    title: Text
    repeat_safe: bool  # doing it twice does no harm
    priority: Priority
    batch: int  # how many one call of the handler may carry
    family: Family


class Intent:
    """Base of all intents. Fields are ids and plain values; everything else is read when it runs.

    An act that may be wanted again with the same values, once the first is through, sets
    `once = False`. One whose identity is less than all its values defines `once_key()`; asking for
    the same key with other values is then refused loudly.
    """

    __slots__ = ()

    spec: ClassVar[IntentSpec]
    once: ClassVar[bool] = True

    def payload(self) -> dict[str, Any]:
        """The intent as JSON keeps it."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    def once_key(self) -> str:
        """What makes two of the same kind the same act."""
        return canonical(self.payload())


I = TypeVar("I", bound=Intent)  # noqa: E741 - an intent

_kinds: dict[str, type[Intent]] = {}


@dataclass_transform(frozen_default=True)
def intent(
    *,
    title: Text,
    repeat_safe: bool,
    priority: Priority = Priority.NORMAL,
    batch: int = 1,
    family: Family | str = Family.ACT,
) -> Callable[[type[I]], type[I]]:
    """Make a class an intent: a frozen dataclass that is known by its kind, "<app>.<class>"."""

    def register(cls: type[I]) -> type[I]:
        made = cls if dataclasses.is_dataclass(cls) else dataclass(frozen=True, slots=True)(cls)
        kind = f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
        made.spec = IntentSpec(kind, title, repeat_safe, priority, batch, Family(family))
        _refuse_nonsense(made)
        _kinds[kind] = made
        return made

    return register


def _refuse_nonsense(cls: type[Intent]) -> None:
    spec = cls.spec
    known = _kinds.get(spec.kind)
    if known is not None and known.__module__ != cls.__module__:
        raise ImproperlyConfigured(f"There are two intents called {spec.kind}.")
    if not issubclass(cls, Intent) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise ImproperlyConfigured(f"{spec.kind} must be a frozen dataclass and an Intent.")
    if spec.family == Family.STATE and not spec.repeat_safe:
        raise ImproperlyConfigured(f"{spec.kind} is a state, so it must be safe to repeat.")
    if spec.batch > 1 and not spec.repeat_safe:
        raise ImproperlyConfigured(f"{spec.kind}: only what is safe to repeat goes in batches.")
    if not 1 <= spec.batch <= 1000:
        raise ImproperlyConfigured(f"{spec.kind}: a batch is 1 to 1,000.")


def kinds() -> dict[str, type[Intent]]:
    """Every intent that any app knows, by kind."""
    return dict(_kinds)


def find(kind: str) -> type[Intent] | None:
    return _kinds.get(kind)


def title_of(kind: str) -> str:
    """What people call it, also when its code is gone."""
    found = _kinds.get(kind)
    return str(found.spec.title) if found else kind


def load(kind: str, payload: Mapping[str, Any]) -> Intent | None:
    """The intent a row was written from; None where today's code cannot read it any more."""
    cls = _kinds.get(kind)
    if cls is None:
        return None
    try:
        return cls(**payload)
    except TypeError:
        return None


def checked_payload(one: Intent) -> dict[str, Any]:
    """The payload, refused where it holds more than ids and plain values."""
    payload = one.payload()
    for name, value in payload.items():
        if not isinstance(value, SCALARS):
            raise TypeError(f"{one.spec.kind}.{name} is {type(value).__name__}: use ids and text.")
    return payload


def key_of(one: Intent, executor: str, account_id: int) -> tuple[str | None, str | None]:
    """Its (once key, coalesce key); None where that kind of sameness does not apply."""
    spec = one.spec
    if spec.family == Family.STATE:
        return None, _short(f"{spec.kind}|{executor}|{account_id}|{canonical(one.payload())}")
    if not one.once:
        return None, None
    return _short(f"{spec.kind}|{executor}|{one.once_key()}"), None


def canonical(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _short(key: str) -> str:
    """Keys stay readable while they fit."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:100]}…{blake2b(key.encode(), digest_size=24).hexdigest()}"
