"""Where an account may be called instead of at eMAG: the rules, without asking anybody."""

import pytest

from core.errors import RuleViolation
from core.http import is_public
from emag.client import other_address


@pytest.fixture
def production(settings, monkeypatch):
    """A production site whose names lead where the test says."""
    settings.PRODUCTION = True
    settings.EMAG_OTHER_HOSTS = ["Listed.lan"]
    names = {"test.example.com": ["203.0.114.7"], "half.example.com": ["203.0.114.7", "10.0.0.7"]}

    def look_up(host, port, **_kind):
        if host.endswith("nobody-knows-it.example.com"):
            raise OSError(host)
        return [(2, 1, 6, "", (address, port)) for address in names.get(host, [host])]

    monkeypatch.setattr(other_address.socket, "getaddrinfo", look_up)


def is_taken(address):
    try:
        other_address.check(address)
    except RuleViolation:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", True),
        ("http://127.0.0.1:8701/ro/api-3", True),
        ("http://[::1]:8701/ro/api-3", True),
        ("https://test.example.com/api-3", True),
        ("ftp://test.example.com/", False),
        ("test.example.com", False),
        ("http://", False),
        ("http://127.0.0.1:port/", False),
        ("http://127.0.0.1:0/", False),
        ("http://[::1/", False),
        ("http://ana:geheim@127.0.0.1/", False),
        ("http://127.0.0.1/?x=1", False),
        ("http://127.0.0.1/?", False),
        ("http://127.0.0.1/#x", False),
        ("http://127.0.0.1\\.example.com/", False),
        ("http://127.0.0.1/a b", False),
    ],
)
def test_it_works(address, expected):
    """On one's own machine any server will do, as long as the address is nothing but one."""
    assert is_taken(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", True),
        ("https://test.example.com/api-3", True),
        ("https://nobody-knows-it.example.com/", True),
        ("https://listed.lan/api-3", True),
        ("http://LISTED.lan:8701/api-3", True),
        ("http://test.example.com/api-3", False),
        ("https://half.example.com/", False),
        ("https://127.0.0.1/", False),
        ("https://10.1.2.3/", False),
        ("https://169.254.169.254/", False),
        ("https://[::1]/", False),
        ("https://[::ffff:10.1.2.3]/", False),
    ],
)
def test_a_production_site_calls_the_public_internet_only(production, address, expected):
    assert is_taken(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:400d:80c::200e", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
    ],
)
def test_what_is_public(address, expected):
    assert is_public(address) is expected


def test_who_is_called():
    there = other_address.origin("https://Test.example.com/api-3")
    assert other_address.origin("https://test.example.com:443/other") == there
    assert other_address.origin("http://test.example.com/api-3") != there
    assert other_address.origin("https://test.example.com:8443/api-3") != there
