"""Bulk runs in the worker: chunks, cancel, rights taken away, the dead found, the old forgotten."""

import dataclasses
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from psycopg import errors as postgres

from accounts.choices import Role
from accounts.models import User
from core import bulk, bulk_jobs, bulk_worker, jobs, live, registry
from core.errors import RuleViolation
from core.models import AuditEntry, BulkRun, BulkStatus, JobRun, RefusalKind
from core.models.jobs import JobStatus
from tests.factories.accounts import UserFactory
from tests.lists import PAGE

pytestmark = pytest.mark.django_db


def people(n, name="Person"):
    return [
        UserFactory(name=f"{name} {i:03}", email=f"{name}{i}@list.example".lower())
        for i in range(n)
    ]


def started(by, rows, *, action="touch", form_data=""):
    run = bulk.prepare(
        token=uuid.uuid4(), page=PAGE, action=action, pks=[row.pk for row in rows], by=by
    )
    assert bulk.start(run, within=User.objects.all(), form_data=form_data)
    return fresh(run)


def fresh(run):
    return BulkRun.objects.get(pk=run.pk)


def work(run, seconds=60, **options):
    return bulk_worker.work(run.pk, seconds=seconds, **options)


def effects():
    return sorted(User.objects.filter(session_epoch__gt=0).values_list("session_epoch", flat=True))


def replace_action(monkeypatch, **changes):
    """The action "touch" with something about it changed."""
    action = dataclasses.replace(registry.action(PAGE, "touch"), **changes)
    monkeypatch.setitem(registry._actions[PAGE], "touch", action)


def test_it_works(manager):
    run = started(manager, people(5))
    assert work(run) is False
    run = fresh(run)
    assert (run.status, run.cursor, run.done) == (BulkStatus.DONE, 5, 5)
    assert run.ended_at is not None
    assert effects() == [1] * 5


def test_more_rows_than_a_slice(manager, monkeypatch):
    monkeypatch.setattr(bulk_worker, "SLICE", 3)
    monkeypatch.setattr(bulk_worker._slice, "__defaults__", (3,))
    run = started(manager, people(10))
    work(run)
    assert effects() == [1] * 10
    assert fresh(run).done == 10


def test_rows_are_done_in_the_order_they_were_given(manager):
    rows = people(4)
    started_run = started(manager, list(reversed(rows)))
    work(started_run)
    entries = AuditEntry.objects.filter(verb="person.touched").order_by("pk")
    assert list(entries.values_list("subject_id", flat=True)) == [r.pk for r in reversed(rows)]


def test_a_chunk_ends_when_its_time_is_up_and_the_next_goes_on(manager):
    run = started(manager, people(3))
    assert work(run, seconds=0) is True
    assert (fresh(run).cursor, effects()) == (1, [1])
    assert work(run, seconds=0) is True
    assert work(run, seconds=0) is False, "after the last row there is nothing to hand over"
    assert (fresh(run).status, effects()) == (BulkStatus.DONE, [1, 1, 1])


def test_a_finished_run_is_not_run_again(manager):
    run = started(manager, people(2))
    work(run)
    assert work(run) is False
    assert effects() == [1, 1]
    assert AuditEntry.objects.filter(verb="bulk.done").count() == 1


def test_a_draft_is_not_run(manager):
    (row,) = people(1)
    run = bulk.prepare(token=uuid.uuid4(), page=PAGE, action="touch", pks=[row.pk], by=manager)
    assert work(run) is False
    assert effects() == []


def test_it_starts_once(manager):
    run = started(manager, people(1))
    assert not bulk.start(run, within=User.objects.all(), form_data="")


def test_the_database_refuses_counts_that_do_not_add_up(manager):
    run = started(manager, people(2))
    for wrong in ({"done": 1}, {"cursor": 3, "done": 3}, {"cursor": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BulkRun.objects.filter(pk=run.pk).update(**wrong)


# --- Stopped on the way -----------------------------------------------------------------------


def test_cancel_keeps_what_is_done(manager):
    run = started(manager, people(4))
    work(run, seconds=0)
    assert bulk.cancel(run, by=manager)
    assert work(run) is False
    run = fresh(run)
    assert (run.status, run.cursor, effects()) == (BulkStatus.CANCELLED, 1, [1])
    entry = AuditEntry.objects.get(verb="bulk.cancelled")
    assert entry.note == "1 done, 3 not started"
    assert not bulk.cancel(run, by=manager), "twice is once"


def test_cancel_reaches_a_worker_in_the_middle_of_a_slice(manager, monkeypatch):
    run = started(manager, people(5))
    touch = registry.action(PAGE, "touch").run

    def cancel_at_second(pk, *, by):
        touch(pk, by=by)
        if len(effects()) == 2:
            BulkRun.objects.filter(pk=run.pk).update(status=BulkStatus.CANCELLED)

    replace_action(monkeypatch, run=cancel_at_second)
    assert work(run) is False
    assert effects() == [1, 1]


def test_only_who_started_it_or_may_run_jobs_cancels(manager, viewer, owner):
    run = started(manager, people(1))
    with pytest.raises(RuleViolation):
        bulk.cancel(run, by=viewer)
    assert fresh(run).is_running
    assert bulk.cancel(run, by=owner)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"is_active": False}, "has been deactivated"), ({"role": Role.VIEWER}, "may not do this")],
)
def test_rights_taken_away_while_rows_wait(manager, change, says):
    run = started(manager, people(3))
    work(run, seconds=0)
    User.objects.filter(pk=manager.pk).update(**change)
    assert work(run) is False
    run = fresh(run)
    assert (run.status, run.cursor, effects()) == (BulkStatus.STOPPED, 1, [1])
    assert says in run.note
    assert manager.name in run.note
    assert says in AuditEntry.objects.get(verb="bulk.stopped").note


