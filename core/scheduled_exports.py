"""Exports at set times: adding, changing, pausing them, and finding those that are due.

What is delivered, core.export_delivery does. A page is any that core.export_sources knows.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit, export_files, export_sources, jobs, live, locks
from core.errors import RuleViolation, StaleData
from core.export_menu import with_days
from core.export_sources import ListSource
from core.filters import BETWEEN, BaseFilterSet, When, days_of
from core.models import Covers, ExportRun, ExportStatus, ScheduledExport
from core.models.jobs import JobTrigger

if TYPE_CHECKING:
    from accounts.models import User

DELIVER = "core.deliver_export"
MOST_ADDRESSES = 20
OPEN = (ExportStatus.WAITING, ExportStatus.RUNNING)


# --- Questions --------------------------------------------------------------------------------


def visible_to(user: Any) -> QuerySet[ScheduledExport]:
    """Those of the lists whose exports this person may schedule, theirs and others'."""
    pages = [source.page for source in export_sources.schedulable(user)]
    return ScheduledExport.objects.filter(page__in=pages).select_related("owner")


def require_scheduler(user: Any) -> None:
    """PermissionDenied for who may have no list at all sent."""
    if not export_sources.schedulable(user):
        raise PermissionDenied


def source_of(export: ScheduledExport) -> ListSource:
    source = export_sources.find(export.page)
    if source is None:
        raise RuleViolation(_("The list of this export no longer exists."))
    return source


# --- Changes ----------------------------------------------------------------------------------


@transaction.atomic
def schedule(page: str, *, by: User, **facts: Any) -> ScheduledExport:
    """Have the list of `page` delivered at set times, with the rights of `by`."""
    export = ScheduledExport(page=page, owner=by, **_checked(facts))
    _require(export, by)
    _refuse_same_file(export)
    export.next_at = export.next_after(timezone.now())
    export.save()
    audit.record("export.scheduled", export, by=by, note=export.query, changes=_reach(export))
    live.touch("exports", export.pk)
    return export


@transaction.atomic
def change(export: ScheduledExport, *, by: User, stamp: str = "", **facts: Any) -> ScheduledExport:
    """Change what is sent, when or where to. It is then `by`'s: it runs with their rights.

    `stamp` is that of what the person looked at; "" is not asked.
    """
    export = _locked(export, by)
    if stamp and stamp != export.stamp:
        raise StaleData(
            _("%(name)s was changed by somebody else in the meantime. Look at it and try again.")
            % {"name": export}
        )
    before = _facts(export)
    for name, value in _checked(facts).items():
        setattr(export, name, value)
    _refuse_same_file(export)
    export.owner = by
    export.next_at = export.next_after(timezone.now())
    export.save()
    if changes := audit.changed(before, _facts(export)):
        audit.record("export.changed", export, by=by, changes=changes)
    live.touch("exports", export.pk)
    return export


@transaction.atomic
def pause(export: ScheduledExport, *, by: User | None, reason: str = "") -> None:
    """Nothing is sent until it is resumed; `by` None: MagFlow itself saw a reason."""
    export = _locked(export, by)
    if export.is_paused:
        return
    export.paused_at, export.pause_reason = timezone.now(), reason
    export.save(update_fields=["paused_at", "pause_reason"])
    audit.record("export.paused", export, by=by, note=reason)
    live.touch("exports", export.pk)


@transaction.atomic
def resume(export: ScheduledExport, *, by: User) -> None:
    """Go on with the next time; what was missed while it rested is not made up for."""
    export = _locked(export, by)
    if not export.is_paused:
        return
    if reason := why_it_cannot_run(export):
        advice = _("Edit it: it then runs with your rights.")
        raise RuleViolation(f"{reason} {advice}")
    export.paused_at, export.pause_reason = None, ""
    export.next_at = export.next_after(timezone.now())
    export.save(update_fields=["paused_at", "pause_reason", "next_at"])
    audit.record("export.resumed", export, by=by)
    live.touch("exports", export.pk)


@transaction.atomic
def run_now(export: ScheduledExport, *, by: User) -> ExportRun:
    """One more file, now; the times at which it is due stay what they are."""
    export = _locked(export, by)
    if reason := why_it_cannot_run(export):
        raise RuleViolation(reason)
    now = timezone.now()
    run = ExportRun.objects.create(
        export=export, slot=now, is_extra=True, asked_by=by,
        **_selection(export, now, is_extra=True),
    )  # fmt: skip
    audit.record("export.run_requested", export, by=by)
    _hand_over(run, export, JobTrigger.PERSON)
    return run


