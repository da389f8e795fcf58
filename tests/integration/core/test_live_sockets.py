"""Who gets a live socket, what it may follow, and when it is closed."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError
from websockets.exceptions import InvalidStatus

from accounts.choices import Role
from accounts.models import User
from core import live
from core.live import hub, sessions
from tests.live import BEAT, committing, session_of  # noqa: F401

pytestmark = pytest.mark.usefixtures("topics")


# --- Strangers ---


def test_nobody_is_shown_out(open_page):
    assert open_page().close_code() == 4401


@pytest.mark.parametrize("cookie", ["gibberish", "x" * 4000, "a'--", "\u00e9"])
def test_a_cookie_of_nothing_is_nobody(open_page, cookie):
    assert open_page(cookie=cookie).close_code() == 4401


def test_a_session_that_ran_out_is_nobody(open_page, person):
    cookie = session_of(person, _session_expiry=-1)
    assert open_page(cookie=cookie).close_code() == 4401


def test_a_session_of_an_earlier_password_is_nobody(open_page, person):
    cookie = session_of(person)
    person.set_password("another")
    person.save()
    assert open_page(cookie=cookie).close_code() == 4401


def test_a_session_of_a_sign_in_that_is_no_longer_offered_is_nobody(open_page, person):
    cookie = session_of(person, _auth_user_backend="django.contrib.auth.backends.RemoteUserBackend")
    assert open_page(cookie=cookie).close_code() == 4401


def test_a_deactivated_person_is_nobody(open_page, person):
    cookie = session_of(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert open_page(cookie=cookie).close_code() == 4401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://127.0.0.1.evil.example",
        "https://evil.example:8000",
    ],
)
def test_foreign_pages_get_no_socket(open_page, person, origin):
    with pytest.raises(InvalidStatus) as refused:
        open_page(person, origin=origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/live", "/live/x/", "/ws/"])
def test_there_is_one_address(open_page, person, path):
    with pytest.raises(InvalidStatus) as refused:
        open_page(person, path=path)
    assert refused.value.response.status_code == 403


# --- What may be followed ---


def test_topics_take_their_permission(open_page, person):
    page = open_page(person)
    refused = page.follow(
        "things", "things:5", "secrets", "secrets:5", "nonsense", "things:5:6", ""
    )
    assert refused == {
        "secrets": "forbidden",
        "secrets:5": "forbidden",
        "nonsense": "unknown",
        "things:5:6": "unknown",
        "": "unknown",
    }
    live.touch("secrets", 1)
    live.touch("secrets:5", 1)
    assert page.is_untold()
    live.touch("things:5", 1)
    assert page.hint() == {"topic": "things:5", "ids": [1]}


def test_who_has_the_permission_may_follow(open_page, person):
    User.objects.filter(pk=person.pk).update(role=Role.OWNER)
    page = open_page(person)
    assert page.follow("secrets") == {}
    live.touch("secrets", 1)
    assert page.hint() == {"topic": "secrets", "ids": [1]}


def test_what_is_not_asked_for_again_is_no_longer_told(open_page, person):
    page = open_page(person)
    page.follow("things", "others")
    page.follow("others")
    live.touch("things", 1)
    live.touch("others", 2)
    assert page.hint() == {"topic": "others", "ids": [2]}


def test_a_page_follows_fifty_topics_at_most(open_page, person):
    page = open_page(person)
    refused = page.follow(*(f"things:{number:02}" for number in range(60)))  # and the marker
    assert refused == {f"things:{number:02}": "limit" for number in range(49, 60)}
    live.touch("things:49", 1)
    assert page.is_untold()
    live.touch("things:48", 1)
    assert page.hint() == {"topic": "things:48", "ids": [1]}


# --- Messages ---


@pytest.mark.parametrize(
    "message",
    ["", "{}", "[]", "5", "null", "nonsense", b"\x00\x01", '{"topics": 5, "age": 0}',
     '{"topics": ["things"]}', '{"topics": ["things"], "age": "soon"}'],
)  # fmt: skip
def test_a_message_that_is_none_closes_the_socket(open_page, person, message):
    page = open_page(person)
    page.send(message)
    assert page.close_code() == 4400


@pytest.mark.parametrize("size", [4_097, 2_000_000])
def test_a_message_that_is_too_long_closes_the_socket(open_page, person, size):
    page = open_page(person)
    page.send("x" * size)
    assert page.close_code() == 1009


# --- Afterwards ---


def test_there_is_a_sign_of_life(open_page, person):
    page = open_page(person)
    assert page.next() == {"type": "beat"}
    assert page.next() == {"type": "beat"}


def test_deactivating_closes_at_once(open_page, person):
    page = open_page(person)
    page.follow("things")
    User.objects.filter(pk=person.pk).update(is_active=False)
    live.touch("people", person.pk)
    started = time.monotonic()
    assert page.close_code() == 4401
    assert time.monotonic() - started < 2


def test_others_stay_when_somebody_is_deactivated(open_page, person, transport):
    other = User.objects.create_user(f"stays-{transport}@example.com", name="Stays")
    page = open_page(other)
    page.follow("things")
    User.objects.filter(pk=person.pk).update(is_active=False)
    live.touch("people")
    live.touch("things", 1)
    assert page.hint() == {"topic": "things", "ids": [1]}


def test_less_permission_takes_topics_away(open_page, person):
    User.objects.filter(pk=person.pk).update(role=Role.OWNER)
    page = open_page(person)
    page.follow("secrets", "things")
    User.objects.filter(pk=person.pk).update(role=Role.VIEWER)
    live.touch("people", person.pk)
    assert page.hint() == {"type": "refused", "topic": "secrets", "reason": "forbidden"}
    live.touch("secrets", 1)
    live.touch("things", 2)
    assert page.hint() == {"topic": "things", "ids": [2]}


def test_signing_out_closes_with_the_next_beat(open_page, person):
    cookie = session_of(person)
    page, stays = open_page(cookie=cookie), open_page(person)
    page.follow("things")
    stays.follow("things")
    sessions.Session.objects.filter(session_key=cookie).delete()
    assert page.close_code() == 4401
    live.touch("things", 1)
    assert stays.hint() == {"topic": "things", "ids": [1]}


def test_a_database_that_is_away_is_no_sign_out(open_page, person, monkeypatch):
    def away(keys):
        raise OperationalError("the database is away")

    monkeypatch.setattr(sessions, "people_of", away)
    assert open_page(person).close_code() == 1013


def test_a_database_that_is_away_closes_no_open_socket(open_page, person, monkeypatch):
    page = open_page(person)
    page.follow("things")

    def away(keys):
        raise OperationalError("the database is away")

    monkeypatch.setattr(hub, "people_of", away)
    live.touch("people", person.pk)
    live.touch("things", 1)
    assert page.hint() == {"topic": "things", "ids": [1]}
    assert page.is_untold(after=2 * BEAT)


def test_many_who_come_at_once_share_their_questions(open_page, person, monkeypatch):
    """What saves the database when every browser comes back after a restart."""
    asked = []
    really = sessions.people_of

    def slowly(keys):
        asked.append(len(keys))
        time.sleep(0.2)
        return really(keys)

    monkeypatch.setattr(sessions, "people_of", slowly)
    cookies = [session_of(person) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        pages = list(pool.map(lambda cookie: open_page(cookie=cookie), cookies))
    for page in pages:
        assert page.follow("things") == {}
    assert sum(asked) == 12
    assert len(asked) <= 4


def test_what_travels_is_what_browsers_get():
    from core.live.hints import Hint

    hint = Hint.about("things", [3, 1])
    assert json.loads(hint.text) == {"topic": "things", "ids": [1, 3]}
    assert Hint.parse(hint.text) == hint
    assert Hint.parse(Hint.about("things", []).text).ids is None
