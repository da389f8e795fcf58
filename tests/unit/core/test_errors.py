"""The error tree: messages for people, codes for programs, and a way through pickle."""

import copy
import pickle

import pytest
from django.utils.translation import gettext_lazy, override

from core import errors
from core.errors import (
    MagFlowError,
    RemoteError,
    RemoteRejected,
    RemoteUnavailable,
    RuleViolation,
    SetupNeeded,
)


def every(kind=MagFlowError):
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == "core.errors":
            yield from every(child)


def test_it_works():
    error = RuleViolation("Only open orders can be cancelled.", code="not_open")
    assert str(error) == error.message == "Only open orders can be cancelled."
    assert (error.code, error.status) == ("not_open", 422)


def test_a_lazy_message_is_said_in_the_language_of_the_moment():
    error = RuleViolation(gettext_lazy("Yes"))
    with override("ro"):
        assert str(error) == "Da"
    with override("en"):
        assert str(error) == "Yes"


def test_each_kind_has_a_code_of_its_own():
    codes = [kind.code for kind in every()]
    assert len(codes) == len(set(codes)) == 10
    assert all(kind.__doc__ for kind in every())


@pytest.mark.parametrize("kind", list(every()))
def test_errors_survive_the_way_between_processes(kind):
    extra = {"remote": "eMAG", "call_id": "c1"} if issubclass(kind, RemoteError) else {}
    if kind is RemoteUnavailable:
        extra["retry_after"] = 2.5
    if kind is RemoteRejected:
        extra["messages"] = ["Preț invalid"]
    if kind is SetupNeeded:
        extra["url"] = "/accounts/"
    error = kind("Told to people.", code="own", **extra)
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(again) is kind
        assert str(again) == "Told to people."
        assert again.__dict__ == error.__dict__
        assert again.args == error.args


def test_a_code_of_one_error_does_not_change_its_kind():
    RuleViolation("x", code="own")
    assert errors.RuleViolation.code == "rule"


def test_callers_may_treat_all_failures_of_remotes_alike():
    with pytest.raises(RemoteError) as caught:
        raise RemoteUnavailable("Try later.", remote="ANAF", retry_after=3)
    assert caught.value.remote == "ANAF"
    assert caught.value.status == 503
