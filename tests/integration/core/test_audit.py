"""The audit trail: who, when, what, before and after; written once and never changed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy

from accounts.choices import Role
from accounts.models import User
from core import append_only, audit, live
from core.fields import Secret
from core.models import AuditEntry
from core.text import fold
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_it_works():
    boss, person = UserFactory(name="Ana Pop"), UserFactory(name="Ion Șerban")
    entry = audit.record(
        "person.invited", person, by=boss, changes={"role": (None, Role.PICKER)}, note="New here"
    )
    found = AuditEntry.objects.get(pk=entry.pk)
    assert (found.actor, found.actor_name) == (boss, "Ana Pop")
    assert (found.verb, found.note) == ("person.invited", "New here")
    assert (found.subject_type, found.subject_id) == ("accounts.user", person.pk)
    assert found.subject_label == "Ion Șerban"
    assert found.changes == {"role": [None, "picker"]}
    assert (found.source, found.request_id) == ("page", "")


def test_magflow_itself_acts_without_a_person_and_without_a_subject():
    entry = audit.record("rates.read", None, by=None, label="BNR")
    assert (entry.actor_id, entry.actor_name, entry.subject_type) == (None, "", "")
    assert entry.subject_label == "BNR"


def test_it_is_found_by_any_of_its_words():
    audit.record(
        "company.changed",
        UserFactory(name="Țuțu SRL"),
        by=UserFactory(name="Ștefan"),
        changes={"iban": ("RO49AAAA1B31", "RO09BBBB")},
        note="Telefonic",
    )
    for word in ["TUTU", "stefan", "ro49aaaa", "telefonic", "company.changed"]:
        assert AuditEntry.objects.filter(search_text__contains=fold(word)).count() == 1, word
    assert not AuditEntry.objects.filter(search_text__contains="none").exists()


def test_values_are_kept_as_people_read_them():
    moment = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    entry = audit.record(
        "x.changed",
        None,
        by=None,
        changes={
            "price": (Decimal("1E+2"), Decimal("12.50")),
            "when": (moment, date(2026, 11, 25)),
            "took": (timedelta(seconds=90), 3),
            "tags": ({"b", "a"}, ["x", Decimal("1.0")]),
            "words": (gettext_lazy("Yes"), {"a": None, "b": True}),
            "long": ("x" * 5000, "nul\x00"),
            "role": (Role.OWNER, Role.MANAGER),
        },
    )
    entry.refresh_from_db()
    assert entry.changes["price"] == ["100", "12.50"]
    assert entry.changes["when"] == ["2026-11-25T12:30:00+00:00", "2026-11-25"]
    assert entry.changes["took"] == ["0:01:30", 3]
    assert entry.changes["tags"] == [["a", "b"], ["x", "1.0"]]
    assert entry.changes["words"] == ["Yes", {"a": None, "b": True}]
    assert len(entry.changes["long"][0]) == 500
    assert entry.changes["long"][1] == "nul"
    assert entry.changes["role"] == ["owner", "manager"]


def test_secrets_are_never_written_down():
    entry = audit.record(
        "x.changed", None, by=None, changes={"key": (Secret(""), Secret("geheim"))}
    )
    assert entry.changes == {"key": ["", "•••"]}
    assert "geheim" not in str(entry.__dict__)


def test_labels_are_cut_to_their_column():
    entry = audit.record("x.y", None, by=UserFactory(name="n" * 120), label="x" * 500)
    entry.refresh_from_db()
    assert len(entry.subject_label) == 200
    assert len(entry.actor_name) == 120


def test_where_it_was_done_goes_with_it():
    with audit.acting(source="job", request_id="job-7"):
        entry = audit.record("x.y", None, by=None)
        with audit.acting(source="command"):
            assert audit.record("x.y", None, by=None).source == "command"
        assert audit.record("x.y", None, by=None).source == "job"
    assert (entry.source, entry.request_id) == ("job", "job-7")
    assert audit.current() == audit.Acting()


def test_many_at_once(django_assert_num_queries):
    person = UserFactory()
    entries = [audit.entry("x.imported", person, by=None, note=f"Număr {n}") for n in range(300)]
    with django_assert_num_queries(1):
        saved = audit.record_many(entries)
    assert len({entry.pk for entry in saved}) == 300
    assert AuditEntry.objects.filter(search_text__contains="numar 299").count() == 1
    assert audit.record_many([]) == []


def test_open_pages_are_told():
    entry = audit.record("x.y", None, by=None)
    assert any(hint.topic == "audit" and entry.pk in hint.ids for hint in live.waiting())


def test_it_costs_one_statement(django_assert_num_queries):
    person = UserFactory()
    with django_assert_num_queries(1):
        audit.record("x.y", person, by=person, changes={"a": (1, 2)})


def test_what_changed_between_two_pictures():
    before, after = {"a": 1, "b": 2, "gone": 3}, {"b": 5, "a": 1, "new": 4}
    assert audit.changed(before, after) == {"b": (2, 5), "new": (None, 4), "gone": (3, None)}
    assert audit.changed(before, dict(before)) == {}


# --- Written once -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tamper",
    [
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(note="other"),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: execute("UPDATE core_auditentry SET actor_name = 'x'"),
        lambda entry: execute(f"DELETE FROM {part_of(entry)}"),  # past the parent table
    ],
)
def test_nobody_changes_it(tamper):
    entry = audit.record("x.y", None, by=None, note="true")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        tamper(entry)
    assert AuditEntry.objects.get(pk=entry.pk).note == "true"


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def part_of(entry):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass FROM core_auditentry WHERE id = %s", [entry.pk])
        return cursor.fetchone()[0]


def test_the_one_way_to_change_it_closes_behind_itself():
    entry = audit.record("x.y", None, by=None, note="Str. Florilor 3")
    with append_only.rewriting():
        AuditEntry.objects.filter(pk=entry.pk).update(note="")
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(note="again")
    with pytest.raises(RuntimeError), append_only.rewriting():
        raise RuntimeError
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.get(pk=entry.pk).note == ""


def test_an_entry_outlives_the_person():
    person = UserFactory(name="Ana")
    entry = audit.record("x.y", None, by=person)
    User.objects.filter(pk=person.pk).delete()
    found = AuditEntry.objects.select_related("actor").get(pk=entry.pk)
    assert (found.actor_name, found.actor_id) == ("Ana", person.pk)


def test_the_trail_can_be_asked_whether_it_is_sound():
    assert audit.troubles() == []
    execute("ALTER TABLE core_auditentry DISABLE TRIGGER magflow_append_only")
    found = audit.troubles()
    assert any("core_auditentry is not append-only" in trouble for trouble in found)
    execute("ALTER TABLE core_auditentry ENABLE TRIGGER magflow_append_only")
    entry = audit.entry("x.y", None, by=None)
    entry.at = datetime(2031, 1, 1, tzinfo=UTC)
    entry.save()
    assert "1 entries" in audit.troubles()[0]


def test_rows_in_one_copy_are_the_same_entries(django_assert_num_queries):
    by, person = UserFactory(name="Ana Pop"), UserFactory(name="Ion Șerban")
    changes = {"role": (Role.PICKER, Role.PACKER), "token": ("", Secret("geheim")), "n": (None, 2)}
    with audit.acting(source="job", request_id="job-7"):
        one = audit.record("x.imported", person, by=by, changes=changes)
        with django_assert_num_queries(1):
            audit.record_rows("x.imported", User, [(person.pk, str(person), changes)], by=by)
    alone, copied = AuditEntry.objects.filter(verb="x.imported").order_by("pk").values()
    assert alone["id"] == one.pk
    assert {**copied, "id": 0, "at": 0} == {**alone, "id": 0, "at": 0}


def test_no_rows_cost_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        audit.record_rows("x.imported", User, [], by=None)
