"""Jobs: queued in the transaction, run once, seen by people, honest about how they ended."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ, Schedule

from core import jobs, live
from core.errors import RuleViolation
from core.jobs import specs, upkeep
from core.jobs.runs import Run
from core.models import AuditEntry, Heartbeat, JobPause, JobRun, JobStatus
from core.registry import Level
from tests import work
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.work import drain, tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shops():
    jobs.register_scope("shop", lambda: ["iasi", "cluj"])
    yield
    specs._scopes.pop("shop", None)


def test_it_works():
    run = jobs.enqueue(work.add_up, 1, 2, 3)
    assert (run.name, run.status, run.args) == ("tests.add_up", JobStatus.QUEUED, [1, 2, 3])
    assert drain() == 1
    run.refresh_from_db()
    assert run.status == JobStatus.DONE
    assert run.counters == {"sum": 6}
    assert (run.done, run.total, run.percent) == (3, 3, 100)
    assert run.log.endswith(" adding 3")
    assert run.ended_at >= run.started_at
    assert run.worker.partition(":")[2].isdigit()


def test_a_person_who_asked_is_written_down():
    person = UserFactory()
    run = jobs.enqueue("tests.add_up", by=person, trigger="person")
    assert run.requested_by == person


def test_what_is_rolled_back_was_never_queued():
    with transaction.atomic():
        jobs.enqueue(work.add_up, 1)
        transaction.set_rollback(True)
    assert not JobRun.objects.exists()
    assert not OrmQ.objects.exists()


def test_an_unknown_job_cannot_be_queued():
    with pytest.raises(KeyError):
        jobs.enqueue("tests.nobody")
    with pytest.raises(KeyError):
        jobs.enqueue(drain)


# --- Twins ------------------------------------------------------------------------------------


def test_what_waits_already_is_not_queued_twice():
    first = jobs.enqueue(work.visit, "lamp", key="iasi")
    assert jobs.enqueue(work.visit, "lamp", key="iasi") == first
    others = [
        jobs.enqueue(work.visit, "rug", key="iasi"),
        jobs.enqueue(work.visit, "lamp", key="cluj"),
    ]
    assert first not in others
    assert drain() == 3


def test_a_person_does_not_get_a_nudge_that_may_be_skipped():
    nudge = jobs.enqueue(work.add_up)
    [started] = jobs.run_now("tests.add_up", by=UserFactory())
    assert started != nudge
    assert jobs.enqueue(work.add_up) in {started, nudge}


def test_behind_a_running_one_a_new_one_queues():
    first = jobs.enqueue(work.add_up, 1)
    JobRun.objects.filter(pk=first.pk).update(status=JobStatus.RUNNING, starts=1)
    assert jobs.enqueue(work.add_up, 1) != first


# --- How runs end -----------------------------------------------------------------------------


def test_a_refusal_is_told_in_its_own_words(caplog):
    run = jobs.enqueue(work.refuse)
    drain()
    run.refresh_from_db()
    assert (run.status, run.error) == (JobStatus.FAILED, "The series is used up.")
    assert "about to refuse" in run.log
    assert not [record for record in caplog.records if record.exc_info]


def test_a_bug_is_logged_and_only_numbered_to_people(caplog):
    run = jobs.enqueue(work.crash)
    drain()
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED
    assert f"job-{run.pk}" in run.error
    assert "secret detail" not in run.error
    [record] = [r for r in caplog.records if r.exc_info and r.levelno == logging.ERROR]
    assert record.job_run == run.pk
    assert "secret detail" in caplog.text


def test_out_of_time(monkeypatch):
    def too_long(run: Run) -> None:
        run.log("so far")
        raise TimeoutException("Task exceeded maximum timeout value")

    spec = specs.get(work.add_up)
    monkeypatch.setitem(
        specs._jobs, spec.name, specs.JobSpec(**{**vars(spec), "function": too_long})
    )
    run = jobs.enqueue(work.add_up)
    with pytest.raises(TimeoutException):  # the queue wants to know: it renews this worker
        drain()
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED
    assert "120 seconds" in run.error
    assert "so far" in run.log


def test_a_job_whose_code_is_gone():
    run = jobs.enqueue(work.add_up)
    JobRun.objects.update(name="tests.gone")
    drain()
    run.refresh_from_db()
    assert (run.status, run.error) == (JobStatus.FAILED, "This job no longer exists.")
    assert jobs.title_of("tests.gone") == "tests.gone"
    assert jobs.run_job("tests.gone") == JobStatus.FAILED, "a left-over schedule only leaves a line"


def test_plumbing_that_works_leaves_no_trace():
    assert jobs.run_job("tests.plumb") == JobStatus.DONE
    assert not JobRun.objects.exists()


def test_plumbing_that_fails_does():
    jobs.run_job("tests.plumb", due="2026-01-01T00:00:00+00:00")
    specs.get("tests.plumb")
    run = jobs.enqueue(work.plumb, True)
    drain()
    run.refresh_from_db()
    assert (run.status, run.error) == (JobStatus.FAILED, "A leak.")


def test_it_speaks_the_language_of_who_asked(monkeypatch):
    words = gettext_lazy("This field is required.")

    def refuses_in_words_of_django(run: Run) -> None:
        raise RuleViolation(words)

    spec = specs.get(work.add_up)
    fake = specs.JobSpec(**{**vars(spec), "function": refuses_in_words_of_django})
    monkeypatch.setitem(specs._jobs, spec.name, fake)
    asked = jobs.enqueue(work.add_up, by=UserFactory(language="ro"))
    drain()
    by_itself = jobs.enqueue(work.add_up)
    drain()
    asked.refresh_from_db()
    by_itself.refresh_from_db()
    with translation.override("ro"):
        assert asked.error == str(words) != by_itself.error
    assert by_itself.error == "This field is required."
    shared = specs.JobSpec(**{**vars(fake), "every": timedelta(minutes=5)})
    monkeypatch.setitem(specs._jobs, spec.name, shared)
    for_all = jobs.enqueue(work.add_up, by=UserFactory(language="ro"))
    drain()
    for_all.refresh_from_db()
    assert for_all.error == by_itself.error, "whoever pressed the button"


# --- Long jobs --------------------------------------------------------------------------------


def test_a_long_job_goes_on_as_the_same_run():
    run = jobs.enqueue(work.count_to, 4)
    assert drain(1) == 1
    run.refresh_from_db()
    assert (run.status, run.chunk, run.done, run.total) == (JobStatus.QUEUED, 1, 1, 4)
    assert run.is_open
    assert run.ended_at is None
    assert drain() == 3
    run.refresh_from_db()
    assert (run.status, run.counters, run.starts) == (JobStatus.DONE, {"numbers": 4}, 4)
    assert JobRun.objects.count() == 1


def test_an_old_delivery_does_nothing():
    run = jobs.enqueue(work.count_to, 3)
    [first] = tasks()
    drain(1)
    assert jobs.run_job(*first["args"], **first["kwargs"]) == "over"
    drain()
    assert jobs.run_job(*first["args"], **first["kwargs"]) == "over"
    run.refresh_from_db()
    assert run.counters == {"numbers": 3}


def test_a_run_that_was_asked_for_waits_its_turn_instead_of_being_dropped():
    long = jobs.enqueue(work.count_to, 3)
    drain(1)
    asked = jobs.enqueue(work.count_to, 2)
    drain()
    long.refresh_from_db()
    asked.refresh_from_db()
    assert (long.status, long.counters) == (JobStatus.DONE, {"numbers": 3})
    assert (asked.status, asked.counters) == (JobStatus.DONE, {"numbers": 2})


def test_a_run_of_the_same_job_waits_for_all_chunks():
    run = jobs.enqueue(work.count_to, 3)
    drain(1)
    assert jobs.run_job("tests.count_to") == JobStatus.SKIPPED
    skipped = JobRun.objects.get(status=JobStatus.SKIPPED)
    assert "still running" in skipped.error
    drain()
    run.refresh_from_db()
    assert run.counters == {"numbers": 3}


def test_a_job_that_fails_does_not_hand_over(monkeypatch):
    def hands_over_and_fails(run: Run) -> None:
        run.hand_over(1)
        raise RuleViolation("No.")

    spec = specs.get(work.add_up)
    fake = specs.JobSpec(**{**vars(spec), "function": hands_over_and_fails})
    monkeypatch.setitem(specs._jobs, spec.name, fake)
    run = jobs.enqueue(work.add_up)
    drain()
    run.refresh_from_db()
    assert (run.status, run.chunk) == (JobStatus.FAILED, 0)
    assert not OrmQ.objects.exists()


# --- Progress ---------------------------------------------------------------------------------


def test_progress_is_saved_once_a_second(monkeypatch, django_assert_num_queries):
    row = JobRun.objects.create(name="tests.add_up")
    run = Run(row)
    clock = [100.0]
    monkeypatch.setattr("core.jobs.runs.time.monotonic", lambda: clock[0])
    with django_assert_num_queries(1):
        for step in range(50):
            run.progress(step, 100)
            run.count("steps")
    clock[0] += 1.0
    with django_assert_num_queries(1):
        run.log("and on")
    row.refresh_from_db()
    assert (row.done, row.counters) == (49, {"steps": 50})


def test_progress_is_told_live():
    row = JobRun.objects.create(name="tests.add_up")
    Run(row).progress(1)
    assert any(hint.topic == "jobs" and row.pk in hint.ids for hint in live.waiting())


def test_only_the_last_lines_are_kept():
    run = Run(JobRun.objects.create(name="tests.add_up"))
    for number in range(500):
        run.log(f"line {number} " + "x" * 2000 + "\x00\n")
    run.save()
    run.row.refresh_from_db()
    lines = run.row.log.splitlines()
    assert len(lines) == 200
    assert "line 499" in lines[-1]
    assert max(map(len, lines)) <= 510


def test_talking_in_a_lost_transaction_does_not_hide_what_went_wrong(monkeypatch):
    def loses_its_transaction(run: Run) -> None:
        with transaction.atomic():
            try:
                JobRun.objects.create(pk=run.row.pk, name="twice")
            except Exception as problem:
                run._saved = 0.0
                run.log(f"it went wrong: {type(problem).__name__}")
                raise RuleViolation("Twice.") from problem

    spec = specs.get(work.add_up)
    fake = specs.JobSpec(**{**vars(spec), "function": loses_its_transaction})
    monkeypatch.setitem(specs._jobs, spec.name, fake)
    run = jobs.enqueue(work.add_up)
    drain()
    run.refresh_from_db()
    assert (run.status, run.error) == (JobStatus.FAILED, "Twice.")
    assert "IntegrityError" in run.log


def test_rate_and_time_left():
    now = timezone.now()
    run = JobRun(
        status=JobStatus.RUNNING, starts=1, started_at=now - timedelta(seconds=10), done=20
    )
    assert run.per_second == pytest.approx(2, rel=0.01)
    assert run.seconds_left is None
    run.total = 60
    assert run.seconds_left == pytest.approx(20, abs=1)
    assert run.percent == 33
    waiting = JobRun(status=JobStatus.QUEUED)
    assert (waiting.took, waiting.percent, waiting.seconds_left) == (None, None, None)


def test_the_time_of_a_chunk(monkeypatch):
    run = Run(JobRun())
    assert not run.is_time_up
    run._began -= 21
    assert run.is_time_up


# --- Schedules and scopes ---------------------------------------------------------------------


def test_a_scheduled_job_fans_out():
    assert jobs.run_job("tests.visit", due="2026-11-25T10:00:00+00:00") == JobStatus.DONE
    assert [task["args"] for task in tasks()] == [("tests.visit", "iasi"), ("tests.visit", "cluj")]
    drain()
    assert sorted(JobRun.objects.values_list("key", flat=True)) == ["cluj", "iasi"]


def test_a_schedule_delivered_again_after_the_job_ran_does_nothing():
    due = (timezone.now() - timedelta(minutes=1)).isoformat()
    assert jobs.run_job("tests.count_to", due=due) == JobStatus.QUEUED
    assert jobs.run_job("tests.count_to", due=due) == "late"
    later = (timezone.now() + timedelta(minutes=1)).isoformat()
    drain()
    assert jobs.run_job("tests.count_to", due=later) == JobStatus.QUEUED


def test_a_run_for_one_thing_does_not_stand_for_the_whole():
    due = (timezone.now() - timedelta(minutes=1)).isoformat()
    jobs.enqueue(work.add_up, 5)
    drain()
    assert jobs.run_job("tests.add_up", due=due) == JobStatus.DONE


# --- Pausing and starting by hand -------------------------------------------------------------


def test_a_paused_job_rests_but_a_person_may_start_it():
    boss = UserFactory()
    jobs.pause("tests.refuse", by=boss, reason="Holiday")
    jobs.pause("tests.refuse", by=boss)
    assert JobPause.objects.get().by == boss
    assert jobs.run_job("tests.refuse") == "paused"
    nudged = jobs.enqueue(work.refuse)
    drain()
    nudged.refresh_from_db()
    assert (nudged.status, nudged.error) == (JobStatus.SKIPPED, "The job is paused.")
    [started] = jobs.run_now("tests.refuse", by=boss)
    drain()
    started.refresh_from_db()
    assert started.status == JobStatus.FAILED
    jobs.resume("tests.refuse", by=boss)
    jobs.resume("tests.refuse", by=boss)
    assert jobs.run_job("tests.refuse") == JobStatus.FAILED
    verbs = list(
        AuditEntry.objects.order_by("pk").values_list("verb", "actor_name", "subject_label")
    )
    assert verbs == [
        ("job.paused", boss.name, "Refuse"),
        ("job.started", boss.name, "Refuse"),
        ("job.resumed", boss.name, "Refuse"),
    ]


def test_started_by_hand_for_every_key_or_one():
    boss = UserFactory()
    runs = jobs.run_now("tests.visit", by=boss)
    assert [(run.key, run.trigger) for run in runs] == [("iasi", "person"), ("cluj", "person")]
    assert jobs.run_now("tests.visit", by=boss, key="iasi") == runs[:1], "it waits already"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: jobs.run_now("tests.plumb", by=None), "cannot be started by hand"),
        (lambda: jobs.run_now("tests.nobody", by=None), "no job called"),
        (lambda: jobs.pause("tests.plumb", by=None), "cannot be paused"),
        (lambda: jobs.pause("tests.nobody", by=None), "no job called"),
    ],
)
def test_what_people_may_not_do(act, words):
    with pytest.raises(RuleViolation, match=words):
        act()


# --- Dead and lost ----------------------------------------------------------------------------


def test_a_run_whose_lock_is_free_is_dead():
    dead = JobRun.objects.create(name="tests.add_up", status=JobStatus.RUNNING, starts=1)
    assert upkeep.find_dead_runs() == [dead.pk]
    dead.refresh_from_db()
    assert (dead.status, dead.error) == (JobStatus.DIED, "Its worker died.")
    assert upkeep.find_dead_runs() == []


def test_a_run_does_not_take_itself_for_dead(monkeypatch):
    def looks_for_the_dead(run: Run) -> None:
        run.count("dead", len(upkeep.find_dead_runs()))

    spec = specs.get(work.add_up)
    fake = specs.JobSpec(**{**vars(spec), "function": looks_for_the_dead})
    monkeypatch.setitem(specs._jobs, spec.name, fake)
    run = jobs.enqueue(work.add_up)
    drain()
    run.refresh_from_db()
    assert (run.status, run.counters) == (JobStatus.DONE, {"dead": 0})


def test_who_takes_the_lock_buries_the_one_before():
    dead = JobRun.objects.create(name="tests.add_up", status=JobStatus.RUNNING, starts=1)
    jobs.enqueue(work.add_up, 1)
    drain()
    dead.refresh_from_db()
    assert dead.status == JobStatus.DIED


def test_a_dead_run_goes_on_when_it_is_delivered_again():
    run = jobs.enqueue(work.add_up, 2)
    [task] = tasks()
    JobRun.objects.update(status=JobStatus.RUNNING, starts=1, log="10:00:00 first words")
    upkeep.find_dead_runs()
    assert jobs.run_job(*task["args"], **task["kwargs"]) == JobStatus.DONE
    run.refresh_from_db()
    assert (run.status, run.counters, run.starts, run.error) == (JobStatus.DONE, {"sum": 2}, 2, "")
    assert "first words" in run.log
    assert "started again" in run.log


def test_a_run_that_kills_its_workers_is_given_up():
    run = jobs.enqueue(work.add_up, 2)
    [task] = tasks()
    JobRun.objects.update(status=JobStatus.DIED, starts=3)
    assert jobs.run_job(*task["args"], **task["kwargs"]) == JobStatus.FAILED
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED
    assert "died 3 times" in run.error


def test_a_waiting_run_that_no_queue_has_is_queued_again():
    lost = jobs.enqueue(work.add_up, 2)
    OrmQ.objects.all().delete()
    kept = jobs.enqueue(work.add_up, 3)
    OrmQ.objects.create(key="magflow", payload="signed with a key of the past", lock=timezone.now())
    assert upkeep.requeue_lost_runs() == [], "it may be just about to be taken"
    JobRun.objects.update(started_at=timezone.now() - timedelta(minutes=20))
    assert upkeep.requeue_lost_runs() == [lost.pk]
    OrmQ.objects.filter(payload__startswith="signed").delete()
    drain()
    assert set(JobRun.objects.values_list("pk", "status")) == {
        (lost.pk, JobStatus.DONE), (kept.pk, JobStatus.DONE),
    }  # fmt: skip


def test_a_run_that_a_dead_worker_took_off_the_queue_is_queued_again(settings):
    """The queue itself would give it out again only after ten minutes."""
    run = jobs.enqueue(work.add_up)
    reserved = timezone.now() + timedelta(seconds=settings.Q_CLUSTER["retry"])
    OrmQ.objects.update(lock=reserved)
    JobRun.objects.update(started_at=timezone.now() - timedelta(seconds=30))
    assert upkeep.requeue_lost_runs() == [], "fetched this very moment"
    OrmQ.objects.update(lock=reserved - timedelta(seconds=30))
    assert upkeep.requeue_lost_runs() == [run.pk]
    assert upkeep.requeue_lost_runs() == [], "the new one waits for somebody to fetch it"
    drain()
    run.refresh_from_db()
    assert (run.status, run.starts) == (JobStatus.DONE, 1)


# --- Upkeep -----------------------------------------------------------------------------------


def test_old_runs_go_and_failures_stay_longer():
    now = timezone.now()
    for status, days in [("done", 6), ("done", 8), ("skipped", 8), ("failed", 8), ("died", 91)]:
        JobRun.objects.create(
            name=status, key=str(days), status=status, ended_at=now - timedelta(days)
        )
    JobRun.objects.create(name="queued", status="queued", started_at=now - timedelta(days=100))
    jobs.run_job("core.purge_runs")
    left = set(JobRun.objects.values_list("name", "key"))
    assert left == {("done", "6"), ("failed", "8"), ("queued", ""), ("core.purge_runs", "")}
    run = JobRun.objects.get(name="core.purge_runs")
    assert run.counters == {"runs": 2, "failed runs": 1, "queue results": 0}


def test_the_heartbeat_and_its_probe(settings):
    assert upkeep.worker_probe().level == Level.WARN
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=1))
    jobs.run_job("core.beat")
    beat = Heartbeat.objects.get()
    assert beat.info["version"] == settings.VERSION
    assert upkeep.worker_probe().level == Level.OK
    for minutes, level in [(4, Level.WARN), (11, Level.BAD)]:
        Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=minutes))
        probe = upkeep.worker_probe()
        assert (probe.level, probe.banner) == (level, True)


def test_a_late_schedule_is_noticed():
    jobs.run_job("core.beat")
    jobs.reconcile_schedules()
    Schedule.objects.filter(name="tests.refuse").update(
        next_run=timezone.now() - timedelta(minutes=5)
    )
    assert "late" in str(upkeep.worker_probe().message)


# --- The command ------------------------------------------------------------------------------


def test_a_job_in_the_foreground(capsys):
    call_command("job_run", "tests.count_to")
    run = JobRun.objects.get()
    assert (run.status, run.trigger, run.counters) == (JobStatus.DONE, "command", {"numbers": 3})
    assert not OrmQ.objects.exists()
    assert "tests.count_to: done" in capsys.readouterr().out


def test_the_foreground_shows_what_the_job_says(capsys):
    call_command("job_run", "tests.visit", "--key", "iasi")
    assert "iasi:" in capsys.readouterr().out
    call_command("job_run", "tests.visit")
    assert "cluj:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "code"), [("tests.refuse", 1), ("tests.crash", 1), ("tests.nobody", 2)]
)
def test_the_exit_code_says_how_it_ended(name, code):
    with pytest.raises(CommandError) as caught:
        call_command("job_run", name)
    assert caught.value.returncode == code


def test_an_account_is_called_by_its_name(capsys, monkeypatch):
    account = MarketplaceAccountFactory(name="eMAG România")
    monkeypatch.setitem(
        specs._jobs, "tests.visit", replace(specs.get("tests.visit"), per="account")
    )
    call_command("job_run", "tests.visit", "--account", "emag românia")
    assert JobRun.objects.get(name="tests.visit").key == str(account.pk)
    with pytest.raises(CommandError, match="There is no account called eMAG Ungaria") as refused:
        call_command("job_run", "tests.visit", "--account", "eMAG Ungaria")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="does not run per account"):
        call_command("job_run", "tests.count_to", "--account", "eMAG România")


def test_the_command_lists_what_there_is(capsys):
    call_command("job_run")
    assert "core.purge_runs" in capsys.readouterr().out
