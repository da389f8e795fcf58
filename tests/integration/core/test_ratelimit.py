"""One budget for all: booked in the database, waited for here, refused where it takes too long."""

import time

import pytest
from django.db import connection, transaction

from core.errors import RemoteUnavailable
from core.models import RateGate
from core.ratelimit import Gate, Limits, RateLimited

THREE = Limits(per_second=3)
THREE_A_MINUTE = Limits(per_minute=3)


@pytest.fixture
def gate(transactional_db):
    return Gate("test:others", THREE)


def test_it_works(gate):
    began = time.monotonic()
    for _ in range(3):
        gate.wait()
    assert time.monotonic() - began < 0.9
    gate.wait()
    assert 1.0 < time.monotonic() - began < 2.0
    assert RateGate.objects.get().version >= 4


def test_who_cannot_wait_is_told_for_how_long_and_costs_nothing(transactional_db):
    gate = Gate("test:others", THREE_A_MINUTE)  # however slow the machine, it is still full
    for _ in range(3):
        gate.wait()
    before = RateGate.objects.get().version
    with pytest.raises(RateLimited) as caught:
        gate.wait(patience=0.1)
    assert 30 < caught.value.retry_after < 61
    assert isinstance(caught.value, RemoteUnavailable), "so callers try later, as with any remote"
    assert RateGate.objects.get().version == before


def test_a_restart_forgets_nothing(transactional_db):
    for _ in range(3):
        Gate("test:others", THREE_A_MINUTE).wait()
    connection.close()
    with pytest.raises(RateLimited):
        Gate("test:others", THREE_A_MINUTE).wait(patience=0)


def test_an_open_gate_lets_the_impatient_through_however_slow_the_disk(transactional_db):
    """Floats: a moment later than now by `lead` is not always `lead` away from now."""
    for number in range(1, 60):
        asked = time.monotonic()
        place = Gate(f"test:lead:{number}", THREE).book(patience=0, lead=number / 7000)
        assert asked < place.leave_at <= time.monotonic() + number / 7000


def test_gates_do_not_share(gate):
    for _ in range(3):
        gate.wait()
    assert Gate("test:orders", THREE).wait(patience=0) < 0.5


def test_told_to_wait_all_wait(gate):
    gate.close(30)
    with pytest.raises(RateLimited) as caught:
        gate.wait(patience=5)
    assert 28 < caught.value.retry_after < 31


@pytest.mark.parametrize("seconds", [-5, 10**9])
def test_a_silly_order_to_wait(gate, seconds):
    gate.close(seconds)
    state = RateGate.objects.get().state
    assert state["closed_until"] - time.time() < 3601


def test_no_limit_no_wait(gate):
    free = Gate("test:free", Limits())
    assert sum(free.wait() for _ in range(20)) < 2


def test_a_call_is_never_waited_for_inside_a_transaction(gate):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        gate.wait()


@pytest.mark.django_db
def test_within_the_transaction_of_a_test_it_may():
    assert Gate("test:others", THREE).wait() < 0.5


def test_who_overslept_asks_again(gate, monkeypatch):
    """A process that was held up after its moment must not leave late into somebody else's."""
    naps = []

    def oversleep(seconds):
        naps.append(seconds)
        real_sleep(seconds + (0.2 if len(naps) == 1 else 0))

    real_sleep = time.sleep
    monkeypatch.setattr("core.ratelimit.time.sleep", oversleep)
    gate.wait()
    assert len(naps) >= 2
    gate_row = RateGate.objects.get()
    assert gate_row.version == len(naps), "it asked again"
    assert len(gate_row.state["kept"]["1"]) == 1, "and gave the missed moment back"


def test_a_slow_database_is_no_endless_loop(gate, monkeypatch):
    """Each answer takes longer than a moment is good for: after some tries that is put up with."""
    read = Gate._read
    asked = []

    def slowly(self):
        asked.append(1)
        found = read(self)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(Gate, "_read", slowly)
    assert gate.wait(patience=5) < 3
    assert len(asked) == 4


def test_a_slow_disk_books_further_ahead(gate, monkeypatch):
    """It takes longer to store a moment than it is good for."""
    write = Gate._write
    asked = []

    def slowly(self, slots, version):
        asked.append(1)
        time.sleep(0.1)
        return write(self, slots, version)

    monkeypatch.setattr(Gate, "_write", slowly)
    assert gate.wait(patience=5) < 3
    assert len(asked) in {2, 3, 4}


def test_what_it_costs(gate):
    free = Gate("test:cost", Limits(per_second=500))
    began = time.process_time()
    for _ in range(100):
        free.wait()
    assert (time.process_time() - began) / 100 < 0.01, "milliseconds of CPU for each call"
