"""Working through a bulk run, row by row, each row once.

A row's service call, the cursor that passes it and the counts commit together. A worker that is
killed leaves either all of that or nothing, so whoever goes on neither repeats nor skips a row.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import bulk, live, registry
from core.errors import MagFlowError, RuleViolation
from core.locks import session_lock
from core.models import BulkRefusal, BulkRun, BulkStatus, RefusalKind

if TYPE_CHECKING:
    from accounts.models import User
    from core.actions import BulkAction

logger = logging.getLogger(__name__)

SLICE = 100  # rows between two looks at the person's permission
DEATHS = 3  # a row that was being worked on at so many deaths of its worker is given up
FAILURES_IN_A_ROW = 20  # then the action itself is broken, and the rest is spared
RETRY = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock timeout
ATTEMPTS = 3
TELL_EVERY = 1.0  # seconds between two hints to open pages

DELETED = gettext_lazy("This row does not exist any more.")


def work(
    pk: int,
    *,
    seconds: float,
    patience: float = 0,
    tell: Callable[[int, int], object] | None = None,
) -> bool:
    """Settle rows until none is left or the time is up. True where rows are left to hand over.

    `patience` is how long to wait for another worker that is just letting go of this run; `tell` is
    given the number of settled rows and of all rows, about once a second.
    """
    with _alone_on(pk, patience) as is_alone:
        if not is_alone:
            return False
        run = BulkRun.objects.select_related("requested_by").defer("pks").get(pk=pk)
        language = run.requested_by.language if run.requested_by else ""
        with translation.override(language or translation.get_language()):
            return _Worker(run, tell).work(time.monotonic() + seconds)


def values_for(action: BulkAction, form_data: str, by: User) -> dict[str, Any]:
    """What the person entered in the action's form, checked again."""
    form = action.bind(QueryDict(form_data), by)
    if form is None:
        return {}
    if not form.is_valid():
        raise RuleViolation(_("What was entered is not valid any more."))
    return form.cleaned_data


class _Overtaken(Exception):
    """The run was cancelled, or another worker has passed this row."""