def test_rights_are_looked_at_within_a_long_chunk(manager, monkeypatch):
    monkeypatch.setattr(bulk_worker._slice, "__defaults__", (2,))
    run = started(manager, people(6))
    touch = registry.action(PAGE, "touch").run

    def deactivate_at_first(pk, *, by):
        touch(pk, by=by)
        User.objects.filter(pk=manager.pk).update(is_active=False)

    replace_action(monkeypatch, run=deactivate_at_first)
    work(run)
    assert effects() == [1, 1], "the slice it was in, and no more"
    assert fresh(run).status == BulkStatus.STOPPED


def test_the_person_is_gone(manager):
    run = started(manager, people(2))
    BulkRun.objects.filter(pk=run.pk).update(requested_by=None)
    work(run)
    assert (fresh(run).status, effects()) == (BulkStatus.STOPPED, [])


def test_the_action_is_gone(manager, monkeypatch):
    run = started(manager, people(2))
    left = {name: one for name, one in registry._actions[PAGE].items() if name != "touch"}
    monkeypatch.setitem(registry._actions, PAGE, left)  # put back where it was, not at the end
    work(run)
    assert fresh(run).note == "This action no longer exists."


def test_what_was_entered_is_checked_again(manager):
    run = started(manager, people(2), action="note", form_data="with-note=" + "x" * 30)
    work(run)
    assert (fresh(run).status, effects()) == (BulkStatus.STOPPED, [])


# --- Rows that fail ---------------------------------------------------------------------------


def test_what_a_failing_row_had_changed_is_taken_back(manager, monkeypatch):
    """The service dies after its first write: nothing of it stays, and the others go on."""
    rows = people(3)
    touch = registry.action(PAGE, "touch").run

    def half(pk, *, by):
        touch(pk, by=by)
        if pk == rows[1].pk:
            raise ZeroDivisionError

    replace_action(monkeypatch, run=half)
    run = started(manager, rows)
    work(run)
    run = fresh(run)
    assert (run.status, run.done, run.failed) == (BulkStatus.DONE, 2, 1)
    assert effects() == [1, 1]
    assert User.objects.get(pk=rows[1].pk).session_epoch == 0
    assert not AuditEntry.objects.filter(verb="person.touched", subject_id=rows[1].pk).exists()


@pytest.mark.parametrize(
    ("error", "tries", "ends"),
    [
        (postgres.DeadlockDetected, 2, "done"),
        (postgres.DeadlockDetected, 9, "failed"),
        (postgres.LockNotAvailable, 2, "done"),
        (postgres.DiskFull, 2, "failed"),
    ],
)
def test_what_passes_by_itself_is_tried_again(manager, monkeypatch, error, tries, ends):
    calls = []
    touch = registry.action(PAGE, "touch").run

    def unlucky(pk, *, by):
        calls.append(pk)
        touch(pk, by=by)
        if len(calls) < tries:
            raise OperationalError from error()

    replace_action(monkeypatch, run=unlucky)
    run = started(manager, people(1))
    work(run)
    assert getattr(fresh(run), ends) == 1
    assert effects() == ([1] if ends == "done" else [])
    assert len(calls) <= bulk_worker.ATTEMPTS


def test_a_broken_constraint_of_one_row(manager, monkeypatch):
    rows = people(2)

    def same_email(pk, *, by):
        User.objects.filter(pk=pk).update(email="taken@list.example")

    UserFactory(email="other@list.example")
    replace_action(monkeypatch, run=same_email)
    run = started(manager, rows)
    work(run)
    assert (fresh(run).done, fresh(run).failed) == (1, 1)


def test_a_row_that_takes_every_worker_down_is_given_up(manager):
    """Death leaves no trace but the takeover, so that is what is counted."""
    rows = people(3)
    run = started(manager, rows)
    for _death in range(bulk_worker.DEATHS):
        worker = bulk_worker._Worker(fresh(run), None)
        worker._note_takeover()
        assert fresh(run).cursor == 0
    work(run)
    run = fresh(run)
    assert (run.status, run.done, run.failed) == (BulkStatus.DONE, 2, 1)
    refusal = run.refusals.get()
    assert (refusal.object_id, refusal.kind) == (rows[0].pk, RefusalKind.FAILED)
    assert "died 3 times" in refusal.reason


