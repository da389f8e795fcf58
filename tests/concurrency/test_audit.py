"""The audit trail while many write, and while its parts are made under their hands."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from core import append_only, audit, partitions
from core.models import AuditEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FAR = datetime(2041, 1, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_parts_left_over():
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^core_auditentry_p204'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")


def in_thread(function, *args):
    try:
        return function(*args)
    finally:
        connection.close()


def write(number, at):
    entry = audit.entry("x.y", None, by=None, note=str(number))
    entry.at = at
    began = time.monotonic()
    entry.save(force_insert=True)
    return time.monotonic() - began


def test_it_works():
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda n: in_thread(write, n, datetime.now(UTC)), range(200)))
    assert AuditEntry.objects.count() == 200
    assert len(set(AuditEntry.objects.values_list("pk", flat=True))) == 200
    assert max(waits) < 10


def test_two_hosts_make_the_parts_while_others_write():
    """The rows of a month that has no part yet land in the default and are moved; none is lost."""
    stop = threading.Event()
    written = []

    def writer(offset):
        number = offset
        while not stop.is_set():
            month = FAR + timedelta(days=31 * (number % 6))
            write(number, month)
            written.append(number)
            number += 4

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(in_thread, writer, offset) for offset in range(4)]
        try:
            for _ in range(4):
                time.sleep(0.2)
                makers = [
                    pool.submit(in_thread, partitions.ensure, audit.TABLE, datetime.now(UTC))
                    for _ in range(2)
                ]
                for maker in makers:
                    maker.result(30)
        finally:
            stop.set()
        for one in writers:
            one.result(30)
    partitions.ensure(audit.TABLE)
    assert AuditEntry.objects.count() == len(written)
    assert sorted(map(int, AuditEntry.objects.values_list("note", flat=True))) == sorted(written)
    assert partitions.misplaced(audit.TABLE) == 0
    assert append_only.unguarded("core_auditentry") == []


def test_upkeep_gives_way_to_a_long_reader_of_the_default_part():
    """Behind it every writer would have to queue as well."""
    write(1, FAR)
    holding, done = threading.Event(), threading.Event()

    def reader():
        with transaction.atomic():
            list(AuditEntry.objects.filter(at=FAR))
            holding.set()
            done.wait(20)

    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(in_thread, reader)
        assert holding.wait(10)
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            partitions.ensure(audit.TABLE)
        assert time.monotonic() - began < 15
        assert pool.submit(in_thread, write, 2, datetime.now(UTC)).result(10) < 5
        done.set()
        reading.result(10)
    assert "+ core_auditentry_p2041_01" in partitions.ensure(audit.TABLE)
    assert AuditEntry.objects.count() == 2


def test_who_reads_and_then_writes_is_never_the_one_to_fail():
    """They hold what the upkeep wants and want what it holds: a deadlock, if nobody gave way."""
    write(1, FAR)
    holding, upkeep_waits = threading.Event(), threading.Event()

    def reads_then_writes():
        with transaction.atomic():
            list(AuditEntry.objects.filter(at=FAR))
            holding.set()
            assert upkeep_waits.wait(10)
            audit.record("x.y", None, by=None)

    def upkeep():
        with pytest.raises(OperationalError, match="lock timeout"):
            partitions.ensure(audit.TABLE)

    with ThreadPoolExecutor(2) as pool:
        person = pool.submit(in_thread, reads_then_writes)
        assert holding.wait(10)
        job = pool.submit(in_thread, upkeep)
        time.sleep(0.2)
        upkeep_waits.set()
        job.result(10)
        person.result(10)
    assert AuditEntry.objects.count() == 2


def test_an_entry_and_its_change_live_and_die_together():
    def change(number):
        with transaction.atomic():
            audit.record("x.y", None, by=None, note=str(number))
            if number % 2:
                transaction.set_rollback(True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: in_thread(change, n), range(60)))
    notes = sorted(map(int, AuditEntry.objects.values_list("note", flat=True)))
    assert notes == list(range(0, 60, 2))
