"""One answer for all who would get the same, and never an older one than a hint has told of."""

import threading
import time

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.utils import translation

from accounts.choices import Role
from core import shared
from tests.factories.accounts import UserFactory

HTMX = {"HTTP_HX_REQUEST": "true"}


class Hub:
    """What the hub of a web process knows."""

    def __init__(self):
        self.told = 0.0

    def told_since(self, topic, moment):
        return self.told > moment

    def moment(self, stamp):
        hub, _, at = stamp.partition(":")
        return float(at) if hub == "mine" else None


@pytest.fixture(autouse=True)
def hub(monkeypatch):
    hub = Hub()
    monkeypatch.setattr(shared, "hubs", lambda: [hub])
    monkeypatch.setattr(shared, "_kept", {})
    return hub


class View:
    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return HttpResponse(f"answer {self.times}", headers={"HX-Push-Url": "/x/"})


def ask(view, user=None, query="", **extra):
    request = RequestFactory().get(f"/orders/?{query}", **{**HTMX, **extra})
    request.user = user or UserFactory.build(role=Role.VIEWER)
    request.htmx = Htmx()
    return shared.answer(request, "orders", view)


class Htmx:
    boosted = history_restore_request = False


def test_it_works():
    view = View()
    first, second = ask(view), ask(view)
    assert (first.content, second.content) == (b"answer 1", b"answer 1")
    assert second["HX-Push-Url"] == "/x/"
    assert second is not first


def test_a_hint_ends_it(hub):
    view = View()
    ask(view)
    hub.told = time.monotonic()
    assert ask(view).content == b"answer 2"


def test_it_does_not_last(monkeypatch):
    view = View()
    ask(view)
    monkeypatch.setattr(shared, "LONGEST", 0.0)
    assert ask(view).content == b"answer 2"


def test_where_no_hints_are_heard_nothing_is_shared(monkeypatch):
    view = View()
    monkeypatch.setattr(shared, "hubs", list)
    ask(view)
    assert ask(view).content == b"answer 2"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"role": Role.VIEWER}, {"role": Role.OWNER}),
        ({"preferences": {}}, {"preferences": {"density": "compact"}}),
    ],
)
def test_people_who_see_something_else_get_their_own(mine, theirs):
    view = View()
    ask(view, UserFactory.build(**mine))
    assert ask(view, UserFactory.build(**theirs)).content == b"answer 2"


def test_other_addresses_and_languages_get_their_own():
    view = View()
    ask(view)
    assert ask(view, query="q=abc").content == b"answer 2"
    with translation.override("ro"):
        assert ask(view).content == b"answer 3"


@pytest.mark.parametrize("query", ["view=7", "export=csv", "_panel=columns"])
def test_what_is_ones_own_is_not_shared(query):
    view = View()
    ask(view, query=query)
    assert ask(view, query=query).content == b"answer 2"


def test_whole_pages_are_not_shared():
    view = View()
    request = RequestFactory().get("/orders/")
    request.user = UserFactory.build()
    for _ in range(2):
        shared.answer(request, "orders", view)
    assert view.times == 2


@pytest.mark.parametrize("response", [HttpResponse(status=422), StreamingHttpResponse([])])
def test_only_plain_answers_are_kept(response):
    asked = []

    def view():
        asked.append(1)
        return response

    ask(view)
    ask(view)
    assert len(asked) == 2


def told(at, hub="mine"):
    return {"HTTP_X_TOLD": f"{hub}:{at}"}


def test_those_whom_one_hint_told_share_although_newer_ones_came_in(hub):
    view, hint = View(), time.monotonic()
    assert ask(view, **told(hint)).content == b"answer 1"
    hub.told = time.monotonic()
    assert ask(view, **told(hint)).content == b"answer 1"
    assert ask(view, **told(hub.told)).content == b"answer 2"


