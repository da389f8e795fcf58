"""Walks through the outbox, and what must hold after every step and at the end.

A step is (name, number). People in a walk tell the truth: they look at the bazaar before they say
what happened. The checks read the bazaar's own journal and our rows, never what our code claims.
"""

from django.utils import timezone

from core import failpoints
from outbox import dispatch, services
from outbox.choices import CommandStatus
from outbox.models import Attempt, Command
from outbox.services import request, resume_lane
from tests.bazaar import EXECUTOR, Buy, Publish, PublishMany, away, gone, lost, no_entry, refused

THINGS = 3
POINTS = ["outbox.claimed", "outbox.sent", "outbox.replied", "outbox.applied", "outbox.committed"]
TROUBLES = [away, gone, lost, refused, no_entry, lambda: ValueError("a bug of ours")]
STEPS = ["buy", "change", "change_many", "trouble", "drain", "die", "wait", "retry", "cancel",
         "settle", "resume", "blind"]  # fmt: skip


class Death(BaseException):
    """The process is gone: nothing of ours may catch this."""


class Walk:
    def __init__(self, bazaar, lane, account):
        self.bazaar, self.lane, self.account = bazaar, lane, account
        self.bought = set()  # asked for and not cancelled since
        self.published = set()
        self.version = 0

    def go(self, steps):
        for name, number in steps:
            getattr(self, name)(number)
            self.check()
        self.finish()

    # --- Steps ---

    def buy(self, number):
        self._ask(Buy(number % THINGS))
        self.bought.add(number % THINGS)

    def change(self, number, cls=Publish):
        self.version += 1
        thing = number % THINGS + (10 if cls is PublishMany else 0)
        self.bazaar.wanted[thing] = self.version
        self._ask(cls(thing))
        self.published.add(thing)

    def change_many(self, number):
        self.change(number, PublishMany)

    def trouble(self, number):
        cls = [Buy, Publish, PublishMany][number % 3]
        self.bazaar.next(cls, TROUBLES[number // 3 % len(TROUBLES)]())

    def drain(self, number):
        dispatch.drain(self.lane.pk, in_threads=False)

    def die(self, number):
        def end():
            raise Death

        with failpoints.armed(POINTS[number % len(POINTS)], end):
            try:
                self.drain(number)
            except Death:
                pass

    def wait(self, number):
        Command.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())

    def retry(self, number):
        if command := self._some([CommandStatus.FAILED, CommandStatus.WAITING], number):
            services.retry(command, by=None)

    def cancel(self, number):
        statuses = [CommandStatus.FAILED, CommandStatus.WAITING, CommandStatus.QUEUED]
        acts = Command.objects.filter(kind=Buy.spec.kind, status__in=statuses).order_by("pk")
        if command := acts.first():
            services.cancel(command, by=None)
            self.bought.discard(command.payload["thing_id"])

    def settle(self, number):
        if command := self._some([CommandStatus.UNCERTAIN], number):
            happened = bool(self.bazaar.effects[(command.kind, command.payload["thing_id"])])
            services.resolve(command, happened=happened, by=None)

    def resume(self, number):
        resume_lane(EXECUTOR, self.account, by=None)

    def blind(self, number):
        """Whether the bazaar can be asked what happened there."""
        self.bazaar.sees = bool(number % 2)

    def _ask(self, intent):
        request(intent, executor=EXECUTOR, account=self.account)

    def _some(self, statuses, number):
        found = list(Command.objects.filter(status__in=statuses).order_by("pk"))
        return found[number % len(found)] if found else None

    # --- What must hold ---

    def check(self):
        """Now, whatever just went wrong."""
        for thing in range(THINGS):
            assert self.bazaar.effects[(Buy.spec.kind, thing)] <= 1, "bought twice"
        for command in Command.objects.filter(kind=Buy.spec.kind):
            n = self.bazaar.effects[(command.kind, command.payload["thing_id"])]
            if command.status == CommandStatus.DONE:
                assert n == 1, "said to be done, and is not"
            if n:
                known = {"done", "running", "uncertain", "cancelled", "failed"}
                assert command.status in known, f"would be bought again: {command.status}"
        alive = Command.objects.exclude(status__in=["failed", "cancelled"])
        things = {one.payload["thing_id"] for one in alive.filter(kind=Buy.spec.kind)}
        visible = things | {
            one.payload["thing_id"]
            for one in Command.objects.filter(kind=Buy.spec.kind, status="failed")
        }
        assert self.bought <= visible, "an act vanished"

    def finish(self):
        """Once everything is well again, all that was asked for comes true, once."""
        self.bazaar._script.clear()
        self.bazaar.sees = True
        self.resume(0)
        for _round in range(8):
            for failed in Command.objects.filter(status=CommandStatus.FAILED):
                failed.refresh_from_db()
                if failed.status == CommandStatus.FAILED:
                    services.retry(failed, by=None)
            for stuck in Command.objects.filter(status="uncertain", next_attempt_at=None):
                happened = bool(self.bazaar.effects[(stuck.kind, stuck.payload["thing_id"])])
                services.resolve(stuck, happened=happened, by=None)
            self.wait(0)
            self.drain(0)
            self.check()
        assert not Command.objects.exclude(status__in=["done", "cancelled"]).exists(), "it drains"
        assert not Attempt.objects.filter(outcome="started").exists()
        for thing in self.bought:
            assert self.bazaar.effects[(Buy.spec.kind, thing)] == 1, "never bought"
            assert {(Buy.spec.kind, thing), ("confirmed", thing)} & set(
                self.bazaar.recorded
            ) or self._was_looked_up(thing), "bought, and we do not know it"
        for thing in self.published:
            assert self.bazaar.shown.get(thing) == self.bazaar.wanted[thing], "an old value stayed"

    def _was_looked_up(self, thing):
        return Attempt.objects.filter(
            outcome="looked", command__status="done", command__payload__thing_id=thing
        ).exists()
