"""What a bulk run says of itself: its title, its sum, its refusals, every row's result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import registry
from core.html import number
from core.models import BulkRun, BulkStatus, RefusalKind

if TYPE_CHECKING:
    from accounts.models import User

REFUSALS_SHOWN = 200
RESULT_SLICE = 500


def title_of(run: BulkRun) -> str:
    """ "Deactivate 38 people" """
    action = registry.action(run.page, run.action)
    return action.title(run.total) if action else str(run)


def summary(run: BulkRun) -> str:
    """ "38 done, 2 refused" """
    action = registry.action(run.page, run.action)
    refused = run.refused + run.gone
    left = run.total - run.cursor if not run.is_running else 0
    done = ngettext("{n} done", "{n} done", run.done).format(n=number(run.done))
    parts = [action.done_words(run.done) if action else done]
    if refused:
        parts.append(ngettext("{n} refused", "{n} refused", refused).format(n=number(refused)))
    if run.failed:
        parts.append(ngettext("{n} failed", "{n} failed", run.failed).format(n=number(run.failed)))
    if left:
        parts.append(ngettext("{n} not started", "{n} not started", left).format(n=number(left)))
    return ", ".join(parts)


def results(run: BulkRun) -> Iterator[tuple[int, str, str, str]]:
    """Every row of a run with what came of it: number, name, result, reason."""
    action = registry.action(run.page, run.action)
    words = {kind.value: str(kind.label) for kind in RefusalKind}
    for each in run.refusals.filter(kind=RefusalKind.GONE).iterator():
        yield each.object_id, each.label, words[each.kind], each.reason
    settled, left = str(BulkStatus.DONE.label), str(_("Not started"))
    for start_at in range(0, run.total, RESULT_SLICE):
        pks: list[int] = BulkRun.objects.values_list(
            f"pks__{start_at}_{start_at + RESULT_SLICE}", flat=True
        ).get(pk=run.pk)
        names = action.model._base_manager.in_bulk(pks) if action else {}
        left_alone = {each.object_id: each for each in run.refusals.filter(object_id__in=pks)}
        for position, pk in enumerate(pks, start=start_at):
            name = str(names.get(pk, ""))
            if refusal := left_alone.get(pk):
                yield pk, name or refusal.label, words[refusal.kind], refusal.reason
            else:
                yield pk, name, settled if position < run.cursor else left, ""


def report(run: BulkRun, user: User) -> dict[str, Any]:
    """What the progress page and the result dialog show."""
    refusals = list(run.refusals.all()[: REFUSALS_SHOWN + 1])
    return {
        "run": run,
        "title": title_of(run),
        "summary": summary(run),
        "refusals": refusals[:REFUSALS_SHOWN],
        "has_more_refusals": len(refusals) > REFUSALS_SHOWN,
        "may_cancel": run.is_running and may_cancel(run, user),
    }


def may_see(run: BulkRun, user: User) -> bool:
    return run.requested_by_id == user.pk or user.has_perm("core.view_jobrun")


def may_cancel(run: BulkRun, user: User) -> bool:
    return run.requested_by_id == user.pk or user.has_perm("core.run_job")
