import pytest

from accounts.devices import device, place

BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) "
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK}"
ANDROID = f"Mozilla/5.0 (Linux; Android 14; Model) {BLINK}"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT}"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) "


@pytest.mark.parametrize(
    ("agent", "name", "kind"),
    [
        (f"{WINDOWS}Chrome/131.0.0.0 Safari/537.36", "Chrome on Windows", "desktop"),
        (f"{WINDOWS}Chrome/131.0.0.0 Safari/537.36 Edg/131.0", "Edge on Windows", "desktop"),
        (f"{LINUX}Gecko/20100101 Firefox/133.0", "Firefox on Linux", "desktop"),
        (f"{IPHONE}Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone", "phone"),
        (f"{ANDROID}Chrome/131.0 Mobile Safari/537.36", "Chrome on Android", "phone"),
        (f"{ANDROID}Chrome/131.0 Safari/537.36", "Chrome on Android", "tablet"),
        (f"{MAC}Version/17.6 Safari/605.1.15", "Safari on macOS", "desktop"),
        ("curl/8.5.0", "Unknown device", "program"),
        ("", "Unknown device", "program"),
    ],
)
def test_a_device_is_called_what_a_person_would_call_it(agent, name, kind):
    found = device(agent)
    assert (str(found), found.kind) == (name, kind)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "this computer (127.0.0.1)"),
        ("::1", "this computer (::1)"),
        ("192.168.1.20", "your network (192.168.1.20)"),
        ("8.8.8.8", "8.8.8.8"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_place_is_an_address_with_a_word_where_one_helps(address, words):
    assert place(address) == words
