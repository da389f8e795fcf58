"""What must hold before MagFlow may run."""

import sys

import pytest
from django.core import checks as django_checks
from django.db import connection

from core import checks

pytestmark = pytest.mark.django_db


def ids(found):
    return [message.id for message in found]


def test_it_works():
    for check in (checks.check_queue, checks.check_pool, checks.check_field_key):
        assert check() == []
    assert checks.check_postgresql(databases=["default"]) == []
    assert checks.check_postgresql() == [], "without a database nothing is asked"


def test_they_are_registered():
    registered = django_checks.registry.registry.get_checks(include_deployment_checks=True)
    ours = {check.__name__ for check in registered if check.__module__ == "core.checks"}
    assert ours == {name for name in vars(checks) if name.startswith("check_")}
    everyday = django_checks.registry.registry.get_checks()
    assert checks.check_secrets not in everyday


@pytest.mark.parametrize(
    ("row", "expected"),
    [((14, "UTF8"), ["core.E002"]), ((15, "UTF8"), []), ((18, "SQL_ASCII"), ["core.E003"])],
)
def test_the_server(monkeypatch, row, expected):
    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *args):
            pass

        def execute(self, *args):
            pass

        def fetchone(self):
            return row

    monkeypatch.setattr(connection, "cursor", Cursor)
    assert ids(checks.check_postgresql(databases=["default"])) == expected


def test_another_database_is_refused(monkeypatch):
    monkeypatch.setattr(connection, "vendor", "sqlite")
    assert ids(checks.check_postgresql(databases=["default"])) == ["core.E001"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"timeout": None}, "timeout must be set"),
        ({"retry": 120}, "retry must be longer"),
        ({"retry": 199}, "retry must be longer"),  # 120 s of work behind 80 s of waiting
        ({"orm": "other"}, "orm must be"),
        ({"ack_failures": False}, "ack_failures"),
        ({"max_attempts": 3}, "max_attempts"),
        ({"catch_up": True}, "catch_up"),
    ],
)
def test_the_queue(settings, change, words):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    [found] = checks.check_queue()
    assert words in found.msg


def test_the_pool_is_for_the_web_process_only(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", {"pool": True})
    monkeypatch.setattr(sys, "argv", ["manage.py", "qcluster"])
    assert ids(checks.check_pool()) == ["core.E011"]
    monkeypatch.setattr(sys, "argv", ["manage.py", "migrate"])
    assert checks.check_pool() == []


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "A" * 43 + "=,bad"])
def test_the_key_of_secrets(settings, key):
    settings.FIELD_KEY = key
    assert ids(checks.check_field_key()) == ["core.E020"]


def test_secrets_in_production(settings):
    settings.PRODUCTION = True
    settings.SECRET_KEY, settings.FIELD_KEY = "a" * 60, "b" * 44
    assert checks.check_secrets() == []
    settings.SECRET_KEY = "django-insecure-" + "a" * 60
    settings.FIELD_KEY = ""
    assert ids(checks.check_secrets()) == ["core.E021", "core.E021"]
    settings.SECRET_KEY = settings.FIELD_KEY = "c" * 60
    assert ids(checks.check_secrets()) == ["core.E022"]
    settings.SECRET_KEY, settings.PRODUCTION = "a" * 60, False
    assert ids(checks.check_secrets()) == ["core.W023"]


def test_the_embedded_database_is_not_for_production(settings):
    settings.DATABASE_IS_EMBEDDED = True
    assert ids(checks.check_database_for_production()) == ["core.E024"]
    settings.DATABASE_IS_EMBEDDED = False
    assert checks.check_database_for_production() == []