@pytest.mark.parametrize("by", [told(0, hub="another"), told("nonsense", hub="x")])
def test_another_process_may_know_of_more(by):
    """It heard and told what this one hears a moment later; then nobody tells that page again."""
    view, number = View(), Number()
    ask(view)
    value(number)
    assert ask(view, **by).content == b"answer 2"
    assert value(number, **by) == 2


def test_an_answer_is_as_old_as_what_it_was_made_of(hub):
    """Else those who see something else would get the same old rows when they are told again."""
    rows = ["111"]

    def look(role, at):
        def view():
            return HttpResponse(shared.value(request, "rows", "orders", lambda: " ".join(rows)))

        request = RequestFactory().get("/orders/", **HTMX, **told(at))
        request.user = UserFactory.build(role=role, preferences={})
        request.htmx = Htmx()
        return shared.answer(request, "orders", view).content.decode()

    first = time.monotonic()
    assert look(Role.VIEWER, first) == "111"
    rows.append("222")
    second = hub.told = time.monotonic()
    assert look(Role.MANAGER, first) == "111", "told of the first; of the second in a moment"
    assert look(Role.VIEWER, second) == "111 222"
    assert look(Role.MANAGER, second) == "111 222"


@pytest.mark.parametrize("by", [{}, told(1e9), told(0, hub="another"), told("nonsense", hub="x")])
def test_who_was_told_later_or_asks_by_himself_gets_a_new_one(hub, by):
    view = View()
    ask(view)
    hub.told = time.monotonic()
    assert ask(view, **by).content == b"answer 2"


def test_a_hint_of_long_ago_is_no_leave_for_old_answers(hub, monkeypatch):
    view = View()
    ask(view)
    monkeypatch.setattr(shared, "LONGEST", 0.01)
    time.sleep(0.02)
    hub.told = time.monotonic()
    assert ask(view, **told(1.0)).content == b"answer 2"


class Number:
    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.times


def value(make, name="number", topic="orders", **extra):
    return shared.value(RequestFactory().get("/", **extra), name, topic, make)


def test_a_value_is_asked_for_once_until_a_hint(hub, monkeypatch):
    number = Number()
    assert [value(number) for _ in range(3)] == [1, 1, 1]
    assert value(lambda: "another", name="another") == "another"
    hub.told = time.monotonic()
    assert value(number) == 2
    monkeypatch.setattr(shared, "hubs", list)
    assert [value(number) for _ in range(2)] == [3, 4]


def test_a_value_without_a_topic_is_good_for_those_whom_a_hint_told():
    number, hint = Number(), time.monotonic()
    assert [value(number, topic="", **told(hint)) for _ in range(3)] == [1, 1, 1]
    assert [value(number, topic="") for _ in range(2)] == [2, 3]


def test_what_is_too_old_to_be_used_makes_room(monkeypatch):
    for n in range(5):
        value(Number(), name=str(n))
        ask(View(), query=f"q={n}")
    monkeypatch.setattr(shared, "LONGEST", 0.02)
    time.sleep(0.03)
    value(Number(), name="new")
    ask(View(), query="q=new")
    assert len(shared._kept) <= 2


def test_who_waits_takes_what_began_after_they_asked(hub):
    """However many hints come in, nobody reads again what somebody is just reading."""
    began, go_on, answers = threading.Event(), threading.Event(), []
    view = View()

    def slow():
        began.set()
        assert go_on.wait(10)
        return view()

    def person():
        hub.told = time.monotonic()
        answers.append(ask(slow, UserFactory.build(role=Role.VIEWER, preferences={})).content)

    first = threading.Thread(target=person)
    first.start()
    assert began.wait(10)
    others = [threading.Thread(target=person) for _ in range(5)]
    for other in others:
        other.start()
    time.sleep(0.2)
    hub.told = time.monotonic()
    go_on.set()
    for thread in (first, *others):
        thread.join(10)
    assert view.times == 2, "the first, and one that began when the others had asked"
    assert answers[0] == b"answer 1"
    assert set(answers[1:]) == {b"answer 2"}


def test_a_bug_is_nobody_elses_answer():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(broken)
    assert ask(View()).content == b"answer 1"