def test_handing_over_is_not_dying(manager):
    run = started(manager, people(8))
    while work(run, seconds=0):
        pass
    assert (fresh(run).done, fresh(run).failed) == (8, 0)


def test_reasons_are_in_the_language_of_the_person(manager, monkeypatch):
    seen = []
    replace_action(monkeypatch, run=lambda pk, *, by: seen.append(get_language()))
    manager.language = "ro"
    manager.save()
    work(started(manager, people(1)))
    assert seen == ["ro"]
    assert get_language() == "en"


# --- As jobs ----------------------------------------------------------------------------------


def test_the_job_goes_on_chunk_by_chunk(manager, monkeypatch):
    monkeypatch.setattr(bulk_jobs, "CHUNK_SECONDS", 0)
    run = started(manager, people(3) + people(1, "Refused"))
    bulk.hand_over(run.pk, trigger="person", by=manager)
    row = JobRun.objects.get(name="core.run_bulk")
    chunks = 0
    while row.status == JobStatus.QUEUED:
        jobs.run_job(row.name, row.key, run_id=row.pk, chunk=row.chunk)
        row.refresh_from_db()
        chunks += 1
    assert chunks == 4
    assert (row.status, row.done, row.total) == (JobStatus.DONE, 4, 4)
    assert row.counters == {"done": 3, "refused": 1, "failed": 0}
    assert "3 done, 1 refused" in row.log
    assert effects() == [1, 1, 1]


def test_a_delivery_that_comes_twice(manager):
    run = started(manager, people(2))
    bulk.hand_over(run.pk, trigger="person", by=manager)
    row = JobRun.objects.get(name="core.run_bulk")
    for _delivery in range(2):
        jobs.run_job(row.name, row.key, run_id=row.pk, chunk=0)
    assert effects() == [1, 1]


def test_the_sweep_takes_up_what_nobody_works_on(manager):
    old, new, over = (started(manager, people(1, f"P{i}")) for i in range(3))
    long_ago = timezone.now() - timedelta(minutes=2)
    BulkRun.objects.filter(pk__in=[old.pk, over.pk]).update(started_at=long_ago)
    bulk.cancel(over, by=manager)
    assert bulk.abandoned() == [old.pk]

    jobs.run_job("core.sweep_bulk_runs")
    assert JobRun.objects.get(name="core.run_bulk").args == [old.pk]
    assert bulk.abandoned() == [], "one that waits in the queue is not abandoned"
    assert new.is_running


def test_the_sweep_leaves_a_run_alone_whose_lock_is_held(manager):
    run = started(manager, people(1))
    BulkRun.objects.update(started_at=timezone.now() - timedelta(minutes=2))
    with bulk_worker._alone_on(run.pk, 0) as is_alone:
        assert is_alone
        assert bulk.abandoned() == []
    assert bulk.abandoned() == [run.pk]


def test_progress_is_told_live(manager, monkeypatch):
    monkeypatch.setattr(bulk_worker, "TELL_EVERY", 0)
    told = []
    run = started(manager, people(3))
    work(run, tell=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [(hint.topic, list(hint.ids)) for hint in live.waiting() if hint.topic == "bulk"] == [
        ("bulk", [run.pk])
    ]


def test_rows_are_not_read_again_and_again(manager, django_assert_max_num_queries):
    """A row costs its service, the claim and the cursor; the pks stay where they are."""
    rows = people(30)
    run = started(manager, rows)
    with django_assert_max_num_queries(30 * 10 + 20) as captured:
        work(run)
    with_pks = [q["sql"] for q in captured if '"core_bulkrun"."pks"' in q["sql"]]
    assert 0 < len(with_pks) <= 3, "one slice, the empty one after it, and nothing a row"
    assert all('"pks"[' in sql.replace(")[", "[") for sql in with_pks)


def test_old_runs_and_forgotten_previews_go(manager):
    def aged(run, **fields):
        BulkRun.objects.filter(pk=run.pk).update(**fields)
        return run.pk

    now = timezone.now()
    rows = people(1)
    prepare = dict(page=PAGE, action="touch", pks=[rows[0].pk], by=manager, gone=[999])
    draft = bulk.prepare(token=uuid.uuid4(), **prepare)
    old_draft = bulk.prepare(token=uuid.uuid4(), **prepare)
    aged(old_draft, created_at=now - timedelta(days=2))
    old_run, running = started(manager, rows), started(manager, rows)
    work(old_run)
    aged(old_run, created_at=now - timedelta(days=200), ended_at=now - timedelta(days=100))
    aged(running, created_at=now - timedelta(days=200))
    jobs.run_job("core.purge_bulk_runs")
    assert set(BulkRun.objects.values_list("pk", flat=True)) == {draft.pk, running.pk}


def test_the_lock_is_let_go(manager):
    run = started(manager, people(1))
    work(run)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND pid=pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)