@transaction.atomic
def remove(export: ScheduledExport, *, by: User) -> None:
    export = _locked(export, by)
    gone = {name: (last, "") for name, (_first, last) in _reach(export).items()}
    audit.record("export.removed", export, by=by, note=export.query, changes=gone)
    live.touch("exports", export.pk)
    export.delete()


def _locked(export: ScheduledExport, by: User | None) -> ScheduledExport:
    rows = ScheduledExport.objects.select_for_update(of=("self",)).select_related("owner")
    locked = rows.filter(pk=export.pk).first()
    if locked is None:
        raise StaleData(_("This export has been removed."))
    if by is not None:
        _require(locked, by)
    return locked


def _require(export: ScheduledExport, by: User) -> None:
    if not source_of(export).may_schedule(by):
        raise PermissionDenied


def _facts(export: ScheduledExport) -> dict[str, Any]:
    return {"owner": str(export.owner), **{name: getattr(export, name) for name in export.FACTS}}


def _reach(export: ScheduledExport) -> dict[str, tuple[Any, Any]]:
    """Who gets it, for the audit trail: told also when the export itself is long gone."""
    reach: dict[str, tuple[Any, Any]] = {"emails": ([], export.emails)} if export.emails else {}
    return reach | ({"folder": ("", f"{export.folder}/")} if export.to_folder else {})


def _refuse_same_file(export: ScheduledExport) -> None:
    """Two exports that write one file would take it away from each other without a word."""
    if not export.to_folder:
        return
    others = ScheduledExport.objects.filter(to_folder=True, folder__iexact=export.folder)
    for other in others.exclude(pk=export.pk):
        if _sample_name(other) == _sample_name(export):
            raise RuleViolation(
                _("“%(name)s” writes this file already. Give it another name or folder.")
                % {"name": other}
            )


def _sample_name(export: ScheduledExport) -> str:
    """What its file of one and the same day is called, as file systems compare names."""
    day = datetime(2026, 3, 2, export.hour)  # noqa: DTZ001 - any day, the same for all
    name = export_files.file_name(export.file_name, name=export.name, day=day, kind=export.kind)
    return name.casefold()


def _checked(facts: dict[str, Any]) -> dict[str, Any]:
    facts["name"] = " ".join(facts["name"].split())
    export_files.refuse_bad_pattern(facts["file_name"])
    facts["folder"] = export_files.clean_folder(facts["folder"])
    facts["emails"] = list(dict.fromkeys(address.lower() for address in facts["emails"]))
    if not facts["emails"] and not facts["to_folder"]:
        raise RuleViolation(_("Say where it goes: to an email address, into a folder, or both."))
    if len(facts["emails"]) > MOST_ADDRESSES:
        raise RuleViolation(_("At most %(n)s addresses.") % {"n": MOST_ADDRESSES})
    if facts["to_folder"]:
        export_files.folder_of(facts["folder"])
    return facts


# --- What is due ------------------------------------------------------------------------------


def why_it_cannot_run(export: ScheduledExport) -> str:
    """Empty while its owner still works here and may still do this."""
    if not export.owner.is_active:
        return _("%(name)s, with whose rights it runs, was deactivated.") % {"name": export.owner}
    source = export_sources.find(export.page)
    if source is None:
        return _("The list of this export no longer exists.")
    if not source.may_schedule(export.owner):
        return _("%(name)s, with whose rights it runs, may no longer do this.") % {
            "name": export.owner
        }
    return ""


def pause_orphans() -> int:
    """Exports whose owner has left rest at once, not only when they are due."""
    paused = 0
    orphans = ScheduledExport.objects.filter(paused_at=None, owner__is_active=False)
    for export in orphans.select_related("owner"):
        pause(export, by=None, reason=why_it_cannot_run(export))
        paused += 1
    return paused


def begin_due(now: datetime | None = None) -> int:
    """A run for everything that is due. Of several times that were missed, the latest counts."""
    now, begun = now or timezone.now(), 0
    due = ScheduledExport.objects.filter(paused_at=None, next_at__lte=now).order_by("next_at")
    for pk in due.values_list("pk", flat=True):
        begun += _begin(pk, now)
    return begun


