"""What differs between two payloads of an order."""

from decimal import Decimal

import pytest

from emag.changes import changes
from emag.field_words import told
from tests.contract.payloads import line, order


def found(before, after):
    return {change.field: (change.before, change.after) for change in changes(before, after)}


def test_it_works():
    assert found(order(), order(status=4, observation="Ring")) == {
        "status": ("1", "4"),
        "observation": ("", "Ring"),
    }
    assert found(order(), order()) == {}


def test_lines_are_matched_by_their_number():
    first, second = line(id=1, quantity=2), line(id=2, quantity=1)
    before = order(products=[first, second])
    moved = order(products=[second, first])
    assert found(before, moved) == {}
    changed = order(products=[second, {**first, "quantity": 1}])
    assert found(before, changed) == {"products.1.quantity": ("2", "1")}


def test_a_line_that_came_or_went_is_one_change():
    before = order(products=[line(id=1)])
    after = order(products=[line(id=1), line(id=2, name="Lamp")])
    [(path, (was, now))] = found(before, after).items()
    assert path == "products.2"
    assert was is None
    assert "name: Lamp" in now
    assert found(after, before)["products.2"][1] is None


def test_a_key_that_came_or_went():
    assert found({"a": 1}, {"b": 2}) == {"b": (None, "2"), "a": ("1", None)}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, Decimal("1.50"), ("", "1.50")),
        (True, False, ("true", "false")),
        ([], ["a", "b"], None),
        ({}, [], ("", "")),
        ("x" * 300, "y", ("x" * 200 + "…", "y")),
    ],
)
def test_values_of_any_kind(before, after, words):
    if words is None:
        assert found({"f": before}, {"f": after}) == {"f.1": (None, "a"), "f.2": (None, "b")}
    else:
        assert found({"f": before}, {"f": after}) == {"f": words}


def test_things_without_a_number_go_by_their_place():
    assert found({"f": [{"q": 1}]}, {"f": [{"q": 2}]}) == {"f.1.q": ("1", "2")}
    twice = [{"id": 1, "q": 1}, {"id": 1, "q": 2}]
    assert found({"f": twice}, {"f": twice[::-1]}) == {"f.1.q": ("1", "2"), "f.2.q": ("2", "1")}


def test_in_words():
    before = order(products=[line(id=7, ext_part_number="HUS-S24", quantity=2)])
    after = order(products=[line(id=7, ext_part_number="HUS-S24", quantity=1)], status=0)
    lines = {one.label: (one.before, one.after) for one in told(before, after)}
    assert lines == {
        "Status": ("New (1)", "Cancelled (0)"),
        "Product · HUS-S24 · quantity": ("2", "1"),
    }


def test_the_status_of_a_line_is_not_that_of_the_order():
    before, after = order(products=[line(id=7, status=1)]), order(products=[line(id=7, status=0)])
    [change] = told(before, after)
    assert (change.before, change.after) == ("1", "0")