class _Worker:
    """Holds what the rows of one run have in common."""

    def __init__(self, run: BulkRun, tell: Callable[[int, int], object] | None) -> None:
        self.run = run
        self.tell = tell
        self.action = registry.action(run.page, run.action)
        self.values: dict[str, Any] = {}
        self.failures = 0
        self.told_at = 0.0

    def work(self, deadline: float) -> bool:
        self._note_takeover()
        while True:
            run = BulkRun.objects.select_related("requested_by").defer("pks").get(pk=self.run.pk)
            if not run.is_running:
                return False
            self.run = run
            pks = _slice(run)
            if not pks:
                bulk.finish(run.pk, BulkStatus.DONE, by=run.requested_by)
                return False
            if reason := self._reason_to_stop():
                bulk.finish(run.pk, BulkStatus.STOPPED, by=run.requested_by, note=reason)
                return False
            for position, pk in enumerate(pks, start=run.cursor):
                try:
                    self._settle(position, pk)
                except _Overtaken:
                    break
                self._tell(position + 1)
                if time.monotonic() >= deadline:
                    return not self._is_over()
                if self.failures >= FAILURES_IN_A_ROW:
                    break

    def _is_over(self) -> bool:
        """Ends a run whose last row fell into the last moment, so that nothing is handed over."""
        run = BulkRun.objects.defer("pks").get(pk=self.run.pk)
        if run.is_running and run.cursor == run.total:
            bulk.finish(run.pk, BulkStatus.DONE, by=run.requested_by)
            return True
        return not run.is_running

    def _reason_to_stop(self) -> str:
        """Asked again and again: rights may be taken away while thousands of rows wait."""
        by, action = self.run.requested_by, self.action
        if action is None:
            return _("This action no longer exists.")
        if by is None:
            return _("The person who started this no longer exists.")
        if not by.is_active:
            return _("{person} has been deactivated.").format(person=by)
        if not by.has_perm(action.permission):
            return _("{person} may not do this any more.").format(person=by)
        if self.failures >= FAILURES_IN_A_ROW:
            return _("{n} rows in a row failed, so the rest was left alone.").format(
                n=self.failures
            )
        try:
            self.values = values_for(action, self.run.form_data, by)
        except RuleViolation as error:
            return str(error)
        return ""

    def _settle(self, position: int, pk: int) -> None:
        """One row: done, refused or failed, and never twice."""
        assert self.action is not None  # noqa: S101 - _reason_to_stop() has looked
        session = connection.connection
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    self._claim(position)
                    self.action.run(pk, by=self.run.requested_by, **self.values)
                    self._advance(done=1)
            except _Overtaken:
                raise
            except MagFlowError as error:
                self._set_aside(position, pk, RefusalKind.REFUSED, str(error))
            except ObjectDoesNotExist as error:
                if isinstance(error, self.action.model.DoesNotExist):  # type: ignore[attr-defined]
                    self._set_aside(position, pk, RefusalKind.GONE, str(DELETED))
                else:
                    self._fail(position, pk)
            except (OperationalError, InterfaceError) as error:
                if connection.connection is not session:
                    raise  # it broke, and the lock with it; what was committed, the cursor knows
                if _sqlstate(error) in RETRY and attempt < ATTEMPTS:
                    continue
                self._fail(position, pk)
            except Exception:
                self._fail(position, pk)
            else:
                self.failures = 0
            return

    def _claim(self, position: int) -> None:
        """Lock the run for this row. A second worker waits here and then finds the row passed."""
        claimed = BulkRun.objects.select_for_update().values_list("cursor", "status")
        if claimed.get(pk=self.run.pk) != (position, BulkStatus.RUNNING):
            raise _Overtaken

    def _advance(self, **counts: int) -> None:
        BulkRun.objects.filter(pk=self.run.pk).update(
            cursor=F("cursor") + 1,
            moved_at=timezone.now(),
            **{name: F(name) + n for name, n in counts.items()},
        )

    def _set_aside(self, position: int, pk: int, kind: RefusalKind, reason: str) -> None:
        with transaction.atomic():
            try:
                self._claim(position)
            except _Overtaken:
                # The row was committed, and what failed came after it: nothing to take back.
                logger.warning(
                    "bulk run %s: row %s failed after its commit: %s", self.run.pk, pk, reason
                )
                return
            label, url = _describe(self.action, pk)
            BulkRefusal.objects.create(
                run=self.run, object_id=pk, kind=kind, reason=reason, label=label, url=url
            )
            self._advance(**{"failed" if kind == RefusalKind.FAILED else "refused": 1})
        if kind != RefusalKind.FAILED:
            self.failures = 0

    def _fail(self, position: int, pk: int) -> None:
        number = secrets.token_hex(4)
        logger.exception(
            "bulk run %s, %s on row %s failed (error %s)", self.run.pk, self.run.action, pk, number
        )
        self.failures += 1
        reason = _("Something went wrong. Quote error {number} when you report it.")
        self._set_aside(position, pk, RefusalKind.FAILED, reason.format(number=number))

    def _note_takeover(self) -> None:
        """Count the workers that began at this row; a few dead ones died of the row."""
        run = self.run
        deaths = run.takeovers if run.takeover_cursor == run.cursor else 0
        if deaths >= DEATHS and (pks := _slice(run, 1)):
            self._set_aside(
                run.cursor,
                pks[0],
                RefusalKind.FAILED,
                _("The worker died {n} times on this row.").format(n=deaths),
            )
            run.refresh_from_db(fields=["cursor"])
            deaths = 0
        BulkRun.objects.filter(pk=run.pk).update(takeover_cursor=run.cursor, takeovers=deaths + 1)

    def _tell(self, settled: int) -> None:
        if time.monotonic() - self.told_at < TELL_EVERY:
            return
        self.told_at = time.monotonic()
        live.touch("bulk", self.run.pk)
        if self.tell is not None:
            self.tell(settled, self.run.total)


def _slice(run: BulkRun, size: int = SLICE) -> list[int]:
    """The next rows of the run, without reading the hundred thousand behind them."""
    part = f"pks__{run.cursor}_{run.cursor + size}"
    found: list[int] = BulkRun.objects.values_list(part, flat=True).get(pk=run.pk)
    return found


def _describe(action: BulkAction | None, pk: int) -> tuple[str, str]:
    """What a row is called and where it lives, for the list of refusals."""
    subject = action.model._base_manager.filter(pk=pk).first() if action else None
    if subject is None:
        return f"#{pk}", ""
    url = getattr(subject, "get_absolute_url", str)()
    return str(subject)[:200], url[:300]


@contextmanager
def _alone_on(pk: int, patience: float) -> Iterator[bool]:
    """Hold the run's lock, which frees itself when this process dies, however it dies."""
    until = time.monotonic() + patience
    while True:
        with session_lock("bulk", str(pk)) as is_alone:
            if is_alone or time.monotonic() >= until:
                yield is_alone
                return
        time.sleep(0.1)


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", "") or ""
