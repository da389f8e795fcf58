"""A marketplace that exists only in tests: its intents, its handlers, and what happened there.

    with Bazaar().open() as bazaar: ...

`bazaar.next(Buy, …)` says how the next calls of a kind go: an exception is raised without any
effect, `lost(…)` does the work and loses the reply. Without a script everything goes well.
"""

import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import contextmanager

from core.errors import (
    RemoteAuthFailed,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from outbox import registry
from outbox.intents import LOW, NORMAL, URGENT, Intent, intent
from outbox.registry import Done, Refused, Verdict, handles

EXECUTOR = "bazaar"


@intent(title="Buy a label", repeat_safe=False, priority=URGENT)
class Buy(Intent):
    """An act that must happen once: it costs money."""

    thing_id: int


@intent(title="Tell them", repeat_safe=True, priority=NORMAL)
class Tell(Intent):
    """An act that may be repeated, and wanted again."""

    once = False
    thing_id: int


@intent(title="Rename", repeat_safe=False)
class Rename(Intent):
    """An act whose identity is less than its values."""

    thing_id: int
    name: str

    def once_key(self):
        return str(self.thing_id)


@intent(title="Publish", repeat_safe=True, priority=LOW, family="state")
class Publish(Intent):
    """A state: one call for each."""

    thing_id: int


@intent(title="Publish many", repeat_safe=True, priority=LOW, batch=5, family="state")
class PublishMany(Intent):
    """A state: up to five in one call."""

    thing_id: int


def away(**more):
    return RemoteUnavailable("The bazaar cannot be reached.", remote="bazaar", **more)


def refused(*messages):
    return RemoteRejected("The bazaar refused.", remote="bazaar", messages=messages)


def no_entry():
    return RemoteAuthFailed("The bazaar does not know this password.", remote="bazaar")


class lost(RemoteOutcomeUnknown):
    """It was done there, and the answer did not arrive."""

    def __init__(self):
        super().__init__("The bazaar did not answer.", remote="bazaar")


class gone(RemoteOutcomeUnknown):
    """The request was lost on its way, and nobody can tell."""

    def __init__(self):
        super().__init__("The bazaar did not answer.", remote="bazaar")


class Bazaar:
    def __init__(self):
        self.wanted = {}  # what we want it to show
        self.shown = {}  # what it shows
        self.effects = Counter()  # (kind, thing) → how often it was done there
        self.calls = []  # the things of each call, in order
        self.recorded = []  # what our own side was told, with the commit
        self.sees = True  # whether looking something up tells anything
        self.reply_seconds = 0.0
        self.at_once = 0  # calls in flight; and the most there were, in all and on one thing
        self.most_at_once = 0
        self.overlaps = []
        self._script = defaultdict(deque)
        self._busy = set()
        self._lock = threading.Lock()

    @contextmanager
    def open(self):
        with registry.sandbox():
            self.teach(Buy, self.act, reconcile=self.was_done, confirmed=self.confirm)
            self.teach(Tell, self.act)
            self.teach(Rename, self.act)
            self.teach(Publish, self.publish)
            self.teach(PublishMany, self.publish_many)
            yield self

    def next(self, cls, *steps):
        """How the next calls of this kind go: None is well."""
        self._script[cls.spec.kind].extend(steps)

    def teach(self, cls, carry, **more):
        """Another handler in place of ours."""
        registry._handlers.pop((EXECUTOR, cls.spec.kind), None)
        handles(EXECUTOR, cls, **more)(carry)

    # --- Handlers ---

    def act(self, intent, account):
        key = (intent.spec.kind, intent.thing_id)
        with self._calling([intent.thing_id]):
            self._play(intent, lambda: self.effects.update([key]))
        return Done(apply=lambda: self.recorded.append(key), note="bought", calls=("c1",))

    def publish(self, intent, account):
        value = self.wanted.get(intent.thing_id)  # read now, not when it was asked for
        with self._calling([intent.thing_id]):
            self._play(intent, lambda: self._show({intent.thing_id: value}))
        return Done(apply=lambda: self.recorded.append((intent.thing_id, value)))

    def publish_many(self, intents, account):
        values = {one.thing_id: self.wanted.get(one.thing_id) for one in intents}
        bad = {thing for thing, value in values.items() if value == "bad"}
        good = {thing: value for thing, value in values.items() if thing not in bad}
        with self._calling(list(values)):
            self._play(intents[0], lambda: self._show(good))
        return [
            Refused(["This price is bad."]) if one.thing_id in bad else Done() for one in intents
        ]

    def was_done(self, intent, account):
        if not self.sees:
            return Verdict.UNKNOWN
        key = (intent.spec.kind, intent.thing_id)
        return Verdict.DONE if self.effects[key] else Verdict.NOT_DONE

    def confirm(self, intent, account):
        self.recorded.append(("confirmed", intent.thing_id))

    # --- What they have in common ---

    def _show(self, values):
        self.shown |= values
        self.effects.update(("shown", thing) for thing in values)

    def _play(self, intent, effect):
        script = self._script[intent.spec.kind]
        step = script.popleft() if script else None
        if self.reply_seconds:
            time.sleep(self.reply_seconds)
        if step is None or isinstance(step, lost):
            effect()
        if callable(step):
            step()
        elif step is not None:
            raise step

    @contextmanager
    def _calling(self, things):
        with self._lock:
            self.calls.append(things)
            self.overlaps += [thing for thing in things if thing in self._busy]
            self._busy |= set(things)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= set(things)
                self.at_once -= 1
