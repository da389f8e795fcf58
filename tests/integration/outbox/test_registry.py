"""Who does what: two handlers are a mistake, none is one too."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from outbox import registry
from outbox.registry import handles, unsupported
from tests.bazaar import EXECUTOR, Buy, Tell


@pytest.fixture(autouse=True)
def _sandbox():
    with registry.sandbox():
        yield


def carry(intent, account):
    return registry.Done()


def test_it_works():
    handles(("bazaar", "market"), Buy)(carry)
    assert registry.supports("market", Buy)
    assert not registry.supports("market", Tell)
    assert registry.handler("bazaar", "tests.Buy").carry is carry


def test_one_handler_for_each():
    handles(EXECUTOR, Buy)(carry)
    with pytest.raises(ImproperlyConfigured, match="two handlers"):
        handles(EXECUTOR, Buy)(registry.supports)


def test_unsupported_is_said_instead_of_a_handler():
    unsupported(EXECUTOR, Buy)
    with pytest.raises(ImproperlyConfigured, match="unsupported"):
        handles(EXECUTOR, Buy)(carry)
    handles(EXECUTOR, Tell)(carry)
    with pytest.raises(ImproperlyConfigured, match="has a handler"):
        unsupported(EXECUTOR, Tell)


def test_an_executor_that_leaves_an_intent_open_does_not_start(monkeypatch):
    monkeypatch.setattr(registry, "apps", AllInstalled)
    handles(EXECUTOR, Buy)(carry)
    messages = [error.msg for error in registry.check_complete()]
    assert "bazaar has no handler for tests.Tell." in messages
    assert "bazaar has no handler for tests.Buy." not in messages
    unsupported(EXECUTOR, Tell)
    assert "bazaar has no handler for tests.Tell." not in [
        error.msg for error in registry.check_complete()
    ]


class AllInstalled:
    @staticmethod
    def is_installed(name):
        return name == "tests"


def test_everybody_who_is_really_here_answers_for_everything():
    assert registry.check_complete() == []


def test_the_pace_of_an_executor():
    assert registry.pace("nobody") == registry.PER_SECOND
    registry.set_pace(EXECUTOR, per_second=12)
    assert registry.pace(EXECUTOR) == 12
