"""No secret reaches a log."""

import doctest

import pytest

from core.http import redaction
from core.http.redaction import redact_start, redact_text, redact_url


def test_it_works():
    assert "geheim" not in redact_text('{"password": "geheim"}')


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(redaction).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"user_password": "geheim"}',
        '{"a": {"accessToken" : "geheim", "b": 1}}',
        '{"token": "ge\\"geheim"}',
        '{"api_key":geheim}',
        "{'secret': 'geheim'}",
        '{"password": "geheim',  # cut off in the middle
        "grant_type=x&client_secret=geheim&a=b",
        "refresh_token=geheim",
        "<soap:Password type='x'>geheim</soap:Password>",
        "<token>geheim</token>",
        "Authorization=geheim",
    ],
)
def test_telling_names_lose_their_value(text):
    assert "geheim" not in redact_text(text)


@pytest.mark.parametrize(
    "text", ['{"name": "Ana", "price": 12.5}', "a=b&page=2", "<name>Ana</name>"]
)
def test_everything_else_stays(text):
    assert redact_text(text) == text


def test_known_secrets_go_wherever_they_stand():
    assert redact_text("see xyzzy here", ("xyzzy",)) == "see ••• here"


def test_addresses_lose_password_and_token():
    cleaned = redact_url("https://ana:geheim@host:8/p?a=1&access_token=geheim#x")
    assert "geheim" not in cleaned
    assert cleaned.startswith("https://•••@host:8/p?a=1&")


@pytest.mark.parametrize("cut", range(3, 40))
@pytest.mark.parametrize(
    "text",
    [
        "the word is geheimnis and so on",
        '{"a": "geheimnis", "password": "otherwise"}',
        "<a/><token>geheimnis</token>",
        "a=1&client_secret=geheimnis&b=2",
    ],
)
def test_a_secret_across_the_cut_is_not_half_logged(text, cut):
    kept = redact_start(text, cut, ("geheimnis",))
    assert "ge" not in kept
    assert len(kept) <= cut


@pytest.mark.parametrize("cut", range(8, 30))
@pytest.mark.parametrize(
    "text", ['{"password": "geheimnis"}', "x&token=geheimnis", "<token>geheimnis</token>"]
)
def test_nor_one_that_only_its_name_betrays(text, cut):
    assert "ge" not in redact_start(text, cut)
