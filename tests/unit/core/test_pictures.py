"""Which pictures of others a page may show."""

import pytest

from core import pictures


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.IMAGE_HOSTS = ["https://*.cdn.example", "https://img.example", "http://127.0.0.1:*"]


@pytest.mark.parametrize(
    "url",
    [
        "https://s13.cdn.example/a.jpg",
        "https://a.b.cdn.example/a.jpg?w=1",
        "https://IMG.example/a.jpg",
        "http://127.0.0.1:8701/r/1-1.jpg",
    ],
)
def test_it_works(url):
    assert pictures.shown(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://s13.cdn.example/a.jpg",
        "https://cdn.example.evil/a.jpg",
        "https://evilcdn.example/a.jpg",
        "https://s13.cdn.example:444/a.jpg",
        "https://img.example@evil.example/a.jpg",
        "//img.example/a.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://img.example:port/a.jpg",
        "https://[::1/a.jpg",
        "/a.jpg",
    ],
)
def test_all_others_are_left_out(url):
    assert pictures.shown(url) == ""