@transaction.atomic
def _begin(pk: int, now: datetime) -> bool:
    rows = ScheduledExport.objects.select_for_update(of=("self",), skip_locked=True)
    due = rows.filter(pk=pk, paused_at=None, next_at__lte=now)
    export = due.select_related("owner").first()
    if export is None:
        return False  # somebody else is at it, or was
    if reason := why_it_cannot_run(export):
        pause(export, by=None, reason=reason)
        return False
    open_runs = export.runs.filter(is_extra=False, status__in=OPEN)
    if export.covers == Covers.SINCE and open_runs.exists():
        return False  # which days are left is known once that one has arrived, or failed
    slot = export.rhythm.last_until(now, export.zone)
    export.next_at = export.next_after(now)
    export.save(update_fields=["next_at"])
    if _is_covered(export, slot):
        return False
    made, is_new = ExportRun.objects.get_or_create(
        export=export, slot=slot, defaults=_selection(export, slot, is_extra=False)
    )
    if is_new:
        _hand_over(made, export, JobTrigger.NUDGE)
    return is_new


def _is_covered(export: ScheduledExport, slot: datetime) -> bool:
    """Whether every day until the one before went out: it was moved to a later hour of this day."""
    if export.covers != Covers.SINCE or export.covered_to is None:
        return False
    return export.covered_to >= _day_of(export, slot) - timedelta(days=1)


def _day_of(export: ScheduledExport, slot: datetime) -> date:
    return slot.astimezone(export.zone).date()


def _selection(export: ScheduledExport, slot: datetime, *, is_extra: bool) -> dict[str, Any]:
    """What the file of this time holds, with every day written out as the owner's calendar has it.

    One that covers the days since the file before goes from the day after that to yesterday.
    """
    today = _day_of(export, slot)
    source = source_of(export)
    filterset = source.filterset_for(export.owner)
    query = _with_days_written_out(filterset, QueryDict(export.query), today)
    if export.covers != Covers.SINCE or not source.when:
        return {"query": query.urlencode()}
    last = today - timedelta(days=1)
    first = export.rhythm.first_day_before(last)
    if export.covered_to is not None and not is_extra:
        first = export.covered_to + timedelta(days=1)
    query = with_days(query, source.when, first.isoformat(), last.isoformat())
    return {"query": query.urlencode(), "first_on": first, "last_on": last}


def _with_days_written_out(
    filterset: type[BaseFilterSet], query: QueryDict, today: date
) -> QueryDict:
    """ "ordered_at=yesterday" is another day tomorrow, when it may be tried again."""
    fixed = query.copy()
    for name, criterion in filterset.base_filters.items():
        value = fixed.get(name)
        if isinstance(criterion, When) and value in When.PRESETS:
            first, last = days_of(value, today)
            del fixed[name]
            fixed[f"{name}__{BETWEEN}"] = f"{first}..{last}"
    return fixed


def take_up(now: datetime | None = None) -> int:
    """Hand over again what waits for its next attempt, and what a dead worker left behind."""
    now = now or timezone.now()
    open_runs = ExportRun.objects.filter(status__in=OPEN, try_at__lte=now).select_related(
        "export__owner"
    )
    numbers = {locks.lock_id("job", DELIVER, str(run.pk)): run for run in open_runs}
    alive = locks.held(numbers)
    lost = [run for number, run in numbers.items() if number not in alive]
    for run in lost:
        _hand_over(run, run.export, JobTrigger.NUDGE)
    return len(lost)


def _hand_over(run: ExportRun, export: ScheduledExport, trigger: JobTrigger) -> None:
    """Asked for in the owner's name, so it speaks their language."""
    jobs.enqueue(DELIVER, run.pk, key=str(run.pk), by=export.owner, trigger=trigger)
    live.touch("exports", export.pk)


# --- What people are told ---------------------------------------------------------------------


def in_trouble() -> QuerySet[ScheduledExport]:
    """Those whose latest file failed, and those that rest because of who owns them."""
    latest = ExportRun.objects.filter(export=OuterRef("pk"))
    failed = latest.filter(status=ExportStatus.FAILED).exclude(
        Exists(ExportRun.objects.filter(export=OuterRef("export"), slot__gt=OuterRef("slot"),
                                        status=ExportStatus.DONE))
    )  # fmt: skip
    return ScheduledExport.objects.filter(
        Q(Exists(failed), paused_at=None) | Q(paused_at__isnull=False, owner__is_active=False)
    )
