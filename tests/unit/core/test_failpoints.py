"""Points at which tests make things go wrong."""

import pytest

from core import failpoints


@pytest.fixture(autouse=True)
def _disarmed():
    yield
    failpoints._armed.clear()


def test_it_works():
    with failpoints.armed("x.y", failpoints.raises(ZeroDivisionError())):
        with pytest.raises(ZeroDivisionError):
            failpoints.hit("x.y")
        failpoints.hit("x.y")  # once
    failpoints.hit("x.y")


def test_only_the_visit_that_was_asked_for():
    failpoints.arm_from("x.y=raise@3; a.b=sleep:0.01")
    failpoints.hit("x.y")
    failpoints.hit("x.y")
    with pytest.raises(failpoints.Fault, match=r"x\.y"):
        failpoints.hit("x.y")
    failpoints.hit("a.b")


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="explode"):
        failpoints.arm_from("x.y=explode")


def test_nothing_is_armed_by_itself():
    assert failpoints._armed == {}
